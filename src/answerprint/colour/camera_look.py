"""A camera's codes as a monitor shows them, baked into one cube: input space, grade and view in a single look-up.

A cube over code values is exact enough where the codes are log or gamma encoded: tests/colour/test_camera_look.py holds how far it is
from the analytic way. Linear codes would crowd into its first steps, so they have none. Never for a deliverable.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.config import config, config_digest
from answerprint.colour.kept_cube import kept_cube
from answerprint.colour.lut import Lut
from answerprint.colour.primaries import is_by_primaries
from answerprint.colour.spaces import resolve_space, to_working
from answerprint.colour.transform import Picture
from answerprint.colour.view import VIEWS, display
from answerprint.production import BadInput
from answerprint.production.home import cache_folder

EDGE = 65
_CODED = ("log", "sdr-video", "hdr-video")


def has_camera_look(space: str) -> bool:
    """Whether a space's codes are spaced evenly enough to the eye for a cube to hold them."""
    name = resolve_space(space)
    return not is_by_primaries(name) and config().getColorSpace(name).getEncoding() in _CODED


def camera_look(space: str, grade: CDL | Sequence[CDL] | None = None, view: str = "sdr", top: float = 1.0) -> Lut:
    """The cube from codes of ``space``, 0 to ``top``, to the codes of a view of `answerprint.colour.view`; of several grades the first acts first.

    Without a grade the cube is kept in the user's cache folder. Raises BadInput for an unknown space or view and for a linear space.
    """
    name = resolve_space(space)
    if not has_camera_look(name):
        raise BadInput(f"colour space {space!r}", "is linear: a cube over its codes is too coarse", "convert picture by picture")
    layers = (grade,) if isinstance(grade, CDL) else tuple(grade or ())
    cube = _baked(name, layers, view, top) if layers else _kept(name, view, top, config_digest(), str(cache_folder()))
    return Lut(cube, cube_domain=((0.0,) * 3, (top,) * 3), title=f"{name} as {view}")


def _baked(space: str, layers: Sequence[CDL], view: str, top: float) -> Picture:
    steps = np.linspace(0.0, top, EDGE, dtype=np.float32)
    light = to_working(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1), space)
    for grade in layers:
        light = grades.apply(grade, light)
    return display(light, view)


@cache
def _kept(space: str, view: str, top: float, digest: str, folder: str) -> Picture:
    return kept_cube(f"look-{view}", EDGE, f"{space} {view} {VIEWS.get(view)} {top!r}", lambda: _baked(space, (), view, top))
