"""The stage from loose files, without a production: tracks, scans, marks, lighting plots and clips as they lie in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from answerprint.colour.spaces import resolve_space, to_working
from answerprint.ingest.join import join
from answerprint.ingest.lens_frames import read_lens_frames
from answerprint.ingest.lights.record import LightRecord
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.recognise import material_under, recognise
from answerprint.ingest.tracking.read import read_track
from answerprint.media.sequence import open_sequence
from answerprint.optics.lens import Lens
from answerprint.optics.track import CameraTrack
from answerprint.passes.spatial import SpatialSettings, place, scanned
from answerprint.production import BadInput, Timecode, first_fault
from answerprint.provenance.digests import file_digests
from answerprint.spatial.capture import ClipCameras, Recording, capture
from answerprint.spatial.stage_report import Material, Wishes, write_stage_report

Tell = Callable[[int, int, str], None]
_COUNTED = {".chan", ".csv", ".tsv", ".src"}


def survey(paths: Sequence[Path], out: Path, settings: dict[str, Any], rate: str | None, tell: Tell) -> dict[str, Any]:
    """The stage's report into ``out``, with ``cameras/CLIP.json`` for each tracked clip. Returns the report.

    Raises BadInput for a path that is not there, a setting that is none, and where nothing of a stage is found.
    """
    try:
        chosen = SpatialSettings.model_validate(settings)
    except ValidationError as error:
        name, reason = first_fault(error)
        raise BadInput(f"--set {name}", reason, "see docs/spatial-capture.md") from None
    files = [_read(path, rate) for path in material_under([path.absolute() for path in paths])]
    joined = join(files)
    clips: list[ClipCameras] = []
    setups: dict[str, list[str]] = {}
    scans: dict[str, Any] = {}
    used: set[str] = set()
    problems = [f"{f.path.name}: {p}" for f in files if f.kind in ("unknown", "tracking", "lidar", "lens") for p in f.problems]
    for number, file in enumerate(files):
        tell(number, len(files), file.path.name)
        if file.kind == "lidar":
            scans |= scanned(file.path)
        if file.kind == "camera" and file.metadata.get("tracking"):
            made = _cameras(file, files, rate)
            made.write(out / "cameras" / f"{made.clip}.json")
            clips.append(made)
            used.add(file.metadata["tracking"][0]["digest"])
            slate = f"{file.scene}{file.setup} take {file.take}" if file.scene else made.clip
            setups.setdefault(slate, []).append(made.clip)
    tell(len(files), len(files), "drawing")
    tracks = [_track(f, rate) for f in files if f.kind == "tracking" and f.metadata.get("track") and f.digest not in used]
    surveys = {f.path.stem: f.metadata["survey"] for f in files if f.metadata.get("survey")}
    lights = [LightRecord.model_validate(light) for f in files for light in f.metadata.get("lights", []) if isinstance(light, dict)]
    material = Material(out.absolute().name, clips, setups, [t for t in tracks if t.posed.any()], scans, surveys, lights)
    report = write_stage_report(material, out, Wishes(chosen.limit_deg, place(chosen.subject), chosen.distance_m or None))
    of_tracks = [p for p in joined.problems if "track" in p or "joined to no clip" in p]
    return report | {"problems": [*report["problems"], *dict.fromkeys([*problems, *of_tracks])]}


def _read(path: Path, rate: str | None) -> IngestedFile:
    file = recognise(path, rate if path.suffix.lower() in _COUNTED else None)
    file.digest = file_digests(path).sha256 if path.is_file() else str(path)
    return file


def _track(file: IngestedFile, rate: str | None) -> CameraTrack:
    track = read_track(file.path, rate if file.path.suffix.lower() in _COUNTED else None)
    return track if track.label else track.moved(label=file.path.stem)


def _cameras(clip: IngestedFile, files: Sequence[IngestedFile], rate: str | None) -> ClipCameras:
    by_digest = {f.digest: f for f in files}
    track = _track(by_digest[clip.metadata["tracking"][0]["digest"]], rate)
    tables = clip.metadata.get("lens_frames")
    exact = clip.metadata.get("rate") or rate
    if not exact:
        raise BadInput(clip.path, "does not say its frame rate", "give it with --fps")
    lenses = [Lens.model_validate(f.metadata["lens"]) for f in files if f.kind == "lens" and f.metadata.get("lens")]
    table = read_lens_frames(by_digest[tables[0]["digest"]].path, exact) if tables else None
    sequence, space = open_sequence(clip.path, exact), resolve_space(clip.metadata["input_space"])
    start = Timecode.parse(clip.timecode, exact) if clip.timecode else None
    size = (int(clip.metadata["width"]), int(clip.metadata["height"]))
    name, label = str(clip.metadata["clip"]), str(clip.metadata.get("camera", ""))
    recording = Recording(name, Fraction(exact), start, int(clip.metadata["frames"]), size, label)
    return capture(
        recording, track, table, lenses[0] if len(lenses) == 1 else None, lambda i: to_working(sequence.read(i).rgb(), space)
    )
