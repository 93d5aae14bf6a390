"""Keys from strokes and clicks: a few marks on what is meant and on what is not become the matte of that frame.

Each pixel goes with the mark to which the way across the picture is shortest, steps over an edge being long (A. Criminisi et al., "GeoS",
ECCV 2008). On a frame that other keys already foretell, marks correct that around themselves. A mark always holds.
"""

from __future__ import annotations

import json
import re
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from answerprint.generator.keyed_carry import cut_out

__all__ = ["KeyStroke", "read_key_strokes", "stroked_key"]

Plane = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]
Marks = npt.NDArray[np.bool_]

_THICK = 5.0
"""Thickness of a mark, pixels at HD width (1920)."""
_EDGE = 0.5
"""Pixels of way that a unit of colour difference (CIE Lab) counts for."""
_FINE = 4
"""How far from the edge so found colour may still move it, pixels of the study."""
_LOCAL = 0.12
"""How far around a mark it may change what is known already, as a share of the width."""
_RIM = 3
"""Where nothing is marked as outside, the outermost pixels of the frame are."""


class KeyStroke(BaseModel):
    """A stroke, or with one point a click, on one frame, in pixels of the full frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame: int = Field(ge=0, description="frame of the clip, 0-based")
    inside: bool = Field(default=True, description="on what the matte shall hold; false: on what it shall not")
    points: list[tuple[float, float]] = Field(min_length=1, description="x, y along the stroke")


def read_key_strokes(given: Any) -> Any:
    """Strokes written as ``+x,y x,y @12; -x,y @12`` (plus inside, minus outside), as JSON, or as records already.

    Raises ValueError with what is wrong.
    """
    if isinstance(given, str) and given.lstrip()[:1] in ("[", "{"):
        given = json.loads(given)
    if isinstance(given, dict):
        return given.get("strokes", [given])
    if not isinstance(given, str):
        return given
    out = []
    for part in filter(None, (one.strip() for one in given.split(";"))):
        whole = re.fullmatch(r"([+-])\s*((?:-?[\d.]+\s*,\s*-?[\d.]+\s*)+)@\s*(\d+)", part)
        if whole is None:
            raise ValueError(f"{part!r} is not a stroke: write '+x,y x,y @frame', or '-x,y @frame' for what is outside")
        pairs = re.findall(r"(-?[\d.]+)\s*,\s*(-?[\d.]+)", whole[2])
        out.append({"frame": int(whole[3]), "inside": whole[1] == "+", "points": [(float(x), float(y)) for x, y in pairs]})
    return out


def stroked_key(picture: Codes, strokes: list[KeyStroke], scale: float, base: Plane | None) -> Plane:
    """The matte (h, w) 0..1 of ``picture`` (h, w, 3 display RGB, ``scale`` of the full frame) that the strokes mean.

    ``base`` is what is known of it already: it changes only where the change hangs together with a stroke.
    """
    height, width = picture.shape[:2]
    thick = max(3, round(_THICK * width / 1920))
    inside, outside = (_drawn(strokes, side, scale, (height, width), thick) for side in (True, False))
    if base is None:
        rim = np.ones((height, width), bool)
        rim[_RIM:-_RIM, _RIM:-_RIM] = False
        away = outside if outside.any() else rim & ~_around(inside, 4 * _RIM)
        found = cut_out(picture, _nearer(picture, inside, away).astype(np.float32), _FINE) > 0.5
        found = _hanging_together((found & ~outside) | inside, inside)
        return _softened(found)
    likely = base > 0.5
    kept = ~_around(inside | outside, max(8, round(_LOCAL * width)))
    found = _nearer(picture, inside | (likely & kept), outside | (~likely & kept))
    changed = _hanging_together(found != likely, (inside & ~likely) | (outside & likely))
    return np.where(_around(changed, 1), _softened(np.where(changed, found, likely)), base).astype(np.float32)


def _drawn(strokes: list[KeyStroke], inside: bool, scale: float, shape: tuple[int, int], thick: int) -> Marks:
    plane = np.zeros(shape, np.uint8)
    for one in strokes:
        if one.inside == inside:
            places = np.rint(((np.asarray(one.points) + 0.5) * scale - 0.5) * 16).astype(np.int32)
            if len(places) == 1:
                cv2.circle(plane, places[0].tolist(), round(thick * 8), 1, -1, shift=4)
            else:
                cv2.polylines(plane, [places], False, 1, thick, shift=4)
    return np.asarray(plane > 0)


def _nearer(picture: Codes, inside: Marks, outside: Marks) -> Marks:
    """Whether a pixel is nearer to the inside than to the outside, by the length of the way in pixels and in colour (CIE Lab)."""
    if not inside.any() or not outside.any():
        return np.full(inside.shape, inside.any())
    lab = cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    lab = cv2.GaussianBlur(lab, (0, 0), 0.8)
    height, width = inside.shape
    number = np.arange(height * width).reshape(height, width)
    starts, ends, lengths = [], [], []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = number[: height - down, max(0, -across) : width - max(0, across)].ravel()
        there = number[down:, max(0, across) : width - max(0, -across)].ravel()
        step = lab.reshape(-1, 3)[here] - lab.reshape(-1, 3)[there]
        starts.append(here)
        ends.append(there)
        lengths.append(np.hypot(down, across) + _EDGE * np.sqrt((step**2).sum(axis=1)))
    ways = coo_matrix((np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), (number.size, number.size)).tocsr()
    to_in, to_out = (dijkstra(ways, directed=False, indices=number[marks], min_only=True) for marks in (inside, outside))
    return np.asarray((to_in < to_out).reshape(height, width))


def _softened(where: Marks) -> Plane:
    return np.asarray(cv2.GaussianBlur(where.astype(np.float32), (0, 0), 0.7), np.float32)


def _hanging_together(where: Marks, marked: Marks) -> Marks:
    """The parts of ``where`` that a mark touches."""
    count, parts = cv2.connectedComponents(where.astype(np.uint8), connectivity=4)
    touched = np.zeros(count, bool)
    touched[np.unique(parts[marked])] = True
    touched[0] = False
    return np.asarray(touched[parts])


def _around(where: Marks, room: int) -> Marks:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * room + 1, 2 * room + 1))
    return np.asarray(cv2.dilate(where.astype(np.uint8), disc) > 0)
