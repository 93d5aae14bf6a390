"""The capture planner: which extra angles a rig, as shot or as planned, will allow, and where one more camera buys the most.

A performer seen from a virtual camera is a real picture of the nearest real camera at the same moment, so the angle between
the two, measured at the performer, is the parallax that has to be hidden. Within the limit an angle is allowed; beyond
it the background alone can be made; where nobody saw the background either, nothing can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import rank_filter

from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

Real = NDArray[np.float64]
LIMIT_DEG = 8.0
Verdict = Literal["allowed", "background only", "not seen", "beyond the walls"]
_ENOUGH_SEEN = 0.6
"""Share of a view's background that real cameras must have seen; below it the picture is mostly invention."""
_ENOUGH_POINTS = 1000
"""A scan of fewer does not show where a room ends."""
_OUTSIDE = "lies beyond what was scanned"
_POINTS_A_CELL = 8
_DEPTH_SLACK = 0.03
_EXACT = 1e-6
"""Degrees; an angle that is asked for at the limit is within it."""


@dataclass(frozen=True)
class Angle:
    """One virtual camera position about the subject, and what the rig says of it."""

    azimuth_deg: float
    """From +X towards +Y, as seen from above"""
    elevation_deg: float
    position: tuple[float, float, float]
    parallax_deg: float
    """To the nearest real camera, at the worst moment"""
    nearest: str
    share_of_moments: float
    """Moments at which it is within the limit"""
    seen_share: float | None
    """Share of the background in view that a real camera saw; None where no scene is known"""
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Plan:
    """Every angle asked for, and the extra cameras that would allow the most of those that are not."""

    subject: tuple[float, float, float]
    limit_deg: float
    angles: tuple[Angle, ...]
    extra: tuple[Angle, ...]

    @property
    def allowed(self) -> tuple[Angle, ...]:
        return tuple(a for a in self.angles if a.verdict == "allowed")

    def document(self) -> dict[str, Any]:
        """As plain JSON, metres and degrees."""
        return {
            "subject": list(self.subject), "limit": {"value": self.limit_deg, "unit": "degree"}, "angles": [asdict(a) for a in self.angles],
            "allowed": len(self.allowed), "extra_cameras": [asdict(a) for a in self.extra],
        }  # fmt: skip


def ring(
    subject: Sequence[float],
    distance_m: float,
    azimuths: Sequence[float] = tuple(range(-180, 180, 5)),
    elevations: Sequence[float] = (0.0, 15.0),
) -> list[tuple[float, float, Real]]:
    """Positions about a subject at a distance: azimuth, elevation, and (3,) metres."""
    places = []
    for elevation in elevations:
        for azimuth in azimuths:
            a, e = np.radians(azimuth), np.radians(elevation)
            aside = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
            places.append((float(azimuth), float(elevation), np.asarray(subject, dtype=np.float64) + distance_m * aside))
    return places


def plan(
    rig: Mapping[str, CameraTrack | Camera], subject: Sequence[float], distance_m: float, *, limit_deg: float = LIMIT_DEG,
    azimuths: Sequence[float] = tuple(range(-180, 180, 5)), elevations: Sequence[float] = (0.0, 15.0), extra_cameras: int = 2,
    scene: NDArray[np.floating] | None = None, lens: Camera | None = None,
) -> Plan:  # fmt: skip
    """What a rig allows of a ring of angles about ``subject`` (metres).

    Tracks are taken at their trusted samples, which must be the same moments in all of them; cameras stand still.
    ``scene`` (n, 3) are scanned points, and ``lens`` a camera whose picture and focal length the virtual one shall have:
    with both, the share of the background that the real cameras saw is measured, hidden points left out. With ``scene``
    alone, places beyond what was scanned are told apart: no camera can stand there.
    Raises BadInput for a rig without a camera and for tracks of different lengths.
    """
    named = {name: _positions(name, camera) for name, camera in rig.items()}
    if not named:
        raise BadInput("capture planner", "the rig has no camera", "give at least one camera with a pose")
    moments = {len(p) for p in named.values() if len(p) > 1}
    if len(moments) > 1:
        raise BadInput("capture planner", f"tracks have {sorted(moments)} samples", "resample them to the same frames first")
    if not 0 < limit_deg < 90:
        raise BadInput("capture planner", f"a parallax limit of {limit_deg:g} degrees", "give more than 0 and less than 90 degrees")
    centre = np.asarray(subject, dtype=np.float64)
    real = [c for c in rig.values() if isinstance(c, Camera)]
    seen = _seen(scene, real) if scene is not None and lens is not None and real else None
    walls = None if scene is None or len(scene) < _ENOUGH_POINTS else np.percentile(scene, [0.5, 99.5], axis=0)
    angles = []
    for azimuth, elevation, place in ring(subject, distance_m, azimuths, elevations):
        share = None if seen is None or scene is None or lens is None else _seen_share(_aimed(lens, place, centre), scene, seen)
        angle = _judge(azimuth, elevation, place, centre, named, limit_deg, share)
        angles.append(
            angle if walls is None or _between(place, walls) else replace(angle, verdict="beyond the walls", why=_OUTSIDE)
        )
    wanting = [a for a in angles if a.verdict not in ("allowed", "beyond the walls")]
    return Plan(
        (float(centre[0]), float(centre[1]), float(centre[2])),
        limit_deg,
        tuple(angles),
        _extra(wanting, centre, limit_deg, extra_cameras),
    )


