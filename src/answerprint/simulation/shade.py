"""What of a picture out of doors lies in the sun and what in shade: a few rays through the frame, each met by what stands there.

Every part of a place is taken as the box around it. Where a ray ends, one more goes to the sun and some to the sky; what the ground and the
houses throw back is a share of what falls on them. So a street in which the sun reaches the roofs alone is metered as the shade that is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.extent import part_box, turned
from answerprint.simulation.pieces import Item, Material
from answerprint.simulation.place import Place

Real = NDArray[np.float64]
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_SMALLEST = 0.4
"""Metres below which a part neither shades much nor fills much of a picture."""
_CROWN = 0.7
"""How much of the box around leaves stands for them, each way: sky shows between the outer ones."""
_RETURNED = 0.25
"""Share of the light on all that is seen that comes back into shade."""
_SKY_MEAN = 0.7
"""Radiance of a dome with a darker zenith against the figure it is given, weighted as a level surface sees it."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of a place: axes (n, 3, 3) as rows, middles (n, 3) and half sizes (n, 3) in metres, reflectance (n,) and own light (n,) in cd/m2."""

    axes: Real
    middle: Real
    half: Real
    reflectance: Real
    nits: Real

    @cached_property
    def _offset(self) -> Real:
        return np.asarray(np.einsum("nij,nj->ni", self.axes, self.middle))

    def met(self, start: Real, way: Real) -> tuple[NDArray[np.intp], Real, Real]:
        """For rays (m, 3): which box they meet first (-1: none), how far, and the outward normal there (m, 3)."""
        origin = np.einsum("nij,mj->mni", self.axes, start) - self._offset
        along = np.einsum("nij,mj->mni", self.axes, way)
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = (-self.half - origin) / along, (self.half - origin) / along
        near, far = np.fmin(one, other), np.fmax(one, other)
        enters = near.max(axis=2)
        distance = np.where((enters < far.min(axis=2)) & (enters > 1e-3), enters, np.inf)
        first = distance.argmin(axis=1)
        row = np.arange(len(way))
        side = near[row, first].argmax(axis=1)
        normal = -np.sign(along[row, first, side])[:, None] * self.axes[first, side]
        return np.where(np.isfinite(distance[row, first]), first, -1), distance[row, first], normal

    def free(self, start: Real, way: Real) -> NDArray[np.bool_]:
        """Whether rays (m, 3) meet nothing."""
        return np.asarray(self.met(start, way)[0] < 0)


def boxes(place: Place) -> Boxes:
    """The boxes of all parts of a place that are large enough to count."""
    rows = [row for item in place.items for row in _of_item(item, place.materials)]
    axes, middle, half, reflectance, nits = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    return Boxes(axes, middle, half, reflectance, nits)


def seen(place: Place, start: Real, rays: Real) -> tuple[Real, float]:
    """Luminance (n,) in cd/m2 of what rays (n, 3) of length 1 from a camera at ``start`` (3,) meet, and the share of them that the sun lights."""
    solid = boxes(place)
    sky = (place.sky or {"radiance": 0.0})["radiance"]
    first, distance, normal = solid.met(np.tile(start, (len(rays), 1)), rays)
    hit = first >= 0
    luminance = np.full(len(rays), float(sky))
    points = start + rays[hit] * distance[hit, None] + 1e-3 * normal[hit]
    sun, dome = _from_sun(place, solid, points, normal[hit]), _from_sky(solid, points, normal[hit]) * np.pi * sky * _SKY_MEAN
    returned = _RETURNED * float((sun + dome).mean()) if hit.any() else 0.0
    luminance[hit] = solid.reflectance[first[hit]] * (sun + dome + returned) / np.pi + solid.nits[first[hit]]
    return luminance, float((sun > 0).sum() / len(rays))


def skylight(place: Place, points: Real, normals: Real) -> Real:
    """Lux of the sky on surfaces (n, 3) that face ``normals``, where what stands there leaves it free, and what it throws back; without the sun."""
    sky = (place.sky or {"radiance": 0.0})["radiance"]
    return np.asarray(_from_sky(boxes(place), points, normals) * np.pi * sky * _SKY_MEAN * (1 + _RETURNED))


def _from_sun(place: Place, solid: Boxes, points: Real, normals: Real) -> Real:
    """Lux of the sun on surfaces, nothing where something stands before it."""
    lux = np.zeros(len(points))
    for lamp in place.lights:
        if lamp.kind == "sun":
            way = np.subtract(lamp.translation, lamp.aim) / np.linalg.norm(np.subtract(lamp.translation, lamp.aim))
            lux += (lamp.illuminance_lux or 0.0) * np.maximum(normals @ way, 0) * solid.free(points, np.tile(way, (len(points), 1)))
    return lux


def _from_sky(solid: Boxes, points: Real, normals: Real) -> Real:
    """Share of the open sky's light that reaches surfaces, over a fan of directions weighted by their cosines."""
    turn, height = np.meshgrid(np.radians(np.arange(0, 360, 45)), np.radians([15.0, 45.0, 75.0]))
    fan = np.stack([np.cos(turn) * np.cos(height), np.sin(turn) * np.cos(height), np.sin(height)], axis=-1).reshape(-1, 3)
    # Each direction stands for a ring's share of the dome: its width in height times the cosine of its height.
    solid_angle = np.cos(height).ravel() * np.radians(30.0) * np.radians(45.0)
    cosine = np.maximum(normals @ fan.T, 0)
    free = solid.free(np.repeat(points, len(fan), axis=0), np.tile(fan, (len(points), 1))).reshape(len(points), len(fan))
    # An open level surface gets all of it: so few directions are 5 % off.
    return np.asarray((cosine * free * solid_angle).sum(axis=1) / (fan[:, 2] * solid_angle).sum())


def _of_item(item: Item, materials: dict[str, Material]) -> list[tuple[Any, ...]]:
    """Axes, middle, half size, reflectance and light of an item's parts that count."""
    about, rows = turned(item.turn), []
    for part in item.parts:
        axes, middle, half = part_box(part)
        if half.max() * 2 < _SMALLEST:
            continue
        made = materials[part.material]
        shines = made.kind in ("glow", "screen")
        tones = [made.colour] if made.colour2 is None else [made.colour, made.colour2]
        own = float(np.mean(np.array(tones) @ _LUMINANCE))
        rows.append(
            (
                (about @ axes).T,
                about @ middle + item.at,
                half * (_CROWN if part.shape == "leaves" else 1.0),
                0.0 if shines else own,
                (made.nits or 0.0) * own if shines else 0.0,
            )
        )
    return rows
