"""What the pages on the virtual stage tell a user to type does what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from answerprint.simulation.lighting import PATTERNS
from answerprint.simulation.stage import FAMILIES, read_stage

DOCS = Path(__file__).parents[2] / "docs"


def test_the_stage_on_the_page_is_a_stage() -> None:
    shown = re.search(r"\n\n((?:    .*\n)+)\nFamilies", (DOCS / "simulation.md").read_text())
    assert shown is not None
    stage = read_stage(shown.group(1))
    assert stage.name == "kitchen"


def test_the_page_names_every_family() -> None:
    text = (DOCS / "simulation.md").read_text()
    assert all(family in text for family in FAMILIES)


def test_what_the_page_on_techniques_writes_are_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", (DOCS / "stage-techniques.md").read_text(), re.DOTALL):
        exec(compile(block, "stage-techniques.md", "exec"), {})
    written = sorted(tmp_path.glob("stages/*.json"))
    assert [path.stem for path in written] == ["kitchen-0", "kitchen-1", "kitchen-2", "rembrandt", "vertigo"]
    stages = {path.stem: read_stage(path) for path in written}
    assert len(stages["vertigo"].cameras[0].keys) == 24
    assert [lamp.name for lamp in stages["rembrandt"].lights] == ["key", "fill", "back"]


def test_the_lens_on_the_page_of_lenses_goes_into_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "lenses.md").read_text(), re.DOTALL)
    shown = next(block for block in blocks if "read_stage" in block)
    exec(compile(shown, "lenses.md", "exec"), {})
    lens = read_stage(tmp_path / "anamorphic.json").cameras[0].lens
    assert lens is not None
    assert lens.squeeze == 2.0


def test_the_page_tells_each_patterns_figures() -> None:
    text = (DOCS / "stage-techniques.md").read_text()
    for name, p in PATTERNS.items():
        row = re.search(rf"^\| {name} \|(.*)\|(.*)\|(.*)\|$", text, re.MULTILINE)
        assert row is not None, name
        key, fill, back = row.groups()
        assert key.strip().startswith(f"{p.key_azimuth:g}, {p.key_elevation:g}")
        assert (float(fill), float(back)) == (p.fill_stops, p.back_stops)


def test_gels_and_kinds_of_lamps_are_all_on_the_page() -> None:
    text = (DOCS / "stage-techniques.md").read_text()
    known = json.dumps(read_stage({}).model_json_schema()["$defs"]["Light"]["properties"])
    for name in re.findall(r'"([a-z-]+)"', re.findall(r'"enum": (\[[^]]*full-cto[^]]*\])', known)[0]):
        assert name == "none" or f"`{name}`" in text, name
