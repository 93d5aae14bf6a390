"""Camera raw through its maker's tool, which here is a script."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from answerprint.media.camera_raw import reader_for
from answerprint.media.movie import write_prores
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput

TOOL = """#!{python}
import sys, pathlib
clip, out = sys.argv[1], pathlib.Path(sys.argv[2])
pathlib.Path(clip + ".runs").open("a").write("x")
if "broken" in clip:
    sys.exit("no licence for this camera")
if "empty" in clip:
    sys.exit(0)
import numpy as np
from fractions import Fraction
from answerprint.media.exr import write_exr
for n in range(3):
    planes = {{c: np.full((4, 6), n / 8 + 0.125, np.float16) for c in "RGB"}}
    write_exr(out / f"f.{{n + 1001:04d}}.exr", planes, timecode=f"01:00:00:0{{n}}", rate=Fraction(24))
"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "vendor tool"
    script.write_text(TOOL.format(python=sys.executable))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, str(script), "{input}", "{output}"]
    (tmp_path / "raw.json").write_text(
        json.dumps(
            {
                "r3d": {"command": command, "space": "Log3G10 REDWideGamutRGB"},
                "prores-raw": {"command": command, "space": "ACES2065-1"},
            }
        )
    )
    monkeypatch.setenv("ANSWERPRINT_CAMERA_RAW", str(tmp_path / "raw.json"))
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    return script


def clip(folder: Path, name: str = "A001_C001.R3D") -> Path:
    place = folder / name
    place.write_bytes(b"raw")
    return place


def test_a_raw_clip_reads_as_the_frames_its_tool_makes(tool: Path, tmp_path: Path) -> None:
    sequence = open_sequence(clip(tmp_path))
    assert (sequence.count, sequence.start_timecode, sequence.path.name) == (3, "01:00:00:00", "A001_C001.R3D")
    assert sequence.colour_tag == "Log3G10 REDWideGamutRGB"
    assert np.all(sequence.read(2).rgb() == 0.375)


def test_the_tool_runs_once_for_a_clip_that_did_not_change(tool: Path, tmp_path: Path) -> None:
    place = clip(tmp_path)
    for _ in range(2):
        open_sequence(place)
    assert Path(f"{place}.runs").read_text() == "x"
    place.write_bytes(b"raw, longer")
    open_sequence(place)
    assert Path(f"{place}.runs").read_text() == "xx"


def test_what_the_tool_says_when_it_fails_is_told_in_one_line(tool: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no licence for this camera"):
        open_sequence(clip(tmp_path, "broken.r3d"))
    with pytest.raises(BadInput, match="wrote no frame"):
        open_sequence(clip(tmp_path, "empty.r3d"))
    assert not [entry for entry in (tmp_path / "cache").rglob("*") if entry.is_dir() and len(entry.name) == 24]


@pytest.mark.parametrize(("name", "kind"), [("a.braw", "Blackmagic RAW"), ("a.ari", "ARRIRAW"), ("a.crm", "Canon RAW")])
def test_raw_without_a_tool_says_which_to_name_or_what_to_do_instead(tool: Path, tmp_path: Path, name: str, kind: str) -> None:
    with pytest.raises(BadInput, match=f"is {kind}, which only its maker's tool.*transcode to EXR"):
        open_sequence(clip(tmp_path, name))


@pytest.mark.parametrize("text", ["{", '{"r3d": {"command": "rm -rf"}}', '{"r3d": {"command": ["x", "{input}"]}}', '{"r3d": 3}'])
def test_a_wrong_configuration_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "raw.json").write_text(text)
    monkeypatch.setenv("ANSWERPRINT_CAMERA_RAW", str(tmp_path / "raw.json"))
    with pytest.raises(BadInput, match=r"raw\.json"):
        reader_for(clip(tmp_path))


def test_ingest_takes_a_raw_clip_for_camera_material_and_says_why_it_cannot_read_it(tool: Path, tmp_path: Path) -> None:
    from answerprint.ingest.recognise import recognise

    assert recognise(clip(tmp_path)).metadata["frames"] == 3
    unread = recognise(clip(tmp_path, "B001.braw"))
    assert unread.kind == "unknown"
    assert "Blackmagic RAW" in " ".join(unread.problems)


def prores_raw(folder: Path) -> Path:
    """A MOV that says of itself that it holds ProRes RAW; what lies in it is never decoded."""
    place = folder / "A001_C002.mov"
    write_prores(place, [np.zeros((64, 64, 3), np.float32)], 24, profile="hq")
    data = place.read_bytes()
    at = data.index(b"apch", data.index(b"stsd"))
    place.write_bytes(data[:at] + b"aprh" + data[at + 4 :])
    return place


def test_prores_raw_reads_as_the_frames_the_named_tool_makes(tool: Path, tmp_path: Path) -> None:
    sequence = open_sequence(prores_raw(tmp_path))
    assert (sequence.count, sequence.path.name, sequence.colour_tag) == (3, "A001_C002.mov", "ACES2065-1")


def test_prores_raw_without_a_tool_is_refused_and_says_where_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_CAMERA_RAW", str(tmp_path / "none.json"))
    with pytest.raises(BadInput, match=r"is ProRes RAW, which only .* name the tool for 'prores-raw' in .*none\.json"):
        open_sequence(prores_raw(tmp_path))
