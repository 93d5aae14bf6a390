"""The colour-intent check: does a clip look as the reference still from the set says it should.

The still is what the camera department saw and agreed on. It is compared with the clip's frame of the same moment under the grade from the
set (does the CDL that came with the clip make that still?), and under ours on top of it (do we leave their intent standing?).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.colour.spaces import default_space, to_working
from answerprint.colour.view import display
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.passes.grade_kept import still_of
from answerprint.perception.colour_chart import find_chart
from answerprint.production import BadInput
from answerprint.production.catalogue import Production

Picture = NDArray[np.float32]
FLAGGED = 4.0
"""Mean ΔE00 beyond which a difference is said: side by side anyone sees it. A still saved as JPEG is about 1 from its own frame."""
_GRID = (48, 27)
_FRAMES = 9
_ALIKE = 0.6
"""Correlation of local contrast below which the still does not show this clip."""


def check_intent(production: Production, plate: PlateReader, grade: dict[str, Any], on_set: CDL | None) -> dict[str, Any]:
    """Compare a clip with its reference still; nothing where it has none.

    ``delta_e_on_set`` is the mean ΔE00 under the grade from the set, ``delta_e_ours`` with our technical grade beneath it, ``flag`` a line
    where the first is too much, ``chart`` the mean ΔE00 of a chart's patches in the clip to their published colours.
    """
    told: dict[str, Any] = {}
    place = still_of(production, plate.clip)
    if place is None:
        return told
    try:
        still, linear = _opened(place)
    except BadInput as error:
        return {"still": place.name, "flag": f"its reference still cannot be read: {error.reason}"}
    ours = CDL.model_validate(grade["cdl"]) if grade.get("cdl") else None
    frame, likeness = _moment(plate, still)
    told = {"still": place.name, "frame": frame, "likeness": round(likeness, 3), "creative": on_set is not None}
    if likeness < _ALIKE:
        return told | {"flag": "", "why": f"{place.name} does not show this clip as it is framed; it was not compared"}
    picture = plate.read(frame)
    theirs = grades.apply(on_set, picture) if on_set else picture
    both = grades.apply(ours, picture) if ours else picture
    both = grades.apply(on_set, both) if on_set else both
    told["delta_e_on_set"] = round(_difference(theirs, still, linear), 3)
    told["delta_e_ours"] = round(_difference(both, still, linear), 3)
    chart = find_chart(both)
    if chart is not None:
        told["chart"] = round(chart.from_published, 3)
    what = "its CDL" if on_set else "the clip without a CDL"
    flagged = told["delta_e_on_set"] > FLAGGED
    told["flag"] = f"{what} does not make its reference still {place.name} (ΔE00 {told['delta_e_on_set']:.1f})" if flagged else ""
    told["why"] = (
        f"ΔE00 {told['delta_e_on_set']:.1f} to {place.name} by {what}, {told['delta_e_ours']:.1f} with the technical grade"
    )
    return told


def _opened(place: Any) -> tuple[Picture, bool]:
    """A still as it is compared: scene-linear ACEScg (True), or display codes from 0 to 1 (False)."""
    sequence = open_sequence(place)
    codes = sequence.read(0).rgb()
    if sequence.storage in ("half", "float"):
        return to_working(codes, default_space(sequence.storage, sequence.file_format, sequence.colour_tag)), True
    return (codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)), False


def _moment(plate: PlateReader, still: Picture) -> tuple[int, float]:
    """The frame the still was most likely taken from, and how alike the two are in local contrast (-1 to 1)."""
    wanted, best = _contrast(still), (0, -1.0)
    for frame in sorted({round(i) for i in np.linspace(0, plate.count - 1, min(_FRAMES, plate.count))}):
        found = _contrast(plate.read(frame))
        likeness = float((found * wanted).mean())
        if likeness > best[1] + 1e-4:
            best = (frame, likeness)
    return best


def _contrast(picture: Picture) -> Picture:
    """Local contrast on a small grid, normalised: what exposure and grade do not change."""
    grey = np.log2(np.maximum(_shrunk(picture, (96, 54)).mean(axis=2), 1e-3))
    local = grey - cv2.GaussianBlur(grey, (0, 0), 6)
    return np.asarray((local - local.mean()) / max(float(local.std()), 1e-6), np.float32)


def _difference(picture: Picture, still: Picture, linear: bool) -> float:
    """Mean ΔE00 over a grid: scene-linear where the still is, else as a viewer sees both."""
    if linear:
        return float(ciede2000(_shrunk(still, _GRID), _shrunk(picture, _GRID)).mean())
    # Rendered before it is averaged, as the still was: an edge of light and dark is another mean after the view.
    shown = np.asarray(display(np.ascontiguousarray(_shrunk(picture, (384, 216)))), np.float32)
    # Display codes of both through one decoding (BT.1886, Rec.709 primaries): what is compared is light on the monitor.
    light = [to_working(np.clip(_shrunk(one, _GRID), 0, 1) ** np.float32(2.4), "Linear Rec.709 (sRGB)") for one in (still, shown)]
    return float(ciede2000(light[0], light[1]).mean())


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    finite = np.nan_to_num(np.asarray(picture, np.float32), nan=0.0, posinf=65504.0, neginf=0.0)
    return finite if finite.shape[1::-1] == size else np.asarray(cv2.resize(finite, size, interpolation=cv2.INTER_AREA), np.float32)
