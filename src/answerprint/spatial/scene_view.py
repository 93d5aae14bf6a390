"""A new camera's picture out of a scene of splats and the real pixels behind it: the scene says what is where, the pixels say it sharply.

Splats fitted to all pictures draw outlines and what turns with the angle better than any one picture fetched from elsewhere;
what they smoothed away is left in the real pictures. So each source is first explained by the scene, and only what the scene
does not explain is fetched from it and added, as far as the sources agree on it: a Wiener share, signal over signal and
disagreement, over a small window. Where no splat stands, the picture is fetched as `reproject` fetches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp
from answerprint.spatial.reproject import Gathered, Seen, Source, depth_of, gathered, in_bands, laid, spread_of
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.render import KNOWN, render
from answerprint.spatial.sweep import Depth

Float = NDArray[np.float32]
_HALF_ANGLE_DEG = 3.0
"""A source this much farther off in angle than the nearest counts half. Measured on the rendered capture: 1.5 and 6 are 0.1 to 0.3 dB worse."""
_MOST = 8
_WINDOW = 5
_ENOUGH = 1.2
"""Sources, counted by their weights, from which agreement means something: one alone agrees with itself."""
_SAME_SURFACE = 0.02
"""Share of a distance within which a measured one lies on the surface that splats show; theirs is 0.3 to 0.8 % off."""
_SOLID = 0.9
"""Coverage by splats from which their depth is the scene's."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The scene through a camera's lens: ``colour`` (h, w, 3) over black, ``alpha`` (h, w), ``depth`` (h, w) metres or NaN."""

    colour: Float
    alpha: Float
    depth: Float


@dataclass(frozen=True, eq=False)
class Explained:
    """A source with six channels, its light and what of it the splats do not explain, at the splats' depth; and the ``swept`` depth."""

    source: Source
    swept: Float


def drawn(cloud: SplatCloud, camera: Camera) -> Drawn:
    """The cloud by ``camera``, its distortion included."""
    if camera.distortion == Distortion():
        seen = render(cloud, camera)
        return Drawn(seen.colour, seen.alpha, seen.median_depth)
    places = camera.undistort(grid(camera.width, camera.height))
    finite = places[np.isfinite(places).all(axis=2)]
    low = np.floor(finite.min(axis=0)).astype(int) - 2
    high = np.ceil(finite.max(axis=0)).astype(int) + 3
    eye = camera.model_copy(update={"distortion": Distortion()}).cropped(int(low[0]), int(low[1]), *(int(v) for v in high - low))
    seen = render(cloud, eye)
    planes = warp(np.dstack([seen.colour, seen.alpha]), places - low, "cubic", edge="hold")
    depth = warp(np.ascontiguousarray(seen.median_depth[..., None]), places - low, "nearest", edge="hold")[..., 0]
    return Drawn(planes[..., :3], planes[..., 3], depth)


def explained(source: Source, cloud: SplatCloud) -> Explained:
    """What a source shows beyond the splats."""
    own = drawn(cloud, source.camera)
    straight = render(cloud, source.view.camera).median_depth
    metres = np.where(np.isfinite(straight), straight, source.depth.metres).astype(np.float32)
    if source.view.weight is not None:
        metres[source.view.weight <= 0] = np.nan
    left = np.where((own.alpha > _SOLID)[..., None], source.picture - own.colour, 0)
    both = np.dstack([source.picture, left]).astype(np.float32)
    return Explained(replace(source, picture=both, depth=Depth(metres, source.depth.sure)), source.depth.metres)


