"""Less noise without a learned weight: each light group is averaged over neighbours on the same surface.

What counts as the same surface is told by normal, depth, albedo and material alone (a cross-bilateral filter after H. Dammertz and others,
"Edge-avoiding A-Trous wavelet transform for fast global illumination filtering", HPG 2010). How far a group is averaged depends on that
group: specks are cut to what their neighbours allow, and of three means a wider one is taken where it says nothing that the noise of the
narrower one does not explain (the idea of F. Rousselle and others, "Robust denoising using feature and color information", Pacific
Graphics 2013, with the noise measured around a pixel). Every decision compares a group with itself, channel by channel. So a lamp made
brighter or warmer gives the same picture times a factor, leaves all others as they were, and the beauty is their sum. Its price: a faint
shadow's edge softens, and the rare light of a caustic or a glint of one pixel is lost. Pixels on edges are made by ``edges``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.jobs.executor import default_workers
from answerprint.simulation.defocus import Defocus, averaged
from answerprint.simulation.edges import Edges
from answerprint.simulation.passes import Picture, Rendered

_GUIDES = ("guide_depth", "guide_normal", "guide_gloss", "guide_shine", "guide_sky")
SURFACE = ("normal", "depth", "albedo", "material_id", *_GUIDES)
"""The data passes that the filter reads."""
_BESIDE = ((0, 1), (1, 0), (0, -1), (-1, 0))
_KERNEL = (1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16)
_NARROW, _WIDE = 3, (2, 4, 8)
"""Passes of the narrow mean; gaps in pixels of the further ones, each of which makes a wider mean out of the one before."""
_LEFT = [np.float32(1 / (4 * np.pi * sum(g * g for g in (1,) * _NARROW + _WIDE[:n]))) for n in range(len(_WIDE))]
"""Share of the noise's variance that each mean but the widest leaves: one pass spreads by the square of its gap, and a Gaussian holds 4 pi of it."""
_OTHER_MATERIAL = np.float32(0.02)
_MIXED = np.float32(0.08)
_FOLD = np.float32(0.5)
"""Cosine of the angle between neighbours' normals below which the surface folds between them; a lip or an eyelid turns less and is left to its albedo."""
_ALONE = np.float32(0.15)
"""Summed weights of neighbours below which a pixel has none that are like it (all alike: 0.86)."""
_SPECK = np.float32(3.0)
_FLARE = np.float32(2)
"""How often the brightest beside it a pixel on an edge may be: the share of a line that few rays draw differs by less."""
_SURE = 2
"""Further passes that the measure of the noise is averaged over: with few samples it is itself uncertain, and doubt that wavers leaves specks."""
_DOUBT = np.float32(6)
"""Variances of its noise by which a mean is to differ from the wider one to be believed."""
_NO_BLACK = np.float32(0.008)
"""Added to the albedo that light is divided by."""
_TINY = np.float32(1e-12)
_SKY = np.float32(1e6)
_VARNISH = np.float32(0.06)
"""Gloss that skin, cloth and paint have over their colour (0.04 at right angles for an index of 1.5): counted as colour, it would pale a face's
features. What exceeds it is a mirror's, a metal's or a pane's."""
_BLURRED = np.float32(0.3)
"""Variance, pixels squared, from which a pixel is taken for blurred by the lens."""


def smooth_by_features(rendered: Rendered, defocus: Defocus | None = None) -> None:
    """Filter beauty and light groups in place. Needs the passes normal, depth and albedo; uses the others of ``SURFACE`` where they are there.

    With ``defocus``, light and guides of what the lens blurs are first averaged over a part of its disc. Guides made for the filter alone
    are taken out of the data.
    """
    surface = _Surface.of(rendered, defocus)
    for name in _GUIDES:
        rendered.data.pop(name, None)
    if not rendered.groups:
        rendered.beauty = _smooth(rendered.beauty, surface)
        return
    # Most of the time is spent in numpy, which lets other threads go on.
    with ThreadPoolExecutor(default_workers()) as pool:
        smooth = list(pool.map(lambda picture: _smooth(picture, surface) if picture.any() else picture, rendered.groups.values()))
    rendered.groups = dict(zip(rendered.groups, smooth, strict=True))
    rendered.beauty = np.sum(smooth, axis=0)


