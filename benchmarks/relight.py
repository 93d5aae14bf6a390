"""Relight by geometry on the rendered production, against truth: other levels of its lamps are exact sums of its light groups.

    python benchmarks/relight.py

Truth has no noise and holds the lamps' bounce off the walls, which the model only guesses. PSNR is of display codes, on all of the picture and on
the performer; beside it doing nothing, the best gain of each channel, and the exact gain as slow as ours, which is as far as that can go.
Direction and ratio are read off the face the same way in both. Once with the gaffer's list and a window whose place was only guessed, once
with the window surveyed and metered as the lamps are and the back light's beam known.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.captioner.light import shading
from answerprint.generator.light_geometry import RigLight, SeenSurface
from answerprint.generator.relight_geometry import MOST_STOPS, RelightGeometry, RelightGeometryParameters, slow
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.media.exr import read_exr
from answerprint.optics.camera import Camera
from answerprint.production import FrameRange
from answerprint.quality.metrics import psnr, shown
from answerprint.sample.stage_production.build import ready_production

LUX = {"key": 120.0, "fill": 24.0, "back": 74.0, "practical": 22.0}
"""The gaffer's list of setup 21C; the window stands in no list and is given by its place alone."""
METERED = 136.0
"""Lux of the window and the sky in it on a card at the key's aim that faces it, rendered without the performer: 1.13 times the key's 120."""
CASES = {
    "fill +2": {"fill": 2.0}, "key -1, fill +1": {"key": -1.0, "fill": 1.0}, "key -1.5": {"key": -1.5},
    "key -3, fill +2": {"key": -3.0, "fill": 2.0}, "key +1": {"key": 1.0}, "key +1, fill -2": {"key": 1.0, "fill": -2.0},
}  # fmt: skip
FACE = ((202.0, 78.0), 52.0, 74.0)
LUMINANCE = np.array([0.2722287, 0.6740818, 0.0536895], np.float32)


class One:
    """One frame as a reader."""

    count, clip, digest = 1, "21C", "21C"

    def __init__(self, picture: np.ndarray, camera: Camera | None = None) -> None:
        self.picture, self.camera = picture, camera
        self.height, self.width = picture.shape[:2]

    def read(self, index: int) -> np.ndarray:
        """The frame, the caller's to change."""
        return self.picture.copy()


def surveyed(rig: tuple[RigLight, ...]) -> tuple[RigLight, ...]:
    """The rig with its window where it stands, between its curtains, with its reading; and the back light's beam."""
    known: dict[str, dict[str, Any]] = {
        "window": {"position": (-2.3, -0.225, 1.475), "aim": (0.5, 0.74, 1.56), "size": 1.25, "lux": METERED},
        "back": {"beam": 60.0},
    }
    return tuple(light.model_copy(update=known.get(light.id, {})) for light in rig)


def rendered(frame: int = 1004) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray, Camera, tuple[RigLight, ...]]:
    """Beauty, depth, light groups, the performer's matte, camera and rig of a frame of setup 21C."""
    home = ready_production() / "render" / "21C-1"
    name = f"21C-1.{frame}.exr"

    def rgb(place: Path) -> np.ndarray:
        planes = read_exr(place).planes
        return np.stack([planes[c] for c in "RGB"], axis=-1).astype(np.float32)

    stage = json.loads((home / "stage.json").read_text())
    camera = Camera.model_validate(json.loads((home / "A" / "records" / f"21C-1.{frame}.json").read_text())["camera"])
    groups = {place.name: rgb(place / name) for place in sorted((home / "A" / "groups").iterdir())}
    matte = next(iter(read_exr(home / "A" / "mattes" / "Mara" / name).planes.values())).astype(np.float32)
    rig = [
        RigLight(id=one["name"], position=tuple(one["translation"]), aim=tuple(one["aim"]), size=float(np.mean(one["size"])), lux=LUX[one["name"]])
        for one in stage["lights"]
    ]  # fmt: skip
    rig.append(RigLight(id="window", position=(-1.9, 0.2, 1.5), aim=(0.5, 0.74, 1.56), size=1.2))
    return rgb(home / "A" / "beauty" / name), read_exr(home / "A" / "depth" / name).planes["Z"], groups, matte, camera, tuple(rig)


def relit(beauty: np.ndarray, depth: np.ndarray, camera: Camera, rig: tuple[RigLight, ...], gains: dict[str, float]) -> np.ndarray:
    """The operation's picture."""
    lamps = tuple(light.model_copy(update={"gain_stops": gains.get(light.id, 0.0)}) for light in rig)
    operation, parameters = RelightGeometry(), RelightGeometryParameters(camera=camera, rig=lamps)
    inputs = {"plate": One(beauty), "depth": One(depth)}
    analysis = operation.analyse(inputs, parameters, SeededContext(0))
    result = next(iter(operation.render(Chunk(FrameRange(0, 1), inputs), analysis, parameters, SeededContext(0))))
    assert result.fill is not None
    return np.asarray(result.fill)


def face(picture: np.ndarray) -> tuple[float, float, float]:
    """Key to fill in stops, azimuth and elevation in degrees on the performer's face."""
    found = shading((picture @ LUMINANCE).astype(np.float32), np.array(FACE[0]), FACE[1], FACE[2])
    assert found is not None
    return found


def slowest_exact(beauty: np.ndarray, truth: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """The plate under the gain that truth takes, as slow along surfaces and as limited as the operation's."""
    seen = SeenSurface(depth, camera).depth.astype(np.float32)
    stops = np.log2(np.maximum(truth, 1e-6) / np.maximum(beauty, 1e-6)).astype(np.float32)
    small = cv2.resize(stops, seen.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(beauty * np.exp2(slow(np.clip(small, -MOST_STOPS, MOST_STOPS), seen, depth.shape)))


def main() -> None:
    """Print one row for each case of either rig."""
    beauty, depth, groups, matte, camera, listed = rendered()
    for heading, rig in (("window guessed", listed), ("all measured", surveyed(listed))):
        print(f"{heading:18} nothing   gain   ours  exact | on her  gain   ours | ratio off  azimuth off  elevation off  CPU s")
        for name, gains in CASES.items():
            truth = np.asarray(sum(p * np.float32(2.0 ** gains.get(group, 0.0)) for group, p in groups.items()), np.float32)
            started = time.process_time()
            made = relit(beauty, depth, camera, rig, gains)
            spent = time.process_time() - started
            best = beauty * ((beauty * truth).sum(axis=(0, 1)) / (beauty**2).sum(axis=(0, 1)))
            exact = slowest_exact(beauty, truth, depth, camera)
            whole = [psnr(shown(p.astype(np.float32)), shown(truth)) for p in (beauty, best, made, exact)]
            her = [psnr(shown(p.astype(np.float32)), shown(truth), matte > 0.5) for p in (best, made)]
            off = [abs(a - b) for a, b in zip(face(truth), face(made), strict=True)]
            print(f"{name:18} {whole[0]:7.2f} {whole[1]:6.2f} {whole[2]:6.2f} {whole[3]:6.2f} |        {her[0]:5.2f} {her[1]:6.2f} |"
                  f" {off[0]:6.2f}     {off[1]:6.1f}       {off[2]:6.1f}     {spent:6.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
