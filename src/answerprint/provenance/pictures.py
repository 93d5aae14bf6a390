"""The pixel digest of a frame file, found by decoding it again."""

from __future__ import annotations

from pathlib import Path

from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput
from answerprint.provenance.digests import frame_digest

STILLS = frozenset({".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"})


def is_still(path: Path | str) -> bool:
    """Whether the name is that of a frame file we decode."""
    return Path(path).suffix.lower() in STILLS


def picture_digest(path: Path) -> str:
    """Decode one frame file and digest its picture. Raises BadInput when it cannot be decoded."""
    if not is_still(path):
        raise BadInput(path, "is not a frame file", "give an EXR, DPX, TIFF, PNG or JPEG file")
    sequence = open_sequence(path)
    try:
        return frame_digest(sequence.read(0))
    finally:
        sequence.close()