@dataclass(frozen=True)
class _Surface:
    """What a pixel shows, whatever light falls on it, and how much its neighbours at each gap are like it."""

    albedo: Picture
    mixed: Picture
    edges: Edges
    near: list[Picture]
    wide: list[list[Picture]]
    spread: Picture
    """variance of the mean that the lens's blur allows, pixels squared"""

    @classmethod
    def of(cls, rendered: Rendered, defocus: Defocus | None) -> _Surface:
        data = _guides(rendered.data)
        depth = data["depth"]
        spread = np.zeros_like(depth) if defocus is None else defocus.spread(depth)
        blurred = (spread > _BLURRED).astype(np.float32)
        data["depth"] = np.exp(averaged(np.log(depth), spread))
        for name in ("normal", "albedo", "shares"):
            data[name] = averaged(data[name], spread)
        if "material_id" in data:
            # One ray's answer, and in a blur each ray has another: there the guides that are means decide (so with depth, in the likeness).
            data["material_id"] = np.where(blurred > 0, np.float32(-1), data["material_id"])
        seen = Rendered(rendered.beauty, {}, data, {})
        mixed = _mixed(seen) * (1 - blurred)
        with ThreadPoolExecutor(default_workers()) as pool:
            near, *wide = pool.map(lambda gap: _likeness(seen, mixed, blurred, gap), (1, *_WIDE))
        edges = Edges.of(data, _grown(mixed)[..., 0] > 0, mixed[..., 0] > 0)
        return cls(data["albedo"] + _NO_BLACK, mixed, edges, near, wide, spread)


def _smooth(light: Picture, surface: _Surface) -> Picture:
    """One light group; ``light`` and the result are (height, width, 3)."""
    # On an edge few have neighbours on the same surface that would tell a speck, and the fit would spread it.
    seen = np.where(surface.mixed > 0, _no_flares(light), light)
    raw = _despecked(np.asarray(seen / surface.albedo, dtype=np.float32), surface.near)
    off = raw
    if surface.spread.any():
        raw = averaged(raw * surface.albedo, surface.spread) / surface.albedo
    means = [raw]
    for _ in range(_NARROW):
        means[0] = _mean(means[0], surface.near)
    for weights, gap in zip(surface.wide, _WIDE, strict=True):
        means.append(_mean(means[-1], weights, gap))
    # The noise is that before what the blur allowed: after it neighbours are alike and would seem to be without noise.
    noise = _mean((off - means[0]) ** 2, surface.near)
    for weights, gap in zip(surface.wide[:_SURE], _WIDE, strict=False):
        noise = _mean(noise, weights, gap)
    light = means[-1]
    for closer, wider, left in zip(means[-2::-1], means[:0:-1], _LEFT[::-1], strict=True):
        apart = _mean((closer - wider) ** 2, surface.near) / (noise * left * _DOUBT + _TINY)
        light = light + _mean(np.clip(apart - 1, 0, 1), surface.near) * (closer - light)
    light = light * surface.albedo
    # An albedo of two things divides the light of neither: on an edge pixels are fitted as they look.
    looks = np.where(surface.mixed > 0, raw * surface.albedo, light)
    return _no_dots(surface.edges.fitted(looks))


def _no_flares(light: Picture) -> Picture:
    """No pixel brighter than ``_FLARE`` times the brightest of the eight beside it."""
    beside = np.ones((3, 3, 1), dtype=np.bool_)
    beside[1, 1] = False
    return np.asarray(np.minimum(light, _FLARE * ndimage.maximum_filter(light, footprint=beside, mode="nearest")), dtype=np.float32)


