"""What the stage's instruments wrote, told by what is in it: tracking, scans, marks, lens tables and lighting plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.ingest.lidar.open import ENDINGS as SCANS
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.tracking.read import ENDINGS as TRACKS
from answerprint.production import BadInput

_PLOTS = {".mvr", ".gdtf"}
_SOLVES = {f"images.{e}" for e in ("bin", "txt")} | {f"cameras.{e}" for e in ("bin", "txt")}


def read_capture(path: Path, rate: Any = None) -> IngestedFile | None:
    """A file of the stage's instruments as `ingest` reports it; None where it is something else.

    Raises BadInput for one that is broken, by name.
    """
    ending = path.suffix.lower()
    if ending in SCANS:
        from answerprint.ingest.lidar.open import scan_file

        return scan_file(path)
    if ending in _PLOTS:
        return _plot(path, ending)
    if ending == ".fbx":
        return IngestedFile(path, "tracking", problems=["FBX is kept and not read: export the camera as USD"])
    if path.name.casefold() == "$config.dat":
        return IngestedFile(path, "tracking", metadata={"points_of": "every program in its folder"})
    if ending == ".dat" and path.with_suffix(".src").is_file():
        return IngestedFile(path, "tracking", metadata={"points_of": path.with_suffix(".src").name})
    if path.name in _SOLVES and len([p for p in path.parent.iterdir() if p.name in _SOLVES and p.suffix == path.suffix]) == 2:
        return _solve(path)
    if ending in TRACKS or (ending not in (".csv", ".tsv", ".json") and _begins_as_track(path)):
        from answerprint.ingest.tracking.read import track_file

        return track_file(path, rate)
    return None


def read_capture_table(path: Path, rate: Any = None) -> IngestedFile | None:
    """A CSV of the stage's instruments; None where it is somebody's paper."""
    from answerprint.ingest.lens_frames import maker_of, read_lens_frames
    from answerprint.ingest.lidar.survey import columns_of, read_survey
    from answerprint.ingest.lights import sheets
    from answerprint.ingest.tracking.ingested import as_file
    from answerprint.ingest.tracking.tables import named_profile, read_poses, rows_of

    try:
        header = rows_of(path)[0]
    except BadInput:
        return None
    if maker_of(header) and maker_of(header) != "ARRI":  # ARRI's is a whole camera report, and read as one
        return as_file(path, read_lens_frames(path, rate), "lens")
    if named_profile(header):
        try:
            return as_file(path, read_poses(path, rate=rate))
        except BadInput as error:
            if "give the frame rate" not in error.remedy:
                raise
            return IngestedFile(path, "tracking", problems=[f"{error.reason}; {error.remedy}"])
    if sheets.is_cue_list(header):
        return IngestedFile(path, "notes", metadata={"paper": "lighting cues", "cues": sheets.read_cues(path)})
    if sheets.is_gaffers_list(header):
        return _lights(path, sheets.read_gaffers_list(path), [])
    if columns_of(header):
        points = {name: [float(v) for v in place] for name, place in read_survey(path).items()}
        return IngestedFile(path, "tracking", metadata={"survey": points, "unit": "m"})
    return None


def _plot(path: Path, ending: str) -> IngestedFile:
    from answerprint.ingest.lights.mvr import read_gdtf, read_mvr

    if ending == ".gdtf":
        return _lights(path, [read_gdtf(path)], [])
    lights, problems = read_mvr(path)
    return _lights(path, lights, problems)


def _lights(path: Path, lights: list[Any], problems: list[str]) -> IngestedFile:
    records = [light.model_dump(mode="json", exclude_none=True) for light in lights]
    return IngestedFile(path, "notes", metadata={"paper": "lighting plot", "lights": records}, problems=problems)


def _solve(path: Path) -> IngestedFile:
    from answerprint.ingest.tracking.colmap import read_cameras, read_solve
    from answerprint.ingest.tracking.ingested import as_file

    if path.stem == "images":
        return as_file(path, read_solve(path.parent))
    try:
        cameras = read_cameras(path.parent)
    except BadInput as error:
        return IngestedFile(path, "lens", problems=[f"{error.reason}; {error.remedy}"])
    return IngestedFile(path, "lens", metadata={"pictures": {name: c.model_dump(mode="json") for name, c in cameras.items()}})


def _begins_as_track(path: Path) -> bool:
    from answerprint.ingest.tracking.read import is_tracking

    with path.open("rb") as file:
        return is_tracking(path, file.read(256))
