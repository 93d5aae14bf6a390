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

from answerprint.colour.transform import thread_count
from answerprint.simulation.defocus import Defocus, averaged
from answerprint.simulation.edges import Edges
from answerprint.simulation.neighbours import MIDDLE, Neighbours, shifted
from answerprint.simulation.nooks import NOOK, falling_off, kept_apart
from answerprint.simulation.passes import Picture, Rendered

_GUIDES = ("guide_depth", "guide_normal", "guide_gloss", "guide_dull", "guide_shine", "guide_sky", NOOK)
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
_FALLING = np.float32(3)
"""The doubt is so many times less, and one, where light falls off wholly into a nook: a mean that says so is likely right."""
_BLACKEST = np.float32(0.02)
"""Least albedo that light is divided by, half of what gloss throws back whatever the colour (0.04 for an index of 1.5): with less, the light of
what is black and shines ran over the white beside it in dashes; with more, the brows of a dark face pale."""
_ANY = 11
"""Pixels across of the window in which no mean is brighter than the brightest single pixel; in a smaller one few rays may have met no lamp at all."""
_VEIL = np.float32(0.5)
"""Added to the albedo where the lens blurs: in a mean of a dark pane that mirrors the sky and its white frame, light is in no proportion to the albedo."""
_TINY = np.float32(1e-12)
_SKY = np.float32(1e6)
_VARNISH = np.float32(0.06)
"""Gloss that skin, cloth and paint have over their colour (0.04 at right angles for an index of 1.5): counted as colour, it would pale a face's
features. What exceeds it is a mirror's, a metal's or a pane's, unless the surface is dull: seen along it, that has much gloss too, but mirrors nothing."""
_AT_ONCE = 1920 * 1080
"""Pixels that are filtered at once, about 1.5 KiB each."""
_REACH = 160
"""Rows from which a pixel may be told anything: the sum of all that follows one another here and in ``edges`` comes to less."""
_BLURRED = np.float32(0.3)
"""Variance, pixels squared, from which a pixel is taken for blurred by the lens."""


def smooth_by_features(rendered: Rendered, defocus: Defocus | None = None) -> None:
    """Filter beauty and light groups in place. Needs the passes normal, depth and albedo; uses the others of ``SURFACE`` where they are there.

    With ``defocus``, light and guides of what the lens blurs are first averaged over a part of its disc. Guides made for the filter alone
    are taken out of the data.
    """
    guides = _guides(rendered.data)
    for name in _GUIDES:
        rendered.data.pop(name, None)
    pictures = rendered.groups or {"": rendered.beauty}
    made = {name: np.zeros_like(picture) for name, picture in pictures.items()}
    for rows, around in _bands(*rendered.beauty.shape[:2]):
        surface = _Surface.of({name: guide[around] for name, guide in guides.items()}, defocus)
        inner = slice(rows.start - around.start, rows.stop - around.start)
        lit = {name: picture[around] for name, picture in pictures.items() if picture[around].any()}
        # Most of the time is spent in numpy, which lets other threads go on.
        with ThreadPoolExecutor(thread_count()) as pool:
            for name, smooth in zip(lit, pool.map(lambda light, on=surface: _smooth(light, on), lit.values()), strict=True):
                made[name][rows] = smooth[inner]
    rendered.groups = made if rendered.groups else {}
    rendered.beauty = np.sum(list(made.values()), axis=0)


