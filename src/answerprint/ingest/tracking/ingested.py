"""A camera track as `ingest` reports it."""

from __future__ import annotations

from pathlib import Path

from answerprint.ingest.material import IngestedFile, Kind
from answerprint.optics.track import CameraTrack


def as_file(path: Path, track: CameraTrack, kind: Kind = "tracking") -> IngestedFile:
    """The file with what its track holds; the samples themselves stay in the file, and are read from it again."""
    file = IngestedFile(
        path,
        kind,
        timecode=str(track.start) if track.start else "",
        metadata={"track": track.document(), "rate": str(track.rate) if track.rate else ""},
        problems=list(track.problems),
    )
    if kind == "tracking" and not track.posed.any():
        file.problems.append("holds no camera position")
    return file
