"""The clap heard and the sticks seen: the picture confirms or contests where the sound says that the slate closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from answerprint.media.sequence import open_sequence
from answerprint.perception.sticks import AROUND, SURE, closing_near
from answerprint.production import BadInput

_AGREES = 1
"""Frames between what is heard and what is seen that still agree: sound travels a metre in 3 ms, and a shutter is not always open."""
_ENOUGH = 0.3
"""Confidence from which a closing where the clap is heard confirms it."""


def seen_with(clip: Path, rate: str, heard: int) -> dict[str, Any]:
    """What the picture says of a clap heard in frame ``heard``.

    ``verdict`` is "confirmed", "contested" (the sticks close elsewhere, with a confidence of 0.6 and more) or "not seen"; ``frame`` the first
    in which they are closed. A picture that cannot be read says nothing.
    """
    nothing = {"verdict": "not seen", "frame": None, "confidence": 0.0}
    try:
        sequence = open_sequence(clip, rate or None)
        try:
            low, high = _range(sequence.read(min(heard, sequence.count - 1)).rgb())
            found = closing_near(lambda at: _shown(sequence.read(at).rgb(), low, high), sequence.count, heard)
        finally:
            sequence.close()
    except BadInput:  # a damaged frame is reported where the clip is probed
        return nothing
    if found is None:
        return nothing
    told = {"frame": found.frame, "confidence": found.confidence}
    if abs(found.frame - heard) <= _AGREES:
        return {"verdict": "confirmed" if found.confidence >= _ENOUGH else "not seen"} | told
    return ({"verdict": "contested"} | told) if found.confidence >= SURE else nothing


def contest(name: str, heard: int, seen: dict[str, Any]) -> str:
    """The line for a person where picture and sound disagree."""
    off = heard - int(seen["frame"])
    return (
        f"{name}: the sticks close in frame {seen['frame']}, their clap is heard in frame {heard}: "
        f"the sound may be {abs(off)} frames {'late' if off > 0 else 'early'} (confidence {seen['confidence']:.2f}; looked at {AROUND} frames around)"
    )


def _range(codes: np.ndarray) -> tuple[float, float]:
    """Dark and bright of one frame: the others are stretched alike, or the stretch would pass for movement."""
    low, high = np.percentile(np.nan_to_num(codes[::4, ::4].astype(np.float32), posinf=0.0, neginf=0.0), (1, 99))
    return float(low), max(float(high), float(low) + 1e-6)


def _shown(codes: np.ndarray, low: float, high: float) -> np.ndarray:
    step = max(1, max(codes.shape[:2]) // 960)
    green = np.nan_to_num(codes[::step, ::step, 1].astype(np.float32), posinf=0.0, neginf=0.0)
    return np.asarray(np.rint(np.clip((green - low) / (high - low), 0, 1) * 255), np.uint8)
