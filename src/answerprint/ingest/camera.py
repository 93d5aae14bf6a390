"""Camera originals: movies and frame folders, probed for what the picture and its header say."""

from __future__ import annotations

import re
from pathlib import Path

from answerprint.colour.spaces import default_space
from answerprint.ingest.material import IngestedFile
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput

_SLATE = re.compile(r"(?:^|_)(?P<scene>\d+)(?P<setup>[A-Z]{0,2})[_-]T(?P<take>\d+)", re.IGNORECASE)
_CLIP = re.compile(r"^(?P<camera>[A-Z])(?P<roll>\d{3})C\d{3}", re.IGNORECASE)


def read_footage(path: Path, rate: object = None, still: bool = False) -> IngestedFile:
    """Probe a movie, frame folder or still."""
    sequence = open_sequence(path, rate)  # type: ignore[arg-type]
    matte = _is_matte(path, sequence)
    file = IngestedFile(path, "matte" if matte else "still" if still else "camera", timecode=sequence.start_timecode or "")
    file.metadata = {
        "clip": path.stem,
        "frames": sequence.count,
        "width": sequence.width,
        "height": sequence.height,
        "rate": str(sequence.rate) if sequence.rate else "",
        "reel": sequence.reel or "",
        "storage": sequence.storage,
        "format": sequence.file_format,
        "input_space": default_space(sequence.storage, sequence.file_format, sequence.colour_tag),
        "missing_frames": list(sequence.missing),
    }
    if sequence.missing:
        file.problems.append(f"frames are missing: {', '.join(map(str, sequence.missing[:8]))}")
    file.problems += _overflow(sequence)
    if slate := _SLATE.search(path.stem):
        file.scene, file.setup, file.take = slate["scene"], slate["setup"].upper(), slate["take"]
    if clip := _CLIP.match(path.stem):
        file.metadata["camera"] = clip["camera"].upper()
        file.metadata["reel"] = file.metadata["reel"] or f"{clip['camera']}{clip['roll']}".upper()
    if matte:
        file.metadata["clip"] = re.sub(r"[_-]matte.*$", "", path.stem, flags=re.IGNORECASE)
    return file


def _overflow(sequence: FrameSequence) -> list[str]:
    """What the first, middle and last frame of a float clip hold that no light is; the whole clip is for delivery checks."""
    if sequence.storage not in ("half", "float") or sequence.file_format != "exr":
        return []
    said: list[str] = []
    for index in sorted({0, sequence.count // 2, sequence.count - 1}):
        try:
            found = sequence.read(index).overflow()
        except BadInput as error:
            return [*said, f"{error.reason} ({sequence.names[index]})"]
        for channel, counts in found.items():
            parts = [
                f"{number} {what}"
                for number, what in zip(counts, ("NaN", "infinite", "at 65504, the end of half"), strict=True)
                if number
            ]
            said.append(f"{sequence.names[index]}, channel {channel}: {', '.join(parts)} samples")
    return said[:8]


def _is_matte(path: Path, sequence: FrameSequence) -> bool:
    return bool(re.search(r"[_-](?:matte|mask)(?:[_-]|$)", path.stem, re.IGNORECASE))
