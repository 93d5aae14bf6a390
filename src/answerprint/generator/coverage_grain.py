"""Grain for a new angle: pictures that were averaged and moved have lost theirs, and stand smooth beside what was filmed.

Measured from neighbouring frames of the scene's own clips, and put on as far as the picture lost it: what a single real picture
gave keeps its own, and performers are never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.generator.coverage_scene import CoverageScene, Sighting, resized
from answerprint.generator.noise_model import BLOCK, NoiseModel, measure_noise_model
from answerprint.generator.regrain import amplitudes, made_grain
from answerprint.graph.contract import Analysis, Context, Picture, Plane


@dataclass
class _Run:
    """Frames of one clip that follow one another, as an operation reads them."""

    sightings: Sequence[Sighting]
    height: int | None

    def __post_init__(self) -> None:
        self.count, self.clip = len(self.sightings), self.sightings[0].clip
        self.digest = self.sightings[0].digest
        camera = resized(self.sightings[0], self.height)[3]
        self.width, self.height = camera.width, camera.height
        self.camera = None

    def read(self, index: int) -> Picture:
        return resized(self.sightings[index], self.height)[0]


def measure_grain(scene: CoverageScene, height: int | None, context: Context, analysis: Analysis) -> None:
    """Keep the grain of the scene's longest run of frames; nothing where no two frames follow one another, for stills tell none."""
    run = _longest(scene.sightings)
    if len(run) < 2:
        return
    reader = _Run(run, height)
    if min(reader.width, reader.height or 0) < 4 * BLOCK:
        return
    model = measure_noise_model(reader, context)  # type: ignore[arg-type]
    analysis.arrays |= {f"grain.{n}": a for n, a in model.arrays().items()} | {"grain.amplitude": amplitudes(model)}
    analysis.facts["grain"] = {"clip": reader.clip, "noise_at_grey": model.strength}


def grained(
    picture: Picture, remains: Plane, alpha: Plane, strength: float, analysis: Analysis, rng: np.random.Generator
) -> tuple[Picture, Picture]:
    """The picture with the grain it lost, and that grain; ``remains`` (h, w) is the share of a source's variance it has, ``alpha`` performers."""
    if strength == 0 or "grain.amplitude" not in analysis.arrays:
        return picture, np.zeros_like(picture)
    model = NoiseModel.from_arrays({n[6:]: a for n, a in analysis.arrays.items() if n.startswith("grain.")})
    missing = np.sqrt(np.clip(1 - remains, 0, 1)) * (1 - alpha)
    grain: NDArray[np.float32] = made_grain(picture, model, analysis.arrays["grain.amplitude"], rng)
    grain = (grain * (strength * missing)[..., None]).astype(np.float32)
    return picture + grain, grain


def _longest(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The longest run of frames one after another of one clip."""
    best: list[Sighting] = []
    run: list[Sighting] = []
    for one in sorted(sightings, key=lambda s: (s.clip, s.frame)):
        follows = run and run[-1].clip == one.clip and one.frame == run[-1].frame + 1
        run = [*run, one] if follows else [one]
        best = run if len(run) > len(best) else best
    return best
