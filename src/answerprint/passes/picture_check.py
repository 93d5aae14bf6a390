"""Delivery checks of a version as soon as it is made: what fails them holds the delivery until it is mended or a person lets it go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from answerprint.media.sequence import FrameSequence
from answerprint.quality.delivery import check_sequence
from answerprint.quality.finding import Finding

Tell = Callable[[int, int, str], None]
_OF_THE_FILES = frozenset({"no-rate", "no-timecode", "no-colour-tag", "no-reel", "odd-size"})
"""What nobody recorded of the original is not a fault of what was made from it."""


def checked(made: FrameSequence, plate: FrameSequence, tell: Tell) -> list[dict[str, Any]]:
    """What the delivery checks find on made frames, as plain data, without remarks.

    A failure that the original has as well (a black lead, a frozen picture as shot) is only remarked upon: it came from the set.
    """
    found = [one for one in check_sequence(made, tell) if one.severity != "info" and one.code not in _OF_THE_FILES]
    if any(one.severity == "fail" for one in found):
        own = {one.code for one in check_sequence(plate, tell) if one.severity == "fail"}
        found = [_as_shot(one) if one.severity == "fail" and one.code in own else one for one in found]
    return [one.document() for one in found]


def _as_shot(finding: Finding) -> Finding:
    return Finding(finding.code, "warn", f"{finding.message}; so has the original", finding.where, finding.frame, finding.figure)