def parallax_deg(a: NDArray[np.floating], b: NDArray[np.floating], subject: NDArray[np.floating]) -> Real:
    """The angle at ``subject`` between places ``a`` and ``b`` (..., 3), degrees."""
    u, v = np.asarray(a) - subject, np.asarray(b) - subject
    across = np.linalg.norm(np.cross(u, v), axis=-1)
    return np.asarray(np.degrees(np.arctan2(across, (u * v).sum(axis=-1))))


def _between(place: Real, walls: Real) -> bool:
    return bool((place >= walls[0]).all() and (place <= walls[1]).all())


def _positions(name: str, camera: CameraTrack | Camera) -> Real:
    if isinstance(camera, Camera):
        return camera.position[None]
    places = camera.translation[camera.posed]
    if not len(places):
        raise BadInput(f"camera {name}", "has no pose", "track or solve it first")
    return places


def _judge(
    azimuth: float, elevation: float, place: Real, centre: Real, named: Mapping[str, Real], limit: float, seen: float | None
) -> Angle:
    moments = max(len(p) for p in named.values())
    table = np.array([np.broadcast_to(parallax_deg(p, place, centre), (moments,)) for p in named.values()])
    best = table.min(axis=0)
    worst = int(best.argmax())
    nearest = list(named)[int(table[:, worst].argmin())]
    within = float((best <= limit + _EXACT).mean())
    where = (float(place[0]), float(place[1]), float(place[2]))
    if within == 1.0:
        verdict: Verdict = "allowed"
        why = f"within {best[worst]:.1f} degrees of {nearest} throughout"
    elif seen is None or seen >= _ENOUGH_SEEN:
        verdict = "background only"
        why = f"{best[worst]:.1f} degrees from {nearest} at the worst moment, over {limit:g}"
    else:
        verdict = "not seen"
        why = f"real cameras saw {seen:.0%} of what it would see"
    if verdict == "allowed" and seen is not None and seen < _ENOUGH_SEEN:
        verdict, why = "not seen", f"real cameras saw {seen:.0%} of what it would see"
    return Angle(
        azimuth,
        elevation,
        where,
        round(float(best[worst]), 3),
        nearest,
        within,
        None if seen is None else round(seen, 4),
        verdict,
        why,
    )


def _extra(wanting: list[Angle], centre: Real, limit: float, most: int) -> tuple[Angle, ...]:
    """The places among ``wanting`` at which a camera would bring the most of them within the limit, one after the other."""
    left, chosen = list(wanting), []
    for _ in range(most):
        if not left:
            break
        places = np.array([a.position for a in left])
        reach = parallax_deg(places[:, None], places[None], centre) <= limit + _EXACT
        best = int(reach.sum(axis=1).argmax())
        chosen.append(left[best])
        left = [a for a, covered in zip(left, reach[best], strict=True) if not covered]
    return tuple(chosen)


def _aimed(lens: Camera, place: Real, at: Real) -> Camera:
    """``lens`` standing at ``place`` and looking at ``at``, level."""
    x, y, z = at - place
    pan, tilt = np.degrees(np.arctan2(-x, y)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    return lens.model_copy(
        update={"translation": (float(place[0]), float(place[1]), float(place[2])), "rotation": (float(pan), float(tilt), 0.0)}
    )


def _seen(scene: NDArray[np.floating], cameras: Sequence[Camera]) -> NDArray[np.bool_]:
    return np.asarray(np.any([_visible(scene, camera) for camera in cameras], axis=0))


def _seen_share(virtual: Camera, scene: NDArray[np.floating], seen: NDArray[np.bool_]) -> float:
    there = _visible(scene, virtual)
    return float(seen[there].mean()) if there.any() else 0.0


def _visible(scene: NDArray[np.floating], camera: Camera) -> NDArray[np.bool_]:
    """Which scanned points a camera sees: in its picture, and not behind others on a coarse grid of depths."""
    # A copy made by hand keeps no cached matrices of another pose.
    looking = Camera(**camera.model_dump())
    depth, pixels = looking.depth(scene), looking.project(scene)
    inside = looking.inside(pixels) & (depth > 0.05)
    seen = np.zeros(len(scene), dtype=bool)
    if not inside.any():
        return seen
    # Cells wide enough to hold several points, or what is behind a scanned surface would be seen between its points.
    high = int(np.clip(np.sqrt(inside.sum() / _POINTS_A_CELL * looking.height / looking.width), 4, 270))
    wide = max(4, high * looking.width // looking.height)
    cells = (pixels[inside] / [looking.width, looking.height] * [wide, high]).astype(np.int64).clip(0, [wide - 1, high - 1])
    index = cells[:, 1] * wide + cells[:, 0]
    near = np.full(wide * high, np.inf)
    np.minimum.at(near, index, depth[inside])
    around = rank_filter(near.reshape(high, wide), 3, size=3, mode="nearest")
    near = np.minimum(near, around.ravel())
    seen[inside] = depth[inside] <= near[index] * (1 + _DEPTH_SLACK) + 0.02
    return seen
