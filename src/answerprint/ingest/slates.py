"""Scene and take read off the slate in the picture, for clips whose name says neither. Estimates: what is recorded always holds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from answerprint.ingest.material import IngestedFile
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput

READ = "slate_read"
"""Where a clip's metadata keep what its slate says: scene, setup, take, roll, confidence, frame, tail, source, models."""
_UNSAID_RATE = Fraction(24)
_LONG_SIDE = 1920
"""Pixels along the longer side that the reader gets: larger frames cost time and show no more of a slate."""


def read_slates(files: list[IngestedFile], tell: Callable[[int, int, str], None]) -> None:
    """Look for a slate in each clip without scene or take, and keep what it says in the clip's metadata.

    Without the text networks in the cache nothing is looked for.
    """
    clips = [file for file in files if file.kind == "camera" and not (file.scene and file.take)]
    if not clips or not _networks_are_there():
        return
    for number, clip in enumerate(clips):
        tell(number, len(clips), "slates")
        if found := _slate(clip):
            clip.metadata[READ] = found
    tell(len(clips), len(clips), "slates")


def take_over_slates(clips: list[IngestedFile]) -> list[str]:
    """Fill scene, setup and take that neither name nor paper gave; returns what a person should look at, for each clip filled or at odds."""
    said = []
    for clip in clips:
        read = clip.metadata.get(READ)
        if read is None:
            continue
        board = f"scene {read['scene']}{read['setup']} take {read['take']}"
        if _at_odds(clip, read):
            clip.problems.append(f"the slate reads {board}")
            said.append(f"{clip.path.name}: recorded as {_recorded(clip)}, and the slate reads {board} (frame {read['frame']})")
        elif not (clip.scene and clip.take):
            if not clip.scene:
                clip.scene, clip.setup = read["scene"], clip.setup or read["setup"]
            clip.take = clip.take or read["take"]
            clip.metadata["slate_source"] = "estimated"
            said.append(
                f"{clip.path.name}: {board} is read off the slate (frame {read['frame']}, confidence {read['confidence']:.2f}); "
                "check it, or say it in the camera report"
            )
    return said


def _at_odds(clip: IngestedFile, read: dict[str, Any]) -> bool:
    """Whether anything recorded says otherwise; a scene recorded without its setup is not at odds with one that has it."""
    pairs = ((clip.scene, read["scene"]), (clip.setup, read["setup"]), (clip.take.lstrip("0"), read["take"]))
    return any(ours and theirs and ours.casefold() != theirs.casefold() for ours, theirs in pairs)


def _recorded(clip: IngestedFile) -> str:
    parts = [f"scene {clip.scene}{clip.setup}" if clip.scene else "", f"take {clip.take}" if clip.take else ""]
    return " ".join(part for part in parts if part)


def _networks_are_there() -> bool:
    from answerprint.perception.models import find_model
    from answerprint.perception.text import CARDS

    try:
        return all(find_model(card) for card in CARDS)
    except BadInput:
        return False


def _slate(clip: IngestedFile) -> dict[str, Any] | None:
    from answerprint.perception.slate import find_slate

    try:
        sequence = open_sequence(clip.path, clip.metadata.get("rate") or None)
        try:
            found = find_slate(lambda at: _legible(sequence.read(at).rgb()), sequence.count, sequence.rate or _UNSAID_RATE)
        finally:
            sequence.close()
    except BadInput:  # a damaged frame is reported where the clip is probed
        return None
    return found.document() if found else None


def _legible(codes: np.ndarray) -> np.ndarray:
    """Any code values as display RGB uint8, stretched between their darkest and brightest hundredth: dim and log read alike."""
    codes = np.nan_to_num(codes.astype(np.float32), posinf=0.0, neginf=0.0)
    scale = _LONG_SIDE / max(codes.shape[:2])
    if scale < 1:
        codes = cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(codes[::4, ::4], (1, 99))
    span = max(float(high - low), 0.5 * float(abs(high)), 1e-6)  # a flat picture stays flat: its grain would pass for writing
    seen = np.clip((codes - low) / span, 0, 1)
    return np.asarray(np.rint(seen * 255), np.uint8)
