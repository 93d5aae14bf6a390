"""Putting measurements into the stage: surveyed points first, then scan onto scan; the error in millimetres, and the fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.track import CameraTrack, angles_from_axes
from answerprint.production import BadInput, FaultFound

Real = NDArray[np.float64]
LIMIT_M = 0.010
"""Root mean square over which a registration is a fault."""
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Registration:
    """``matrix`` (4, 4) takes measured metres to stage metres (its scale included); errors are distances in metres."""

    matrix: Real
    scale: float
    rms_m: float
    residuals_m: dict[str, float] = field(default_factory=dict)
    """Distance left at each point, by name"""
    pairs: int = 0
    method: str = "surveyed points"

    def apply(self, xyz: NDArray[np.floating]) -> Real:
        """Points (..., 3) on the stage."""
        return np.asarray(np.asarray(xyz, dtype=np.float64) @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def place(self, track: CameraTrack) -> CameraTrack:
        """A camera track on the stage: positions moved and scaled, cameras turned."""
        turn = self.matrix[:3, :3] / self.scale
        said = f"registered to the stage by {self.method}, {self.rms_m * 1000:.1f} mm"
        return track.moved(
            translation=self.apply(track.translation), rotation=angles_from_axes(turn @ track.axes),
            extra={**track.extra, "registration": said},
        )  # fmt: skip

    def faults(self, limit_m: float = LIMIT_M) -> list[str]:
        """What is wrong with it: the error over the limit and the worst point; empty when it holds."""
        if self.rms_m <= limit_m:
            return []
        worst = max(self.residuals_m, key=lambda n: self.residuals_m[n], default="")
        where = f"; {worst} is off by {self.residuals_m[worst] * 1000:.1f} mm" if worst else ""
        return [f"{self.method}: {self.rms_m * 1000:.1f} mm root mean square, over {limit_m * 1000:g} mm{where}"]

    def require(self, limit_m: float = LIMIT_M) -> Registration:
        """Itself, or FaultFound where it is over the limit."""
        if faults := self.faults(limit_m):
            raise FaultFound(faults[0])
        return self

    def document(self) -> dict[str, object]:
        """As plain JSON, millimetres."""
        return {
            "matrix": self.matrix.tolist(), "scale": self.scale, "method": self.method, "pairs": self.pairs,
            "rms": {"value": round(self.rms_m * 1000, 4), "unit": "mm"}, "faults": self.faults(),
            "residuals": {name: {"value": round(v * 1000, 3), "unit": "mm"} for name, v in self.residuals_m.items()},
        }  # fmt: skip


def umeyama(measured: NDArray[np.floating], stage: NDArray[np.floating], scaled: bool = False) -> tuple[Real, float]:
    """The 4x4 that takes ``measured`` (n, 3) onto ``stage`` (n, 3) with the least squared error, and its scale.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE PAMI 13(4), 1991,
    equations 38 to 42. Raises BadInput for fewer than three points and for points on one line, which leave a turn open.
    """
    a, b = np.asarray(measured, dtype=np.float64), np.asarray(stage, dtype=np.float64)
    if a.shape != b.shape or len(a) < _FEWEST:
        raise BadInput("registration", f"{len(a)} points and {len(b)}", "give at least three points that both know")
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    flat = [np.linalg.svd(points - points.mean(axis=0), compute_uv=False) for points in (a, b)]
    if min(values[1] / max(values[0], 1e-12) for values in flat) < 1e-3:
        raise BadInput("registration", "the points lie on one line", "survey a point well away from the line")
    u, values, vt = np.linalg.svd((b - mean_b).T @ (a - mean_a) / len(a))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    turn = u @ np.diag(signs) @ vt
    scale = float((values * signs).sum() / ((a - mean_a) ** 2).sum(axis=1).mean()) if scaled else 1.0
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = scale * turn, mean_b - scale * turn @ mean_a
    return matrix, scale


def register_points(
    measured: Mapping[str, NDArray[np.floating]], surveyed: Mapping[str, NDArray[np.floating]], scaled: bool = False
) -> Registration:
    """What was ``measured`` onto the ``surveyed`` points of the same names, metres. ``scaled`` for solves without a unit.

    Raises BadInput for fewer than three common names.
    """
    names = sorted(set(measured) & set(surveyed))
    if len(names) < _FEWEST:
        raise BadInput("registration", f"{len(names)} points have the same name in both", "name at least three points alike")
    a, b = np.array([measured[n] for n in names]), np.array([surveyed[n] for n in names])
    matrix, scale = umeyama(a, b, scaled)
    left = np.linalg.norm(a @ matrix[:3, :3].T + matrix[:3, 3] - b, axis=1)
    rms = float(np.sqrt((left**2).mean()))
    return Registration(matrix, scale, rms, dict(zip(names, map(float, left), strict=True)), len(names))


def register_scan(
    scan: NDArray[np.floating], stage: NDArray[np.floating], initial: NDArray[np.floating] | None = None, *,
    reach_m: float = 0.10, voxel_m: float = 0.02, rounds: int = 60,
) -> Registration:  # fmt: skip
    """A ``scan`` (n, 3) onto points (m, 3) that are on the stage, from a first guess, by ICP of distributions.

    A. Segal et al., "Generalized-ICP", RSS 2009, as small-gicp has it, on one thread. ``reach_m`` is how far apart two
    points of the same surface may be at the start; the error is the root mean square distance from the planes of the
    stage's own points, over the ``pairs`` within reach after it. Raises BadInput where hardly a tenth of the scan meets the
    stage, and without the library.
    """
    try:
        import small_gicp  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise BadInput(
            "registration", "scan registration needs the extra 'spatial'", "pip install 'answerprint[spatial]'"
        ) from None
    source, target = (np.asarray(p, dtype=np.float64) for p in (scan, stage))
    # Far coordinates lose their millimetres in the library's numbers: both are brought near zero, and back.
    middle = target.mean(axis=0)
    guess = np.eye(4) if initial is None else np.asarray(initial, dtype=np.float64)
    near = guess.copy()
    near[:3, 3] = guess[:3, 3] - middle + guess[:3, :3] @ middle
    fixed, tree = small_gicp.preprocess_points(target - middle, downsampling_resolution=voxel_m, num_threads=1)
    moving, _ = small_gicp.preprocess_points(source - middle, downsampling_resolution=voxel_m, num_threads=1)
    found = small_gicp.align(
        fixed,
        moving,
        tree,
        near,
        registration_type="GICP",
        max_correspondence_distance=reach_m,
        max_iterations=rounds,
        num_threads=1,
    )
    shared = int(found.num_inliers)
    if not shared or shared < 0.1 * moving.size():
        raise BadInput(
            "registration", f"{shared} of {moving.size()} points meet the stage", "give a first guess from surveyed points"
        )
    matrix = np.array(found.T_target_source)
    away = _off_planes(
        np.asarray(moving.points())[:, :3] @ matrix[:3, :3].T + matrix[:3, 3], np.asarray(fixed.points())[:, :3], reach_m
    )
    matrix[:3, 3] += middle - matrix[:3, :3] @ middle
    return Registration(matrix, 1.0, float(np.sqrt((away**2).mean())), {}, len(away), "scan onto scan")


def _off_planes(points: Real, stage: Real, reach: float, neighbours: int = 8) -> Real:
    """Distances of ``points`` from the planes through their nearest stage points, for those within reach."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(stage).query(points, k=neighbours, distance_upper_bound=reach)
    kept = np.isfinite(distance).all(axis=1)
    patches = stage[index[kept]]
    middles = patches.mean(axis=1)
    _, _, vt = np.linalg.svd(patches - middles[:, None])
    return np.asarray(np.abs(np.einsum("ni,ni->n", points[kept] - middles, vt[:, 2])))
