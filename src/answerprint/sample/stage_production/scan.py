"""The stage as a laser scanner sees it from two places: depth of a low-sample render, unprojected, with 3 mm of noise, as E57.

The performers are not there yet and nothing is bent: a scanner has no lens. Each of the two scans keeps its own pose, as a
registered pair from the scanner's software does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from answerprint.colour.view import display
from answerprint.media.exr import read_exr
from answerprint.optics.track import axes_from_angles
from answerprint.sample.stage_production.setups import room
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import RenderSettings, Stage, StageCamera

Tell = Callable[[int, int, str], None]
NOISE_M = 0.003
STATIONS: dict[str, tuple[float, float, float]] = {"S1": (0.45, -1.45, 1.55), "S2": (-1.75, -0.75, 1.30)}
_SIZE = 104
_FARTHEST_M = 8.0
_SIDES = {
    "N": (0.0, 0.0, 0.0),
    "W": (90.0, 0.0, 0.0),
    "S": (180.0, 0.0, 0.0),
    "E": (-90.0, 0.0, 0.0),
    "D": (0.0, -89.9, 0.0),
    "U": (0.0, 89.9, 0.0),
}


def scan_stages() -> dict[str, Stage]:
    """What is rendered for each station: six square pictures of 90 degrees."""
    return {name: _station(name, place) for name, place in STATIONS.items()}


def _station(name: str, place: tuple[float, float, float]) -> Stage:
    sides = tuple(
        StageCamera(label=side, active_sensor_resolution=(_SIZE, _SIZE), active_sensor_physical_dimensions=(20.0, 20.0),
                    pinhole_focal_length=10.0, translation=place, rotation=turn, t_stop=4.0)
        for side, turn in _SIDES.items()
    )  # fmt: skip
    settings = RenderSettings(samples=1, bounces=0, passes=("beauty", "depth", "albedo"))
    return Stage(name=name, seed=77, set=room(), cameras=sides, render=settings)


def render_scans(render: Path, tell: Tell) -> None:
    """Render both stations below ``render``."""
    for name, stage in scan_stages().items():
        shoot_stage(stage, render / name, tell)


def write_scans(render: Path, path: Path, seed: int = 301) -> int:
    """Write the two scans as one E57 with poses; returns the number of points."""
    import pye57  # type: ignore[import-untyped, import-not-found, unused-ignore]

    if path.exists():
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    draw = np.random.default_rng(seed)
    total = 0
    file = pye57.E57(str(unfinished), mode="w")
    for name, place in STATIONS.items():
        xyz, colour = _points(render / name, scan_stages()[name], draw)
        data = {f"cartesian{axis}": np.ascontiguousarray(xyz[:, i]) for i, axis in enumerate("XYZ")}
        data |= {f"color{channel}": np.ascontiguousarray(colour[:, i]) for i, channel in enumerate(("Red", "Green", "Blue"))}
        file.write_scan_raw(data, name=name, rotation=np.array([1.0, 0, 0, 0]), translation=np.array(place))
        total += len(xyz)
    file.close()
    unfinished.replace(path)
    return total


def _points(folder: Path, stage: Stage, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points from the scanner's own place (n, 3) metres and their colours (n, 3) 0 to 255."""
    found, colours = [], []
    y, x = np.mgrid[:_SIZE, :_SIZE]
    away = np.stack([(x + 0.5) / _SIZE * 2 - 1, np.ones_like(x, dtype=float), 1 - (y + 0.5) / _SIZE * 2], axis=-1)
    for camera in stage.cameras:
        frame = f"{stage.name}.{stage.first_frame:04d}.exr"
        depth = np.asarray(read_exr(folder / camera.label / "depth" / frame).planes["Z"], dtype=np.float64)
        planes = read_exr(folder / camera.label / "albedo" / frame).planes
        albedo = np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)
        rays = away @ axes_from_angles(np.array(camera.rotation)).T
        length = np.linalg.norm(rays, axis=-1)
        there = np.isfinite(depth) & (depth * length < _FARTHEST_M)
        reach = (depth * length)[there] + draw.normal(0.0, NOISE_M, int(there.sum()))
        found.append((rays / length[..., None])[there] * reach[:, None])
        shown = np.clip(np.asarray(display(albedo, "srgb")), 0, 1)
        colours.append(np.round(shown[there] * 255).astype(np.uint8))
    return np.concatenate(found), np.concatenate(colours)
