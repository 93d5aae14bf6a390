"""How bright and of what colour the lamps of a known stage were: solved from a plate and one rendered picture for each light.

Light is linear, so a plate is a sum of the stage's light groups, each times a gain of its own in each channel (reflectances of ACEScg's
channels do not mix in a render). The gains are the non-negative least squares solution (C. Lawson, R. Hanson, "Solving Least Squares Problems",
1974, chapter 23), exact in one step: no gradient through a renderer is needed while lamps stay where they are. A gain times the
colour that a group was rendered with is the lamp's colour; its luminance is the lux.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from answerprint.colour.difference import AP1_TO_XYZ
from answerprint.colour.temperature import cct_duv
from answerprint.production import BadInput
from answerprint.simulation import light
from answerprint.simulation.passes import Picture
from answerprint.simulation.stage import Light

Real = NDArray[np.float64]

_FLOOR = 0.02
"""Share of the plate's brightest below which a place's weight no longer rises: noise, not light."""
_FEWEST = 24
_ROUNDS = 12
_ODD = 1.5
"""Usual relative misses beyond which a place counts less: a fleck of a path tracer, a thing that nobody put on the stage."""


@dataclass(frozen=True)
class SolvedLight:
    """One light group as the plate shows it, against how it was rendered."""

    gain: tuple[float, float, float]
    """linear, for each channel of ACEScg"""
    deviation: tuple[float, float, float]
    """one standard deviation of each gain, from the residual; infinite for a group that nothing in the plate tells apart"""
    stops: float | None
    """luminance against the rendered one; None for a lamp that was off"""
    kelvin: float | None
    tint: float | None


@dataclass(frozen=True)
class SolvedLighting:
    """The lamps by group, and what the sum of them leaves of the plate."""

    lights: dict[str, SolvedLight]
    residual: float
    """root mean square of what is left, as a share of the plate's own root mean square"""
    condition: float
    """of the groups' system: large where two lamps light the stage alike"""


def solve_lighting(
    plate: Picture,
    groups: Mapping[str, Picture],
    rendered: Mapping[str, tuple[float, float, float]] | None = None,
    where: NDArray[np.bool_] | None = None,
    block: int = 8,
) -> SolvedLighting:
    """Gains of ``groups`` (height, width, 3), scene-linear, whose sum is nearest to ``plate`` of the same camera and white balance.

    ``rendered`` is the colour in ACEScg that a group's lamp was rendered with (``light_colour``); groups without one get no colour temperature.
    ``where`` leaves out what is not on the stage (people, things that moved). Solved on means over ``block`` pixels: a path tracer's noise in the
    groups would make their gains too small. Places count by their relative error, odd ones less (P. Huber, "Robust Estimation of a
    Location Parameter", 1964). Raises BadInput for sizes that do not fit, for no groups and for too few places.
    """
    if not groups:
        raise BadInput("inverse lighting", "no light group is given", "render the stage with the pass 'groups'")
    for name, picture in groups.items():
        if picture.shape != plate.shape:
            raise BadInput(
                f"light group {name}", f"is {picture.shape}, the plate is {plate.shape}", "render it through the plate's camera"
            )
    used: NDArray[np.bool_] = np.asarray(np.isfinite(plate).all(axis=-1))
    if where is not None:
        used = used & where
    names = list(groups)
    seen = _means(plate, used, block)
    if len(seen) < _FEWEST:
        raise BadInput(
            "inverse lighting",
            f"{len(seen)} places of {block} pixels are left to solve from",
            f"leave at least {_FEWEST}, or take smaller ones",
        )
    stack = np.stack([_means(groups[name], used, block) for name in names], axis=-1)
    solved = [_channel(stack[:, c], seen[:, c]) for c in range(3)]
    gains, deviations = np.array([s[0] for s in solved]), np.array([s[1] for s in solved])
    left = seen - np.einsum("pcg,cg->pc", stack, gains)
    known = rendered or {}
    lights = {name: _told(gains[:, i], deviations[:, i], known.get(name)) for i, name in enumerate(names)}
    share = float(np.sqrt(np.mean(left**2) / max(float(np.mean(seen**2)), 1e-30)))
    return SolvedLighting(lights, share, max(s[2] for s in solved))


