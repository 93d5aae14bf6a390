"""The hole the light comes through, as the picture sees it: polygons of blades, ovals, cat's eyes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.lens import Barrel, Iris

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Pupil:
    """A pupil whose round equivalent has the radius 1; x right, y down in the picture."""

    iris: Iris = field(default_factory=Iris)
    squeeze: float = 1.0
    """Anamorphic squeeze: in the desqueezed picture the pupil is that much narrower than high."""
    rim: tuple[float, float] | None = None
    """Radius of the barrel's rim, and how far it moves per unit of the field angle's tangent, both over the pupil's radius."""

    @classmethod
    def of(cls, iris: Iris, squeeze: float, barrel: Barrel | None, pupil_radius: float) -> Pupil:
        """The pupil of a lens stopped to ``pupil_radius`` mm."""
        rim = (barrel.rim_radius / pupil_radius, barrel.rim_distance / pupil_radius) if barrel and pupil_radius > 0 else None
        return cls(iris, squeeze, rim)

    @cached_property
    def outline(self) -> Real:
        """The radius (720,) at every half degree, clockwise in the picture from the right, for an area of pi."""
        angle = -np.radians(np.arange(720) / 2)
        n = self.iris.blades
        radius = np.ones(720)
        if n >= 3:
            wedge = np.mod(angle - np.radians(self.iris.rotation), 2 * np.pi / n) - np.pi / n
            straight = np.cos(np.pi / n) / np.cos(wedge)
            radius = straight + (1 - straight) * self.iris.curvature
        return np.asarray(radius / np.sqrt(np.mean(radius**2)))

    def edge(self, reach: int) -> tuple[Real, Real]:
        """For every offset within ``reach`` pixels: the disc radius that just touches it, and pixels per unit of that radius.

        Both (2 reach + 1, 2 reach + 1), row and column by offset y and x.
        """
        offset = np.arange(-reach, reach + 1, dtype=np.float64)
        x, y = offset[None, :] * self.squeeze, offset[:, None] + 0 * offset[None, :]
        at = np.mod(np.degrees(np.arctan2(y, x)) * 2, 720)
        outline = np.interp(at, np.arange(721), np.append(self.outline, self.outline[0]))
        touching = np.hypot(x, y) / outline
        distance = np.hypot(offset[None, :], offset[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(distance > 0, distance / touching, 1.0)
        return touching, slope

    def open_share(self, tangent: NDArray[np.floating]) -> Real:
        """The part of the round pupil that the rim leaves open at field angles of this tangent; 1 on the axis.

        The area two discs share (E. Weisstein, "Circle-Circle Intersection", MathWorld, equation 14).
        """
        t = np.asarray(tangent, dtype=np.float64)
        if self.rim is None:
            return np.ones_like(t)
        return overlap(1.0, self.rim[0], np.abs(t) * self.rim[1]) / overlap(1.0, self.rim[0], np.zeros(1))[0]


def overlap(one: float, other: float, apart: NDArray[np.floating]) -> Real:
    """The area that two discs of these radii share when their centres are ``apart``, over the area of the first."""
    d = np.asarray(apart, dtype=np.float64)
    low, high = min(one, other), max(one, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = one**2 * np.arccos(np.clip((d**2 + one**2 - other**2) / (2 * d * one), -1, 1))
        b = other**2 * np.arccos(np.clip((d**2 + other**2 - one**2) / (2 * d * other), -1, 1))
        kite = 0.5 * np.sqrt(np.maximum((-d + one + other) * (d + one - other) * (d - one + other) * (d + one + other), 0))
    area = np.where(d <= high - low, np.pi * low**2, np.where(d >= one + other, 0.0, a + b - kite))
    return np.asarray(area / (np.pi * one**2))
