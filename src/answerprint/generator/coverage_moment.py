"""The performers of one moment for a new camera: taken from the nearest camera that filmed it, or left out with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.generator.coverage_exposure import SceneLight
from answerprint.generator.coverage_scene import Sighting, parallax_deg, resized, view_of
from answerprint.optics.camera import Camera
from answerprint.spatial.performers import Placed, body_depth, placed, straight_matte
from answerprint.spatial.reproject import laid, unprojected
from answerprint.spatial.splats.view import View

Float = NDArray[np.float32]
_NOBODY = 0.0005
"""Share of the picture below which a matte holds nobody."""
_OTHERS = 3
_WIDEST = 30.0
"""Degrees beyond which a second camera does not help to tell how far a performer is."""


@dataclass(frozen=True)
class Moment:
    """``placed`` are the performers in the new picture; None where there are none or they are left out, ``why`` says so."""

    sighting: Sighting
    parallax_deg: float
    placed: Placed | None
    left_out: bool
    why: str = ""


def performers_at(
    sightings: Sequence[Sighting], target: Camera, height: int | None, near: float, far: float, limit_deg: float, set_depth: Float,
    light: SceneLight,
) -> Moment:  # fmt: skip
    """The performers that the nearest of ``sightings`` (one moment) filmed, in ``target``'s picture.

    ``set_depth`` (h, w) is the set's distance in the target's picture: where a performer stands on it, alone of a single camera. ``light``
    takes each picture to the set's exposure and colour.
    """
    work = [(s, *_read(s, height, light)) for s in sightings]
    subject = _middle(work, target, near, far, set_depth)
    work.sort(key=lambda w: parallax_deg(w[0].camera, target, subject))
    sighting, picture, matte, camera, view = work[0]
    angle = parallax_deg(sighting.camera, target, subject)
    if matte is None or (matte > 0.5).mean() < _NOBODY:
        return Moment(sighting, angle, None, False)
    flat = straight_matte(matte, camera)
    others = [w[4] for w in work[1:] if parallax_deg(w[0].camera, sighting.camera, subject) < _WIDEST][:_OTHERS]
    own_set = laid(view.camera, target, set_depth) if not others else None
    depth = body_depth(view, flat, others, near, far, own_set)
    if depth is None:
        return Moment(sighting, angle, None, True, "nothing tells how far away the performers are")
    known = np.isfinite(depth)
    if known.any():
        body = unprojected(view.camera, np.where(known, depth, 1.0))[known].mean(axis=0)
        angle = parallax_deg(sighting.camera, target, body)
    if angle > limit_deg:
        return Moment(
            sighting, angle, None, True, f"the nearest camera, {sighting.clip}, stands {angle:.1f} degrees off, over {limit_deg:g}"
        )
    return Moment(sighting, angle, placed(target, picture, matte, camera, view, depth), False)


def _read(sighting: Sighting, height: int | None, light: SceneLight) -> tuple[Float, Float | None, Camera, View]:
    picture, matte, _, camera = resized(sighting, height)
    picture = light.of(picture, camera, sighting.clip)
    return picture, matte, camera, view_of(picture, np.ones(picture.shape[:2], np.float32), camera, sighting.name)


def _middle(
    work: list[tuple[Sighting, Float, Float | None, Camera, View]], target: Camera, near: float, far: float, set_depth: Float
) -> NDArray[np.float64]:
    """About where performers are, before their distance is known: on the target's axis, nearer than the set."""
    known = set_depth[np.isfinite(set_depth)]
    away = float(np.percentile(known, 35)) if len(known) else (near * far) ** 0.5
    return target.position + away * target.world_to_camera[2]
