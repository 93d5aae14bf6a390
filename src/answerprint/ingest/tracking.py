"""Camera tracking: SMPTE OpenTrackIO samples, kept in their own names and units (metres, degrees, millimetres)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput, Timecode, frame_rate


def is_opentrackio(document: Any) -> bool:
    """Whether parsed JSON is one OpenTrackIO sample or a list of them."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    protocol = first.get("protocol")
    return isinstance(protocol, dict) and protocol.get("name") == "OpenTrackIO"


def read_tracking(path: Path, document: Any) -> IngestedFile:
    """A tracking file: its samples as they are, its slate, and the timecode of the first sample."""
    samples = document if isinstance(document, list) else [document]
    first = samples[0]
    tracker = first.get("tracker") or {}
    file = IngestedFile(path, "tracking", metadata={"samples": samples, "slate": str(tracker.get("slate", ""))})
    timing = first.get("timing") or {}
    try:
        found = _timecode(timing.get("timecode") or {}, timing.get("sampleRate") or {})
        if found is not None:
            file.timecode, file.metadata["rate"] = str(found), str(found.rate)
    except (BadInput, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        file.problems.append(f"its timecode cannot be read ({error})")
    if not any(sample.get("transforms") for sample in samples) and not first.get("static"):
        file.problems.append("holds no camera position")
    return file


def _timecode(said: dict[str, Any], sample_rate: dict[str, Any]) -> Timecode | None:
    if not said:
        return None
    counted = said.get("frameRate") or sample_rate
    rate = frame_rate(f"{counted['num']}/{counted.get('denom', 1)}")
    mark = ";" if said.get("dropFrame") else ":"
    label = f"{int(said['hours']):02d}:{int(said['minutes']):02d}:{int(said['seconds']):02d}{mark}{int(said['frames']):02d}"
    return Timecode.parse(label, rate)