def _no_dots(light: Picture) -> Picture:
    """No pixel brighter than all but one of the eight beside it, none darker than all: a line of one pixel stays, and an eye of two."""
    around = np.sort(np.stack([_shifted(light, dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]), axis=0)
    return np.clip(light, around[0], around[-2])


def _despecked(stack: Picture, weights: list[Picture]) -> Picture:
    """Values far above what the neighbours on the same surface are, cut to their mean and three standard deviations."""
    for _ in range(2):
        count, total, square = np.zeros_like(weights[0]), np.zeros_like(stack), np.zeros_like(stack)
        for number, (weight, dy, dx) in enumerate(_taps(weights, 1)):
            if number != 12:
                moved = _shifted(stack, dy, dx)
                count += weight
                total += weight * moved
                square += weight * moved * moved
        mean = total / np.maximum(count, _TINY)
        spread = np.sqrt(np.maximum(square / np.maximum(count, _TINY) - mean * mean, 0))
        # Who has no neighbours to be compared with stays as it is: a lamp's own face, a wire.
        stack = np.where(count > _ALONE, np.minimum(stack, mean + _SPECK * spread), stack)
    return stack


def _mean(stack: Picture, weights: list[Picture], gap: int = 1) -> Picture:
    total, count = np.zeros_like(stack), np.zeros_like(weights[0])
    for weight, dy, dx in _taps(weights, gap):
        total += weight * _shifted(stack, dy, dx)
        count += weight
    return np.asarray(total / count, dtype=np.float32)


def _taps(weights: list[Picture], gap: int) -> Iterator[tuple[Picture, int, int]]:
    for number, weight in enumerate(weights):
        yield weight, (number // 5 - 2) * gap, (number % 5 - 2) * gap


def _likeness(rendered: Rendered, mixed: Picture, blurred: Picture, gap: int) -> list[Picture]:
    """Weights of the 25 neighbours ``gap`` pixels apart, rows first, each (height, width, 1); two that are ``blurred`` are of any depth."""
    normal, depth, albedo = rendered.data["normal"], rendered.data["depth"], rendered.data["albedo"]
    normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), np.float32(1e-6))
    closeness, down, across = _planes(depth)
    material = rendered.data.get("material_id")
    out = []
    for i, ky in enumerate(_KERNEL):
        for j, kx in enumerate(_KERNEL):
            dy, dx = (i - 2) * gap, (j - 2) * gap
            if dy == dx == 0:
                out.append(np.full_like(closeness, np.float32(ky * kx)))
                continue
            same = np.clip((normal * _shifted(normal, dy, dx)).sum(axis=-1, keepdims=True), 0, 1) ** 10
            off = np.abs(_shifted(closeness, dy, dx) - closeness - dy * down - dx * across)
            apart = off / (0.02 * closeness * (abs(dx) + abs(dy)) + _TINY)
            apart *= 1 - blurred * _shifted(blurred, dy, dx)
            other = ((albedo - _shifted(albedo, dy, dx)) ** 2).sum(axis=-1, keepdims=True) / 0.06
            weight = ky * kx * same * np.exp(-np.minimum(apart, 30) - np.minimum(other, 30))
            if material is not None:
                weight = np.where(material == _shifted(material, dy, dx), weight, weight * _OTHER_MATERIAL)
            # What a pixel on an edge shows is partly another thing's light; it must not run along the surface.
            out.append(np.where(_shifted(mixed, dy, dx) > 0, weight * _MIXED, weight).astype(np.float32))
    return out


def _mixed(rendered: Rendered) -> Picture:
    """1 where a pixel touches another material, another depth or a fold (a sleeve before its own jumper), 0 elsewhere."""
    closeness, down, across = _planes(rendered.data["depth"])
    normal, material = rendered.data["normal"], rendered.data.get("material_id")
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    out = np.zeros(closeness.shape, dtype=np.float32)
    for dy, dx in _BESIDE:
        out[np.abs(_shifted(closeness, dy, dx) - closeness - dy * down - dx * across) > 0.06 * closeness] = 1
        out[(normal * _shifted(normal, dy, dx)).sum(axis=-1, keepdims=True) < _FOLD * length * _shifted(length, dy, dx)] = 1
        if material is not None:
            out[material != _shifted(material, dy, dx)] = 1
    return out