def seen_with(target: Camera, by: Sequence[Explained], cloud: SplatCloud) -> Seen:
    """The picture of ``target``, its lens distortion included, from the scene and from sources ``by`` that it explains.

    A pixel that no source saw has support 0 and what the splats guess there.
    """
    eye, sources = drawn(cloud, target), [one.source for one in by]
    solid = np.isfinite(eye.depth) & (eye.alpha > KNOWN)
    depth = _measured(target, by, np.where(solid, eye.depth, np.float32(np.nan)))
    if not solid.all():
        depth = np.where(solid, depth, depth_of(target, sources, ~solid)).astype(np.float32)
    pixels, left, doubt = (np.zeros((*depth.shape, c), np.float32) for c in (3, 3, 1))
    spread, support, many = np.empty(depth.shape, np.float32), np.zeros(depth.shape, np.uint16), np.zeros(depth.shape, np.float32)
    given = np.zeros(len(sources))
    for band, rays in in_bands(target, depth):
        found = gathered(rays, depth[band], sources, target)
        weight = _weights(found)
        total = np.maximum(weight.sum(axis=0), 1e-9)
        mean = (weight[..., None] * found.light).sum(axis=0) / total[..., None]
        pixels[band], left[band] = mean[..., :3], mean[..., 3:]
        off = ((found.light[..., 3:] - mean[..., 3:]) ** 2).mean(axis=3)
        many[band] = total**2 / np.maximum((weight**2).sum(axis=0), 1e-9)
        doubt[band] = ((weight * off).sum(axis=0) / total / many[band])[..., None]
        spread[band], support[band] = spread_of(found, found.light[..., :3], pixels[band]), found.support
        given += (weight / total).sum(axis=(1, 2)) / depth.size
    share = _agreed(left, doubt[..., 0], many)
    colour = np.where(solid[..., None], eye.colour + share[..., None] * left, pixels).astype(np.float32)
    # Splats have no noise; of what was added from the sources, as much as its share.
    grain = np.where(solid, share**2, 1) / np.maximum(many, 1)
    return Seen(colour, depth, support, spread, tuple(float(g) for g in given), np.where(support > 0, grain, 0).astype(np.float32))


def _measured(target: Camera, by: Sequence[Explained], depth: Float) -> Float:
    """Splats say which surface a pixel shows; how far exactly it is, sweeps and scans measure better: the mean of those on that surface."""
    total, count = np.zeros(depth.shape, np.float32), np.zeros(depth.shape, np.float32)
    for one in by[:_MOST]:
        offer = laid(target, one.source.view.camera, one.swept)
        with np.errstate(invalid="ignore"):
            same = np.abs(offer / depth - 1) < _SAME_SURFACE
        total[same] += 1 / offer[same]
        count += same
    return np.where(count > 0, count / np.maximum(total, 1e-9), depth).astype(np.float32)


def _weights(found: Gathered) -> Float:
    """Of each source at each pixel: the nearest in angle first, and only the nearest few."""
    rank = np.argsort(np.argsort(found.angle, axis=0, kind="stable"), axis=0, kind="stable")
    near = np.exp2(-(found.angle - found.angle.min(axis=0)) / _HALF_ANGLE_DEG)
    return np.asarray(np.where(rank < _MOST, found.weight * near, 0), dtype=np.float32)


def _agreed(left: Float, doubt: Float, many: Float) -> Float:
    """How much (h, w) of what the scene left over is to be believed, 0 to 1.

    Where one source alone speaks, nothing contradicts it: there it is believed as far as single sources are elsewhere.
    """
    window, several = (_WINDOW, _WINDOW), many > _ENOUGH
    power = (left**2).mean(axis=2)
    noise = cv2.boxFilter(doubt, -1, window)
    share = np.clip(1 - noise / np.maximum(cv2.boxFilter(power, -1, window), 1e-12), 0, 1)
    signal = max(0.0, float((power - doubt)[several].sum(dtype=np.float64)))
    alone = signal / max(signal + float((doubt * many)[several].sum(dtype=np.float64)), 1e-12)
    return np.asarray(np.where(several, share, np.where(many > 0, alone, 0)), dtype=np.float32)


__all__ = ["Drawn", "Explained", "drawn", "explained", "seen_with"]