def as_solved(lamps: tuple[Light, ...], found: SolvedLighting) -> tuple[Light, ...]:
    """The document's lamps with the lux and colour temperature that were solved; a lamp that was off has no lux.

    Lamps set in stops against another get lux of their own; a gel stays in the lamp's colour as it is.
    """
    out = []
    for lamp in lamps:
        solved = found.lights.get(lamp.group or lamp.name)
        if solved is None:
            out.append(lamp)
            continue
        lux = light.lux_at_aim(lamp, lamps) * (2.0**solved.stops if solved.stops is not None else 0.0)
        own: dict[str, object] = {"illuminance_lux": lux, "stops": None}
        if solved.kelvin is not None and lamp.gel == "none":
            own |= {"kelvin": float(np.clip(solved.kelvin, 1000, 25000)), "tint": float(np.clip(solved.tint or 0.0, -0.05, 0.05))}
        out.append(lamp.model_copy(update=own))
    return tuple(out)


def rendered_colours(lamps: tuple[Light, ...]) -> dict[str, tuple[float, float, float]]:
    """The colour in ACEScg of each group with one lamp."""
    groups = [lamp.group or lamp.name for lamp in lamps]
    return {
        group: light.light_colour(lamp.kelvin, lamp.tint, lamp.gel)
        for group, lamp in zip(groups, lamps, strict=True)
        if groups.count(group) == 1
    }


def _channel(stack: Real, seen: Real) -> tuple[Real, Real, float]:
    """Gains (groups,), their standard deviations and the condition of one channel's system."""
    floor = _FLOOR * float(np.percentile(np.abs(seen), 95)) + 1e-12
    level, trust = np.maximum(np.abs(seen), floor), np.ones(len(seen))
    lit = np.linalg.norm(stack, axis=0) > 1e-9 * float(np.linalg.norm(stack) + 1e-30)
    gains, deviations = np.zeros(stack.shape[1]), np.full(stack.shape[1], np.inf)
    if not lit.any():
        return gains, deviations, np.inf
    for _ in range(_ROUNDS):
        weight = np.sqrt(trust) / level
        system, wanted = stack[:, lit] * weight[:, None], seen * weight
        scale = np.linalg.norm(system, axis=0)
        scaled = system / scale
        # The same solution from the triangle alone: as many rows as groups instead of as many as places.
        q, r = np.linalg.qr(scaled)
        gains[lit] = nnls(r, q.T @ wanted)[0] / scale
        miss = seen - stack @ gains
        # By what is expected there, not by what was seen: dark flecks of noise must not count most.
        level = np.maximum(np.abs(stack @ gains), floor)
        apart = np.abs(miss / level)
        usual = 1.4826 * float(np.median(apart)) + 1e-9
        trust = np.minimum(1.0, _ODD * usual / np.maximum(apart, 1e-12))
    left = miss * weight
    freedom = max(1, len(wanted) - int(lit.sum()))
    covariance = np.linalg.pinv(r.T @ r) * float(left @ left) / freedom
    deviations[lit] = np.sqrt(np.diag(covariance)) / scale
    return gains, deviations, float(np.linalg.cond(scaled))


def _means(picture: Picture, used: NDArray[np.bool_], block: int) -> Real:
    """Means (places, 3) over blocks of which at least half is used; places in rows."""
    height, width = (n // block * block for n in used.shape)
    share = used[:height, :width].astype(np.float64)
    light = np.where(share[..., None] > 0, picture[:height, :width], 0.0).astype(np.float64)
    rows, columns = height // block, width // block
    counts = share.reshape(rows, block, columns, block).sum(axis=(1, 3))
    sums = light.reshape(rows, block, columns, block, 3).sum(axis=(1, 3))
    kept = counts >= block * block / 2
    return np.asarray(sums[kept] / counts[kept][:, None])


def _told(gain: Real, deviation: Real, colour: tuple[float, float, float] | None) -> SolvedLight:
    was = np.asarray(colour if colour is not None else (1.0, 1.0, 1.0))
    now = gain * was
    luminance = AP1_TO_XYZ[1]
    ratio = float(luminance @ now) / float(luminance @ was)
    stops = float(np.log2(ratio)) if ratio > 1e-6 else None
    kelvin = tint = None
    if colour is not None and stops is not None and (now > 0).all():
        kelvin, tint = (float(v) for v in cct_duv(now, white="ACES"))
    r, g, b = (float(v) for v in gain)
    dr, dg, db = (float(v) for v in deviation)
    return SolvedLight((r, g, b), (dr, dg, db), stops, kelvin, tint)
