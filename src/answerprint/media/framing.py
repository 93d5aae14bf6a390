"""What of a recorded picture is meant to be seen: ASC Framing Decision Lists in and out, by the ASC's own library.

An FDL tells the canvas (what the camera recorded), the intent (the aspect ratio framed for, and how much is held back for
repositions) and the decision (the rectangle in the canvas, in pixels). Nothing is desqueezed or cut here.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fdl

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

_LARGEST_FILE = 16 << 20
Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Framing:
    """One framing of one canvas. Rectangles are (x, y, width, height) in canvas pixels from the top left corner.

    ``aspect`` is the intent as whole numbers (239, 100), after the desqueeze; ``protection`` the share of the picture held back (0.05
    is 5 %); ``squeeze`` the anamorphic factor of the lens (2.0 for a classic anamorphic, 1.0 for spherical).
    """

    clip: str
    canvas: tuple[int, int]
    aspect: tuple[int, int]
    frame: Rect
    label: str = ""
    squeeze: float = 1.0
    protection: float = 0.0
    protected: Rect | None = None
    file: str = ""


def framed(
    clip: str, canvas: tuple[int, int], aspect: tuple[int, int], protection: float = 0.0, squeeze: float = 1.0, file: str = ""
) -> Framing:
    """The largest centred rectangle of ``aspect`` in a canvas, less the protection, as the ASC FDL defines an intent.

    Raises BadInput for sizes and shares that cannot be.
    """
    if min(*canvas, *aspect) < 1 or not 0 <= protection < 1 or not 0.1 <= squeeze <= 10:
        raise BadInput(clip, f"cannot be framed {aspect} in {canvas} with {protection:g} held back", "check the sizes")
    name = f"{aspect[0] / aspect[1]:.2f}"
    whole = Framing(clip, canvas, aspect, (0, 0, *canvas), name, squeeze, protection, None, file)
    with _library() as documents:
        documents.append(_document([whole], "", _ZERO, solve=True))
        told = json.loads(documents[0].as_json())
    (found,) = _framings(told)
    return found


def write_fdl(path: Path, framings: Sequence[Framing], creator: str, uuid: str) -> None:
    """Write an ASC FDL (version 2.0); the same input gives the same bytes. Raises BadInput for what the schema refuses."""
    try:
        with _library() as documents:
            documents.append(_document(framings, creator, uuid))
            documents[0].validate()
            content = documents[0].as_json() + "\n"
    except (fdl.FDLError, fdl.FDLValidationError, ValueError, TypeError, OverflowError) as fault:
        raise BadInput(path, f"is no framing the ASC FDL allows ({_line(fault)})", "check canvas and frame") from None
    write_atomically(path, content)


def read_fdl(path: Path) -> list[Framing]:
    """Every framing decision of an ASC FDL in file order. Raises BadInput for a file that the schema or its rules refuse."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadInput(path, "is larger than any framing decision list", "check that it is one")
        text = json.dumps(_bounded(json.loads(path.read_bytes().decode("utf-8-sig"))))
        with _library() as documents:
            documents.append(fdl.read_from_string(text))
            told = json.loads(documents[0].as_json())
        return _framings(told)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "check the path") from None
    except (
        fdl.FDLError,
        fdl.FDLValidationError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
        RuntimeError,
    ) as fault:
        raise BadInput(path, f"is no ASC framing decision list ({_line(fault)})", "export it again") from None


_LARGEST_NUMBER = 2**31 - 1
"""The library ends the whole process at a number beyond a 32-bit integer (seen with asc-fdl 1.0.2); no canvas has that many pixels."""


