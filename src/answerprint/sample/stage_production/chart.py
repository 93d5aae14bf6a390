"""Lens-grid frames: a checkerboard held before the production's lens at two focus distances, drawn through the lens model.

Each frame is the board at another angle, sampled nine times a pixel, with the sensor's noise, as an 8-bit still. What the
lens really does stays in the sealed truth; these pictures are how a production would find out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.optics.camera import Camera
from answerprint.optics.chart import Chart
from answerprint.sample.stage_production import lens

ZOOM, FOCI = 25.0, (0.6, 2.0)
CHART = Chart(columns=9, rows=6, pitch=0.04)
_TILTS = ((0, 0, 0), (24, 6, 3), (-22, 12, -4), (8, 26, 5), (-6, -27, 2), (17, -18, -7), (-15, 20, 9))
"""Degrees about x, y, z; one frame each."""
_OVER = 3


def grid_name(focus_m: float, number: int) -> str:
    """A still's name: focal length, focus and a letter, so that no counter makes it a frame of a clip."""
    return f"lensgrid_{ZOOM:.0f}mm_{focus_m:.1f}m_{chr(ord('a') + number)}".replace(".", "p") + ".png"


def write_grids(folder: Path) -> None:
    """All frames of both focus distances."""
    folder.mkdir(parents=True, exist_ok=True)
    for focus in FOCI:
        for number, tilt in enumerate(_TILTS):
            path = folder / grid_name(focus, number)
            if not path.exists():
                codes = _drawn(focus, tilt, number)
                write_frame(
                    path, SourceFrame({"Y": codes}, FrameHeader(codes.shape[1], codes.shape[0], storage="uint8", file_format="png"))
                )


def _drawn(focus: float, tilt: tuple[float, float, float], number: int) -> np.ndarray:
    """The board is as far as it is in focus, and larger at the farther focus."""
    chain = lens.chain(ZOOM, focus, 8.0)
    camera: Camera = chain.camera
    pitch = CHART.pitch * focus / FOCI[0]
    y, x = np.mgrid[: lens.HEIGHT * _OVER, : lens.WIDTH * _OVER]
    pixels = np.stack([(x + 0.5) / _OVER - 0.5, (y + 0.5) / _OVER - 0.5], axis=-1)
    middle, scale = camera.matrix[:2, 2], camera.matrix[[0, 1], [0, 1]]
    straight = (camera.undistort(pixels) - middle) / scale
    turn = Rotation.from_euler("xyz", tilt, degrees=True).as_matrix()
    side = 0.10 * focus * np.array([(-1) ** number, (-1) ** (number // 2)]) * (number > 0)
    place = np.array([side[0], side[1] * 0.45, focus])
    # Ray s (x, y, 1) meets the board where its distance along the board's normal is nothing.
    rays = np.concatenate([straight, np.ones((*straight.shape[:2], 1))], axis=-1)
    share = (place @ turn[:, 2]) / (rays @ turn[:, 2])
    on = (rays * share[..., None] - place) @ turn[:, :2] / pitch
    columns, rows = on[..., 0] + (CHART.columns + 1) / 2, on[..., 1] + (CHART.rows + 1) / 2
    inside = (columns >= 0) & (columns < CHART.columns + 1) & (rows >= 0) & (rows < CHART.rows + 1)
    dark = inside & ((np.floor(columns) + np.floor(rows)) % 2 == 0)
    paper = np.where(dark, 0.04, np.where((np.abs(on[..., 0]) < 6.2) & (np.abs(on[..., 1]) < 4.7), 0.78, 0.16))
    light = paper.reshape(lens.HEIGHT, _OVER, lens.WIDTH, _OVER).mean(axis=(1, 3)).astype(np.float32)[..., None]
    noisy = chain.noise(chain.falloff(np.repeat(light, 3, axis=-1)), 501, number + round(100 * focus))[..., 1]
    return np.ascontiguousarray(np.round(np.clip(noisy, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
