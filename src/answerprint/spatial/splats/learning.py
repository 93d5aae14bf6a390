"""The splats while they are being fitted: their values as the optimiser moves them, and its memory.

Colours move as tones (`tone`), slopes in the same measure, so that a step is as visible in the shadows as in a lamp.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.adam import FIRST, SECOND, step_range
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.projection import OPACITY
from answerprint.spatial.splats.projection_back import Gradients
from answerprint.spatial.splats.render import runs, side_by_side
from answerprint.spatial.splats.tone import KNEE, SPAN, toned, untoned

COLUMNS = ("means", "log_scales", "quaternions", "opacity_logits", "tones", "slopes")


@dataclass(eq=False)
class Learning:
    """n splats with what Adam remembers of each; all tables (n, k) float32."""

    values: dict[str, Float]
    first: dict[str, Float]
    second: dict[str, Float]
    steps: int = 0

    @classmethod
    def of(cls, cloud: SplatCloud, degree: int) -> Learning:
        """From a cloud; with ``degree`` 1 every splat gets slopes."""
        n = len(cloud)
        slopes = cloud.slopes if len(cloud.slopes) else np.zeros((n if degree else 0, 3, 3), dtype=np.float32)
        values = {
            "means": cloud.means.copy(), "log_scales": cloud.log_scales.copy(), "quaternions": cloud.quaternions.copy(),
            "opacity_logits": cloud.opacity_logits[:, None].copy(), "tones": toned(cloud.colours),
        }  # fmt: skip
        values["slopes"] = (
            (slopes / _measure(values["tones"][: len(slopes)])[:, None, :]).reshape(-1, 9)
            if degree
            else np.zeros((0, 9), dtype=np.float32)
        )
        return cls(
            values, {name: np.zeros_like(v) for name, v in values.items()}, {name: np.zeros_like(v) for name, v in values.items()}
        )

    def __len__(self) -> int:
        return len(self.values["means"])

    def cloud(self, seen_by: NDArray[np.int32] | None = None) -> SplatCloud:
        """What the values stand for now."""
        v = self.values
        slopes = v["slopes"].reshape(-1, 3, 3) * _measure(v["tones"][: len(v["slopes"])])[:, None, :]
        none = np.zeros(0, dtype=np.int32)
        return SplatCloud(
            v["means"], v["log_scales"], v["quaternions"], v["opacity_logits"][:, 0], untoned(v["tones"]), slopes,
            none if seen_by is None else seen_by,
        )  # fmt: skip

    def step(self, gradients: Gradients, projected: Float, rates: dict[str, float], pool: ThreadPoolExecutor) -> None:
        """One step of Adam for the splats in the picture. ``rates`` are learning rates by column."""
        self.steps += 1
        young = float(np.sqrt(1 - SECOND**self.steps) / (1 - FIRST**self.steps))
        measure = _measure(self.values["tones"])
        by_tone = gradients.colours * measure
        by_slope = np.zeros((0, 9), dtype=np.float32)
        if len(gradients.slopes):
            by_slope = (gradients.slopes * measure[:, None, :]).reshape(-1, 9)
            own = self.values["slopes"].reshape(-1, 3, 3)
            by_tone += np.float32(SPAN) * (own * gradients.slopes).sum(axis=1) * measure
        given = {
            "means": gradients.means, "log_scales": gradients.log_scales, "quaternions": gradients.quaternions,
            "opacity_logits": gradients.opacity_logits[:, None], "tones": by_tone, "slopes": by_slope,
        }  # fmt: skip
        seen = np.ascontiguousarray(projected[:, OPACITY])
        for name, gradient in given.items():
            columns = (self.values[name], gradient, self.first[name], self.second[name])
            if len(gradient):
                rate = np.float32(rates[name] * young)
                side_by_side(pool, _stepping(seen, columns, rate), runs(len(seen), pool))

    def grown(self, parents: NDArray[np.intp], changed: dict[str, Float]) -> None:
        """Add a copy of each of ``parents`` with the given columns, without memory."""
        for name, value in self.values.items():
            if not len(value):
                continue
            rows = changed.get(name, value[parents])
            self.values[name] = np.concatenate([value, rows.astype(np.float32)])
            for memory in (self.first, self.second):
                memory[name] = np.concatenate([memory[name], np.zeros_like(rows, dtype=np.float32)])

    def replaced(self, where: NDArray[np.intp], columns: dict[str, Float]) -> None:
        """Give some splats other values and no memory."""
        for name in self.values:
            if not len(self.values[name]):
                continue
            if name in columns:
                self.values[name][where] = columns[name]
            self.first[name][where] = 0
            self.second[name][where] = 0


def _stepping(seen: Float, columns: tuple[Float, Float, Float, Float], rate: np.float32) -> Callable[[int, int], None]:
    return lambda first, last: step_range(first, last, seen, *columns, rate)


def _measure(tones: Float) -> Float:
    """Light for a unit of tone there: the derivative of `untoned`."""
    return np.asarray(np.float32(KNEE * SPAN) * np.exp(np.abs(tones) * np.float32(SPAN)), dtype=np.float32)
