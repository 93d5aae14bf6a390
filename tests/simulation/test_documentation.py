"""What the pages on the virtual stage tell a user to type does what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from answerprint.simulation.lighting import PATTERNS
from answerprint.simulation.order import Shoot
from answerprint.simulation.ready import check_stages
from answerprint.simulation.stage import FAMILIES, read_stage
from answerprint.simulation.sweep_proof import check_measurable
from answerprint.simulation.sweeps import check_documents, read_sweep

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
    assert [path.stem for path in written] == ["kitchen-0", "kitchen-1", "kitchen-2"]
    assert all(read_stage(path).performers for path in written)


def test_the_move_the_pattern_and_the_sweep_on_the_page_are_what_they_say() -> None:
    shown = re.findall(r"```json\n(.*?)```", (DOCS / "stage-techniques.md").read_text(), re.DOTALL)
    vertigo, rembrandt = (Shoot(read_stage(text)).stage for text in shown[:2])
    assert len(vertigo.cameras[0].keys) == 24
    assert [lamp.name for lamp in rembrandt.lights] == ["key", "fill", "back"]
    check_stages([read_stage(text) for text in shown[:2]])
    sweep = read_sweep(json.loads(shown[2]))
    check_documents(sweep.stages(), sweep.field)
    check_measurable(sweep.stages(), sweep.field)


def test_the_page_has_every_technique_and_every_field_of_a_pattern() -> None:
    text = (DOCS / "stage-techniques.md").read_text()
    schema = read_stage({}).model_json_schema()["$defs"]
    moves = [about for about in schema.values() if "technique" in about.get("properties", {})]
    assert len(moves) == 6
    for about in (*moves, schema["Lighting"]):
        names = [about["properties"]["technique"]["const"]] if "technique" in about["properties"] else []
        assert all(f"`{name}`" in text for name in (*names, *about["properties"]) if name != "technique"), about["title"]


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