def _planes(depth: Picture) -> tuple[Picture, Picture, Picture]:
    """One over depth, and by how much it grows from a pixel to the one below and to the right of it if the surface goes on as a plane.

    One over depth is linear over the picture of a plane, however steeply it is seen. Of the changes on both sides the smaller one is the
    surface's, as on the other side it may end; where it turns round between them there is none.
    """
    closeness = np.asarray(1 / _finite(depth), dtype=np.float32)
    slopes = []
    for dy, dx in ((1, 0), (0, 1)):
        after, before = _shifted(closeness, dy, dx) - closeness, closeness - _shifted(closeness, -dy, -dx)
        smaller = np.where(np.abs(after) < np.abs(before), after, before)
        slopes.append(np.where(after * before > 0, smaller, np.float32(0)))
    return closeness, slopes[0], slopes[1]


def _grown(mixed: Picture) -> Picture:
    """With the pixels beside: of two that share an edge only one may have been seen to change."""
    return np.maximum.reduce([mixed, *(_shifted(mixed, dy, dx) for dy, dx in _BESIDE)])


def _guides(data: Mapping[str, Picture]) -> dict[str, Picture]:
    """What guides the filter; where the renderer gave it, of what mirrors and glass show, and with what shines by its colour.

    The sky shines too, by its share of its own brightest, so that it may be made brighter or warmer.

    ``depth`` is that of one thing, far for the sky; ``shares`` is a mean over a pixel's rays, to which those into the sky give nothing.
    """
    out = {name: data[name] for name in ("normal", "albedo", "material_id") if name in data}
    depth, sky = data["depth"], ~np.isfinite(data["depth"])
    if "guide_depth" in data:
        depth, out["normal"] = data["guide_depth"], data["guide_normal"]
        sky_seen = data["guide_sky"] / np.maximum(data["guide_sky"].max(axis=(0, 1)), _TINY)
        mirrored = np.maximum(data["guide_gloss"] - _VARNISH, 0)
        out["albedo"] = out["albedo"] + mirrored + data["guide_shine"] + sky_seen
    # A mean with the sky's nothing in it is too near: of an edge before the sky the one ray knows better.
    out["depth"] = np.where(sky, _SKY, np.maximum(depth, _finite(data["depth"])))
    out["shares"] = np.where(sky & ~np.isfinite(depth), np.float32(0), depth)
    return out


def _finite(depth: Picture) -> Picture:
    return np.where(np.isfinite(depth), depth, _SKY).astype(np.float32)


def _shifted(picture: NDArray[np.float32], dy: int, dx: int) -> NDArray[np.float32]:
    """The picture moved by whole pixels, its edge repeated."""
    h, w = picture.shape[:2]
    y, x = min(abs(dy), h - 1), min(abs(dx), w - 1)
    out = np.empty_like(picture)
    to_y, from_y = (slice(0, h - y), slice(y, h)) if dy >= 0 else (slice(y, h), slice(0, h - y))
    to_x, from_x = (slice(0, w - x), slice(x, w)) if dx >= 0 else (slice(x, w), slice(0, w - x))
    out[to_y, to_x] = picture[from_y, from_x]
    if y:
        edge, row = (slice(h - y, h), slice(h - 1, h)) if dy > 0 else (slice(0, y), slice(0, 1))
        out[edge, to_x] = picture[row, from_x]
    if x:
        edge, column = (slice(w - x, w), slice(w - x - 1, w - x)) if dx > 0 else (slice(0, x), slice(x, x + 1))
        out[:, edge] = out[:, column]
    return out
