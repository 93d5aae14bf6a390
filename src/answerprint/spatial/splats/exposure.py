"""What each take's exposure and colour are against the scene's: an affine change of light, learnt beside the splats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from answerprint.spatial.splats.cloud import Float

_PULL = 1e-3
"""How strongly a matrix is drawn back to none at each step, times its learning rate: what can be explained by the scene, should be."""


def _none() -> Float:
    return np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1).astype(np.float32)


@dataclass(eq=False)
class Exposures:
    """A matrix (3, 4) for each name, float32; that of ``fixed`` stays the identity, so that the scene's light has a measure."""

    fixed: str
    matrices: dict[str, Float] = field(default_factory=dict)
    first: dict[str, Float] = field(default_factory=dict)
    second: dict[str, Float] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str]) -> Exposures:
        """Identities for all names; the first is fixed."""
        made = cls(names[0])
        for name in dict.fromkeys(names):
            made.matrices[name], made.steps[name] = _none(), 0
            made.first[name], made.second[name] = np.zeros((3, 4), dtype=np.float32), np.zeros((3, 4), dtype=np.float32)
        return made

    def matrix(self, name: str) -> Float:
        """(3, 4) that takes the scene's light to that of the views with this name."""
        return self.matrices[name]

    def step(self, name: str, gradient: Float, rate: float) -> None:
        """One step of Adam for one name."""
        if name == self.fixed:
            return
        self.steps[name] += 1
        self.first[name] = (0.9 * self.first[name] + 0.1 * gradient).astype(np.float32)
        self.second[name] = (0.99 * self.second[name] + 0.01 * gradient**2).astype(np.float32)
        first = self.first[name] / (1 - 0.9 ** self.steps[name])
        second = self.second[name] / (1 - 0.99 ** self.steps[name])
        moved = self.matrices[name] - rate * first / (np.sqrt(second) + 1e-12) - rate * _PULL * (self.matrices[name] - _none())
        self.matrices[name] = moved.astype(np.float32)

    def document(self) -> dict[str, list[list[float]]]:
        """Plain numbers by name."""
        return {name: [[round(float(v), 6) for v in row] for row in matrix] for name, matrix in self.matrices.items()}
