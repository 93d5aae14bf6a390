"""A scene as a cloud of soft ellipsoids ("splats"): where each lies, how large, how opaque, what light it sends.

3D Gaussian splatting as in B. Kerbl et al., "3D Gaussian Splatting for Real-Time Radiance Field Rendering" (2023). Here the
colours are light: scene-linear ACEScg, composited as light.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput

Float = NDArray[np.float32]


def _no_slopes() -> Float:
    return np.zeros((0, 3, 3), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class SplatCloud:
    """n splats, float32 arrays of equal length; stage axes (Z up), metres."""

    means: Float
    """(n, 3) centres, metres"""
    log_scales: Float
    """(n, 3) natural logarithm of the standard deviations along the splat's own axes, metres"""
    quaternions: Float
    """(n, 4) w, x, y, z from the splat's own axes to the stage's; any length but 0"""
    opacity_logits: Float
    """(n,) opacity is 1 / (1 + exp(-logit))"""
    colours: Float
    """(n, 3) scene-linear ACEScg, seen from the mean of all directions"""
    slopes: Float = field(default_factory=_no_slopes)
    """(n, 3, 3) change of colour per unit of x, y, z of the direction from the camera, [axis, channel]: spherical
    harmonics of degree 1. (0, 3, 3) for a cloud that looks alike from everywhere"""
    seen_by: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """(n,) how many of the cameras it was fitted to saw it; empty where nobody knows"""

    def __post_init__(self) -> None:
        n = len(self.means)
        shapes = {"means": (n, 3), "log_scales": (n, 3), "quaternions": (n, 4), "opacity_logits": (n,), "colours": (n, 3)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise BadInput("splat cloud", f"{name} is {getattr(self, name).shape}, not {shape}", "give one row for each splat")
        if self.slopes.shape not in ((n, 3, 3), (0, 3, 3)) or self.seen_by.shape not in ((n,), (0,)):
            raise BadInput(
                "splat cloud", "slopes or seen_by are not one row for each splat", "give one row for each splat, or none"
            )
        for column in fields(self):
            wanted = np.int32 if column.name == "seen_by" else np.float32
            object.__setattr__(self, column.name, np.ascontiguousarray(getattr(self, column.name), dtype=wanted))

    def __len__(self) -> int:
        return len(self.means)

    @property
    def opacities(self) -> Float:
        """(n,) 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-self.opacity_logits)), dtype=np.float32)

    @property
    def scales(self) -> Float:
        """(n, 3) standard deviations along the splat's own axes, metres."""
        return np.asarray(np.exp(self.log_scales), dtype=np.float32)

    @property
    def axes(self) -> Float:
        """(n, 3, 3) rotations; columns are the splat's own axes in the stage."""
        w, x, y, z = (self.quaternions / np.linalg.norm(self.quaternions, axis=1, keepdims=True)).T
        rows = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
        return np.ascontiguousarray(np.array(rows, dtype=np.float32).transpose(2, 0, 1))

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> SplatCloud:
        """Some of the splats."""
        columns = {c.name: getattr(self, c.name) for c in fields(self)}
        return replace(self, **{name: column[keep] for name, column in columns.items() if len(column)})

    @classmethod
    def of_points(
        cls, xyz: NDArray[np.floating], colours: NDArray[np.floating], spread: NDArray[np.floating], opacity: float = 0.5
    ) -> SplatCloud:
        """Round splats at points (n, 3) in metres with ACEScg colours (n, 3) and standard deviations (n,) in metres."""
        n = len(xyz)
        turns = np.zeros((n, 4), dtype=np.float32)
        turns[:, 0] = 1
        return cls(
            means=np.asarray(xyz, dtype=np.float32),
            log_scales=np.repeat(np.log(np.maximum(spread, 1e-6))[:, None], 3, axis=1).astype(np.float32),
            quaternions=turns,
            opacity_logits=np.full(n, np.log(opacity / (1 - opacity)), dtype=np.float32),
            colours=np.asarray(colours, dtype=np.float32),
        )
