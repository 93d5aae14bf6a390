"""One picture forwards and the error's gradient backwards, on the threads of a pool."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.projection import arrays, packed
from answerprint.spatial.splats.projection_back import Gradients, project_back_range
from answerprint.spatial.splats.raster_back import GRADIENTS, raster_back_range
from answerprint.spatial.splats.render import planes_of, projected_by, runs, side_by_side, workers
from answerprint.spatial.splats.tiles import Tiles, tiles


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture of a cloud with what is needed to go back from its pixels to the splats."""

    cloud: SplatCloud
    camera: Camera
    projected: Float
    squares: Tiles
    planes: Float
    """(PLANES, rows, columns) for whole squares: the picture and up to 15 rows and columns beyond it"""
    ends: NDArray[np.int32]


def drawn(cloud: SplatCloud, camera: Camera, pool: ThreadPoolExecutor) -> Drawn:
    """The picture of ``cloud`` by ``camera``."""
    projected = projected_by(cloud, camera, pool)
    squares = tiles(projected, camera.width, camera.height)
    planes, ends = planes_of(projected, squares, pool)
    return Drawn(cloud, camera, projected, squares, planes, ends)


def gradients_of(picture: Drawn, by_planes: Float, pool: ThreadPoolExecutor) -> Gradients:
    """The error's gradient by the cloud, from that by the planes THROUGH, R, G, B, EXPECTED (5, rows, columns).

    The bytes are the same whatever the number of threads: each square's share is kept apart and summed splat by splat.
    """
    squares, projected = picture.squares, picture.projected
    said = np.empty((len(squares.splats), GRADIENTS), dtype=np.float32)
    side_by_side(
        pool,
        lambda a, b: raster_back_range(
            a,
            b,
            squares.wide,
            squares.starts,
            squares.splats,
            squares.slots,
            picture.ends,
            projected,
            picture.planes,
            by_planes,
            said,
        ),
        squares.shares(4 * workers(pool)),
    )
    cam, columns = packed(picture.camera), arrays(picture.cloud)
    out = Gradients.empty(len(picture.cloud), len(picture.cloud.slopes))
    side_by_side(
        pool,
        lambda a, b: project_back_range(a, b, cam, *columns, projected, squares.slot_starts, said, *out.arrays()),
        runs(len(picture.cloud), pool),
    )
    return out