def _bands(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Rows that are filtered at once, and those with as many around them as can have a say: memory stays that of one band."""
    step = height if height * width <= _AT_ONCE else max(_REACH, _AT_ONCE // width - 2 * _REACH)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        yield slice(top, bottom), slice(max(top - _REACH, 0), min(bottom + _REACH, height))


@dataclass(frozen=True)
class _Surface:
    """What a pixel shows, whatever light falls on it, and how much its neighbours at each gap are like it."""

    albedo: Picture
    mixed: Picture
    edges: Edges
    near: Neighbours
    wide: list[Neighbours]
    spread: Picture
    """variance of the mean that the lens's blur allows, pixels squared"""
    doubt: Picture
    """``_DOUBT``, less beside nooks"""

    @classmethod
    def of(cls, guides: Mapping[str, Picture], defocus: Defocus | None) -> _Surface:
        data, depth = dict(guides), guides["depth"]
        spread = np.zeros_like(depth) if defocus is None else defocus.spread(depth)
        blurred = (spread > _BLURRED).astype(np.float32)
        data["depth"] = np.exp(averaged(np.log(depth), spread))
        for name in ("normal", "albedo", "shares"):
            data[name] = averaged(data[name], spread)
        if "material_id" in data:
            # One ray's answer, and in a blur each ray has another: there the guides that are means decide (so with depth, in the likeness).
            data["material_id"] = np.where(blurred > 0, np.float32(-1), data["material_id"])
        mixed = _mixed(data) * (1 - blurred)
        with ThreadPoolExecutor(thread_count()) as pool:
            near, *wide = pool.map(lambda gap: _likeness(data, mixed, blurred, gap), (1, *_WIDE))
        # In a blur one ray's depth tells no nook.
        closed = near.mean(near.mean(data[NOOK] * (1 - blurred))) if NOOK in data else np.zeros_like(depth)
        doubt = _DOUBT / (1 + _FALLING * falling_off(closed, wide))
        for number, further in enumerate(wide):
            wide[number] = kept_apart(further, closed)
        edges = Edges.of(data, _grown(mixed)[..., 0] > 0, mixed[..., 0] > 0)
        return cls(np.maximum(data["albedo"], _BLACKEST) + _VEIL * blurred, mixed, edges, near, wide, spread, doubt)


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
        means[0] = surface.near.mean(means[0])
    for wider in surface.wide:
        means.append(wider.mean(means[-1]))
    # The noise is that before what the blur allowed: after it neighbours are alike and would seem to be without noise.
    noise = surface.near.mean((off - means[0]) ** 2)
    for wider in surface.wide[:_SURE]:
        noise = wider.mean(noise)
    light = means[-1]
    for closer, further, left in zip(means[-2::-1], means[:0:-1], _LEFT[::-1], strict=True):
        apart = surface.near.mean((closer - further) ** 2) / (noise * left * surface.doubt + _TINY)
        light = light + surface.near.mean(np.clip(apart - 1, 0, 1)) * (closer - light)
    bare = raw * surface.albedo
    # What is black and shines has light in no proportion to its albedo: by that of the white beside it it would be brighter than anything.
    light = np.minimum(light * surface.albedo, ndimage.maximum_filter(bare, (_ANY, _ANY, 1), mode="nearest"))
    # An albedo of two things divides the light of neither: on an edge pixels are fitted as they look.
    looks = np.where(surface.mixed > 0, bare, light)
    return _no_dots(surface.edges.fitted(looks))


def _no_flares(light: Picture) -> Picture:
    """No pixel brighter than ``_FLARE`` times the brightest of the eight beside it."""
    beside = np.ones((3, 3, 1), dtype=np.bool_)
    beside[1, 1] = False
    return np.asarray(np.minimum(light, _FLARE * ndimage.maximum_filter(light, footprint=beside, mode="nearest")), dtype=np.float32)


def _no_dots(light: Picture) -> Picture:
    """No pixel brighter than all but one of the eight beside it, none darker than all: a line of one pixel stays, and an eye of two."""
    around = np.sort(np.stack([shifted(light, dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]), axis=0)
    return np.clip(light, around[0], around[-2])


def _despecked(stack: Picture, near: Neighbours) -> Picture:
    """Values far above what the neighbours on the same surface are, cut to their mean and three standard deviations."""
    count = np.maximum(near.total - near.weights[MIDDLE], _TINY)
    for _ in range(2):
        most = np.empty_like(stack)
        for rows, taps in near.bands(stack):
            total, square = np.zeros((2, *taps[0][1].shape), dtype=np.float32)
            for weight, moved in (*taps[:MIDDLE], *taps[MIDDLE + 1 :]):
                part = weight * moved
                total += part
                part *= moved
                square += part
            mean = total / count[rows]
            spread = np.sqrt(np.maximum(square / count[rows] - mean * mean, 0))
            # Who has no neighbours to be compared with stays as it is: a lamp's own face, a wire.
            most[rows] = np.moveaxis(np.where(count[rows] > _ALONE, mean + _SPECK * spread, np.inf), 0, 2)
        stack = np.minimum(stack, most)
    return stack


def _likeness(guides: Mapping[str, Picture], mixed: Picture, blurred: Picture, gap: int) -> Neighbours:
    """How alike the 25 neighbours ``gap`` pixels apart are; two that are ``blurred`` are of any depth."""
    length = np.maximum(np.linalg.norm(guides["normal"], axis=-1, keepdims=True), np.float32(1e-6))
    normal, albedo = _channels(guides["normal"] / length), _channels(guides["albedo"])
    closeness, down, across = (picture[..., 0] for picture in _planes(guides["depth"]))
    mixed, blurred, material = mixed[..., 0], blurred[..., 0], guides.get("material_id")
    out = np.empty((25, *closeness.shape), dtype=np.float32)
    for i, ky in enumerate(_KERNEL):
        for j, kx in enumerate(_KERNEL):
            dy, dx = (i - 2) * gap, (j - 2) * gap
            if dy == dx == 0:
                out[MIDDLE] = ky * kx
                continue
            same = np.clip(sum(plane * shifted(plane, dy, dx) for plane in normal), 0, 1) ** 2
            off = np.abs(shifted(closeness, dy, dx) - closeness - dy * down - dx * across)
            apart = off / (0.02 * closeness * (abs(dx) + abs(dy)) + _TINY)
            apart *= 1 - blurred * shifted(blurred, dy, dx)
            other = sum((plane - shifted(plane, dy, dx)) ** 2 for plane in albedo) / np.float32(0.06)
            # The normals' cosine to its tenth power.
            weight = ky * kx * (same * same) ** 2 * same * np.exp(-np.minimum(apart, 30) - np.minimum(other, 30))
            if material is not None:
                weight[material[..., 0] != shifted(material, dy, dx)[..., 0]] *= _OTHER_MATERIAL
            # What a pixel on an edge shows is partly another thing's light; it must not run along the surface.
            weight[shifted(mixed, dy, dx) > 0] *= _MIXED
            out[5 * i + j] = weight
    return Neighbours(out, gap)


def _channels(picture: Picture) -> list[NDArray[np.float32]]:
    """Each channel by itself, (height, width)."""
    return list(np.ascontiguousarray(np.moveaxis(picture, 2, 0)))


def _mixed(guides: Mapping[str, Picture]) -> Picture:
    """1 where a pixel touches another material, another depth or a fold (a sleeve before its own jumper), 0 elsewhere."""
    closeness, down, across = _planes(guides["depth"])
    normal, material = guides["normal"], guides.get("material_id")
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    out = np.zeros(closeness.shape, dtype=np.float32)
    for dy, dx in _BESIDE:
        out[np.abs(shifted(closeness, dy, dx) - closeness - dy * down - dx * across) > 0.06 * closeness] = 1
        out[(normal * shifted(normal, dy, dx)).sum(axis=-1, keepdims=True) < _FOLD * length * shifted(length, dy, dx)] = 1
        if material is not None:
            out[material != shifted(material, dy, dx)] = 1
    return out


def _planes(depth: Picture) -> tuple[Picture, Picture, Picture]:
    """One over depth, and by how much it grows from a pixel to the one below and to the right of it if the surface goes on as a plane.

    One over depth is linear over the picture of a plane, however steeply it is seen. Of the changes on both sides the smaller one is the
    surface's, as on the other side it may end; where it turns round between them there is none.
    """
    closeness = np.asarray(1 / _finite(depth), dtype=np.float32)
    slopes = []
    for dy, dx in ((1, 0), (0, 1)):
        after, before = shifted(closeness, dy, dx) - closeness, closeness - shifted(closeness, -dy, -dx)
        smaller = np.where(np.abs(after) < np.abs(before), after, before)
        slopes.append(np.where(after * before > 0, smaller, np.float32(0)))
    return closeness, slopes[0], slopes[1]


def _grown(mixed: Picture) -> Picture:
    """With the pixels beside: of two that share an edge only one may have been seen to change."""
    return np.maximum.reduce([mixed, *(shifted(mixed, dy, dx) for dy, dx in _BESIDE)])


def _guides(data: Mapping[str, Picture]) -> dict[str, Picture]:
    """What guides the filter; where the renderer gave it, of what mirrors and glass show, and with what shines by its colour.

    The sky shines too, by its share of its own brightest, so that it may be made brighter or warmer.

    ``depth`` is that of one thing, far for the sky; ``shares`` is a mean over a pixel's rays, to which those into the sky give nothing.
    """
    out = {name: data[name] for name in ("normal", "albedo", "material_id", NOOK) if name in data}
    depth, sky = data["depth"], ~np.isfinite(data["depth"])
    if "guide_depth" in data:
        depth, out["normal"] = data["guide_depth"], data["guide_normal"]
        sky_seen = data["guide_sky"] / np.maximum(data["guide_sky"].max(axis=(0, 1)), _TINY)
        mirrored = np.maximum(data["guide_gloss"] - _VARNISH, 0) * (1 - data["guide_dull"])
        out["albedo"] = out["albedo"] + mirrored + data["guide_shine"] + sky_seen
    # A mean with the sky's nothing in it is too near: of an edge before the sky the one ray knows better.
    out["depth"] = np.where(sky, _SKY, np.maximum(depth, _finite(data["depth"])))
    out["shares"] = np.where(sky & ~np.isfinite(depth), np.float32(0), depth)
    return out


def _finite(depth: Picture) -> Picture:
    return np.where(np.isfinite(depth), depth, _SKY).astype(np.float32)
