"""A framing decision becomes a reframing: what of an ASC FDL belongs to a clip, as the virtual camera's settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.media.framing import Framing
from answerprint.passes.footage import allowed
from answerprint.production import BadInput
from answerprint.production.tables import Asset

PAPER = "framing decisions"
"""What the catalogue calls an FDL among its papers."""
_SAME_SHAPE = 0.005


def reframing(framings: Sequence[Framing], clip: str, size: tuple[int, int], label: str = "") -> dict[str, Any]:
    """Settings of ``reframe`` that show one framing of ``clip``, a plate of ``size`` (width, height), as large as the plate's frame holds it.

    Framings that name the clip go before those that name none or another; ``label`` chooses among several. The plate may be a copy of
    the canvas at another size. Raises BadInput where no framing, or more than one, is meant, and where the plate is no copy of the canvas.
    """
    own = [one for one in framings if clip in (one.clip, Path(one.file).stem)]
    meant = [one for one in own or framings if not label or one.label.casefold() == label.casefold()]
    if len({(one.canvas, one.frame) for one in meant}) != 1:
        there = ", ".join(dict.fromkeys(one.label or "unnamed" for one in own or framings)) or "none"
        why = f"no framing is called {label}" if label and not meant else "it is not said which of its framings is meant"
        raise BadInput(clip, why, f"name one of: {there}")
    (wide, high), (left, top, width, height) = meant[0].canvas, meant[0].frame
    if abs(wide * size[1] / (high * size[0]) - 1) > _SAME_SHAPE:
        raise BadInput(
            clip, f"is {size[0]}x{size[1]} and the framing's canvas {wide}x{high}, another shape",
            "give the frames as recorded, or a framing made on their canvas",
        )  # fmt: skip
    return {
        "centre_x": (left + width / 2) / wide,
        "centre_y": (top + height / 2) / high,
        "width": max(width / wide, height / high),
        "aspect": width * size[0] / wide / (height * size[1] / high),
    }


def catalogued_framings(session: Session) -> list[Framing]:
    """Every framing of the catalogue's FDLs that may be read (``retrieve``)."""
    papers = session.scalars(select(Asset).where(Asset.kind == "notes").order_by(Asset.id))
    told = [
        one
        for paper in papers
        if paper.details.get("paper") == PAPER and allowed(paper, "retrieve")
        for one in paper.details.get("framings", [])
    ]
    return [Framing(one["clip"], tuple(one["canvas"]), (0, 0), tuple(one["frame"]), one["label"], file=one["file"]) for one in told]
