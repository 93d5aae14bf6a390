"""Rigs put together from their parts: dolly, crane, head, camera, each measured on its own, as one camera on the stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.track import CameraTrack, Link, angles_from_axes, axes_from_angles
from answerprint.production import BadInput
from answerprint.spatial.poses import PoseSpline

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Mount:
    """How a part is bolted to the part before it: metres, and pan, tilt, roll in degrees, in that part's own axes."""

    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Part:
    """One moving part: what its encoders say, about the end of its mount. What an encoder has no sensor for is still."""

    name: str
    track: CameraTrack
    mount: Mount = Mount()
    latency_s: float = 0.0


def composed(links: Sequence[Link]) -> tuple[Real, Real]:
    """Position (n, 3) and rotation (n, 3) of the last link on the stage, the first link being the one on the floor."""
    if not links:
        raise BadInput("rig", "has no part", "give at least one")
    place, axes = np.zeros_like(links[0].translation), np.broadcast_to(np.eye(3), (len(links[0].translation), 3, 3))
    for link in links:
        place = place + np.einsum("nij,nj->ni", axes, link.translation)
        axes = axes @ axes_from_angles(link.rotation)
    return place, angles_from_axes(axes)


def assembled(parts: Sequence[Part], times: Sequence[Fraction]) -> CameraTrack:
    """The camera that sits on the last part, at ``times``: each part looked up on its own clock, with its own lag.

    Lens columns come from the last part. A moment that any part does not know has no pose.
    """
    links: list[Link] = []
    for part in parts:
        links.append(_bolted(f"{part.name} mount", part.mount, len(times)))
        links.append(_moved(part, times))
    place, turn = composed(links)
    place[~np.isfinite(turn).all(axis=1)] = np.nan
    last = parts[-1].track
    lens = _lens(last, times)
    return CameraTrack.of(
        times, place, turn, device=" on ".join(p.name for p in reversed(parts)), label=last.label, source=last.source, chain=tuple(links),
        sensor_mm=last.sensor_mm, problems=tuple(f"{p.name}: {said}" for p in parts for said in p.track.problems), **lens,
    )  # fmt: skip


def at_entrance_pupil(track: CameraTrack) -> CameraTrack:
    """The track moved from the image plane to where the light crosses: the entrance pupil, along the optical axis.

    Where the offset is unknown the pose stays, and the track says so.
    """
    offset = np.nan_to_num(track.entrance_pupil_offset_m, nan=0.0)
    unknown = int(np.isnan(track.entrance_pupil_offset_m).sum())
    moved = track.translation + track.axes[:, :, 1] * offset[:, None]
    said = (f"entrance pupil unknown on {unknown} of {len(track)} samples: left at the image plane",) if unknown else ()
    return track.moved(
        translation=moved, entrance_pupil_offset_m=np.where(np.isnan(track.entrance_pupil_offset_m), np.nan, 0.0),
        problems=(*track.problems, *said),
    )  # fmt: skip


def _bolted(name: str, mount: Mount, n: int) -> Link:
    return Link(name, np.tile(mount.translation, (n, 1)).astype(np.float64), np.tile(mount.rotation, (n, 1)).astype(np.float64))


def _moved(part: Part, times: Sequence[Fraction]) -> Link:
    """A part at the asked moments; a column in which no sample says anything is a joint that does not move."""
    track = part.track
    still = {
        name: np.where(np.isnan(table).all(axis=0), 0.0, table) for name, table in
        (("translation", track.translation), ("rotation", track.rotation))
    }  # fmt: skip
    seconds = np.array([float(t) for t in times]) + part.latency_s
    place, axes = PoseSpline.through(track.moved(**still)).at(seconds)
    return Link(part.name, place, angles_from_axes(axes))


def _lens(track: CameraTrack, times: Sequence[Fraction]) -> dict[str, Real]:
    asked = np.array([float(t) for t in times])
    known = {}
    for name in ("focal_length_mm", "focus_distance_m", "t_stop", "f_stop", "entrance_pupil_offset_m"):
        column = getattr(track, name)
        there = np.isfinite(column)
        if there.any():
            known[name] = np.interp(asked, track.seconds[there], column[there], left=np.nan, right=np.nan)
    return known
