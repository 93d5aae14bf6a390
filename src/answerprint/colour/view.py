"""Looking at the working space: the ACES 2.0 views, exact for deliverables and baked for proxies.

======== ================================================ =======================================================
``sdr``  SDR 100 nits, Rec.709 monitor, BT.1886           movies tagged BT.709
``srgb`` the same rendering on an sRGB display            stills and the review page
``p3``   SDR 100 nits, P3-D65 monitor or projector, 2.6   theatrical review; movies carry no tag for it
``hdr``  HDR 1000 nits, P3-D65 colours in a Rec.2100 PQ   movies tagged BT.2020 PQ: 1.0 is 10 000 nits (ST 2084)
         signal
======== ================================================ =======================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from answerprint.colour.config import config, config_digest
from answerprint.colour.kept_cube import kept_cube
from answerprint.colour.spaces import GRADING, WORKING
from answerprint.colour.transform import EXACT, Picture, cpu_of, run
from answerprint.production import BadInput
from answerprint.production.home import cache_folder

VIEWS = {
    "sdr": ("Rec.1886 Rec.709 - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"),
    "srgb": ("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"),
    "p3": ("P3-D65 - Display", "ACES 2.0 - SDR 100 nits (P3 D65)"),
    "hdr": ("Rec.2100-PQ - Display", "ACES 2.0 - HDR 1000 nits (P3 D65)"),
}
_EDGE = 65


def display(acescg: NDArray[np.floating], view: str = "sdr") -> Picture:
    """Scene-linear ACEScg (..., 3) as display code values 0 to 1, by the analytic rendering. NaN shows as black."""
    return np.clip(run(_analytic(_known(view)), _shown(acescg)), 0.0, 1.0)


@dataclass(frozen=True)
class ViewLUT:
    """The view baked into a 65-point cube behind the ACEScct curve: about 20 times faster, good enough to watch.

    Never for a deliverable: tests/colour/test_view.py holds how far it is from the analytic view.
    """

    view: str
    cube: NDArray[np.float32]
    """(65, 65, 65, 3), indexed red, green, blue; display code values."""

    @classmethod
    def bake(cls, view: str = "sdr") -> ViewLUT:
        """Compute the cube from the analytic view."""
        steps = np.linspace(0.0, 1.0, _EDGE, dtype=np.float32)
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        linear = run(config().getProcessor(GRADING, WORKING).getOptimizedCPUProcessor(EXACT), grid)
        return cls(_known(view), display(linear, view))

    @classmethod
    def cached(cls, view: str = "sdr") -> ViewLUT:
        """The cube from the user's cache folder, baked and kept there the first time.

        The file carries its own digest; a damaged one is baked again. Without a writable cache the cube is simply
        baked.
        """
        return _remembered(_known(view), config_digest(), str(cache_folder()))

    def apply(self, acescg: NDArray[np.floating]) -> Picture:
        """Scene-linear ACEScg (..., 3) as display code values 0 to 1, tetrahedrally interpolated."""
        return np.clip(run(self._processor, _shown(acescg)), 0.0, 1.0)

    @cached_property
    def _processor(self) -> ocio.CPUProcessor:
        cube = ocio.Lut3DTransform(_EDGE)
        cube.setData(self.cube.ravel())  # blue fastest, as the library keeps it
        cube.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        group = ocio.GroupTransform()
        group.appendTransform(ocio.ColorSpaceTransform(WORKING, GRADING))
        group.appendTransform(cube)
        return cpu_of(group)


@cache
def _remembered(view: str, digest: str, folder: str) -> ViewLUT:
    return ViewLUT(view, kept_cube(f"view-{view}", _EDGE, f"{view} {VIEWS[view]}", lambda: ViewLUT.bake(view).cube))


@cache
def _analytic(view: str) -> ocio.CPUProcessor:
    screen, rendering = VIEWS[view]
    return config().getProcessor(WORKING, screen, rendering, ocio.TRANSFORM_DIR_FORWARD).getOptimizedCPUProcessor(EXACT)


def _known(view: str) -> str:
    if view not in VIEWS:
        raise BadInput(f"view {view!r}", "is not one we render", f"use one of: {', '.join(VIEWS)}")
    return view


def _shown(acescg: NDArray[np.floating]) -> Picture:
    """Something every display can show: no NaN, no infinity."""
    return np.nan_to_num(np.asarray(acescg, dtype=np.float32), nan=0.0, posinf=65504.0, neginf=-65504.0)