def _bounded(value: Any) -> Any:
    """A JSON value as it is. Raises ValueError for a number no framing has."""
    layer = [value]
    while layer:
        for number in (one for one in layer if isinstance(one, (int, float))):
            if not abs(number) <= _LARGEST_NUMBER:
                raise ValueError(f"{number:.6g} is no number of a framing")
        layer = [
            inner for one in layer if isinstance(one, (dict, list)) for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return value


_ZERO = "00000000-0000-0000-0000-000000000000"


def _document(framings: Sequence[Framing], creator: str, uuid: str, solve: bool = False) -> Any:
    document = fdl.FDL(uuid=uuid, fdl_creator=creator or "Answerprint")
    intents: dict[tuple[tuple[int, int], float], Any] = {}
    for number, one in enumerate(framings, 1):
        wanted = (one.aspect, one.protection)
        if wanted not in intents:
            intents[wanted] = document.add_framing_intent(
                id=f"I{len(intents) + 1}",
                label=f"{one.aspect[0] / one.aspect[1]:.2f}",
                aspect_ratio=fdl.DimensionsInt(width=one.aspect[0], height=one.aspect[1]),
                protection=one.protection,
            )
        context = document.add_context(label=one.clip, context_creator=creator or "Answerprint")
        context.clip_id = {"clip_name": one.clip, "file": one.file or one.clip}
        canvas = context.add_canvas(
            id=f"C{number}",
            label=one.clip,
            source_canvas_id=f"C{number}",
            dimensions=fdl.DimensionsInt(width=one.canvas[0], height=one.canvas[1]),
            anamorphic_squeeze=one.squeeze,
        )
        x, y, width, height = one.frame
        decision = canvas.add_framing_decision(
            id=f"C{number}-{intents[wanted].id}",
            label=one.label or intents[wanted].label,
            framing_intent_id=intents[wanted].id,
            dimensions=fdl.DimensionsFloat(width=width, height=height),
            anchor_point=fdl.PointFloat(x=x, y=y),
        )
        if solve:
            decision.populate_from_intent(canvas, intents[wanted], None)
        elif one.protected is not None:
            x, y, width, height = one.protected
            decision.set_protection(fdl.DimensionsFloat(width=width, height=height), fdl.PointFloat(x=x, y=y))
    return document


def _framings(document: dict[str, Any]) -> list[Framing]:
    """The framings of a document as JSON, which the library has checked."""
    intents = {intent["id"]: intent for intent in document.get("framing_intents") or []}
    found = []
    for context in document.get("contexts") or []:
        clip = context.get("clip_id") or {}
        for canvas in context.get("canvases") or []:
            for decision in canvas.get("framing_decisions") or []:
                intent = intents.get(decision.get("framing_intent_id"), {})
                found.append(
                    Framing(
                        clip=clip.get("clip_name") or context.get("label") or "",
                        canvas=(int(canvas["dimensions"]["width"]), int(canvas["dimensions"]["height"])),
                        aspect=(int(intent["aspect_ratio"]["width"]), int(intent["aspect_ratio"]["height"])) if intent else (0, 0),
                        frame=_rect(decision["anchor_point"], decision["dimensions"]),
                        label=decision.get("label") or "",
                        squeeze=float(canvas.get("anamorphic_squeeze") or 1.0),
                        protection=float(intent.get("protection") or 0.0),
                        protected=_rect(decision["protection_anchor_point"], decision["protection_dimensions"])
                        if decision.get("protection_dimensions") and decision.get("protection_anchor_point")
                        else None,
                        file=clip.get("file") or "",
                    )
                )
    return found


def _rect(corner: dict[str, float], size: dict[str, float]) -> Rect:
    return float(corner["x"]), float(corner["y"]), float(size["width"]), float(size["height"])


@contextmanager
def _library() -> Iterator[list[Any]]:
    """Work with the library; documents put on the list are let go of at the end.

    Its documents are freed by their finalisers, which take a lock of cffi's. Were one run by the garbage collector while cffi holds
    that lock, the process would stand still (seen with asc-fdl 1.0.2): so the collector waits, and nothing is left for it.
    """
    collecting = gc.isenabled()
    gc.disable()
    documents: list[Any] = []
    try:
        yield documents
    finally:
        for document in documents:
            document.close()
        if collecting:
            gc.enable()


def _line(fault: Exception) -> str:
    return re.sub(r"\s+", " ", str(fault))[:160] or type(fault).__name__
