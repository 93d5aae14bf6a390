"""The grade that brings one camera to another: a CDL solved from colours of the same surfaces.

Slope, offset, power and saturation act in ACEScct. They are solved together by robust least squares on the colour
difference that remains (L* a* b* under the assumption of colour.difference, chroma weighted as CIEDE2000 weights it),
with a pull towards the neutral grade. A few surfaces of one brightness cannot tell slope from offset from power: the
pull decides, and what the surfaces do not ask for stays neutral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import AP1_TO_XYZ, ciede2000, lab
from answerprint.colour.spaces import GRADING, WORKING
from answerprint.colour.temperature import cct_duv
from answerprint.colour.transform import cpu_between, run
from answerprint.production import BadInput

Real = NDArray[np.float64]

FEWEST = 6
"""Corresponding colours below which no grade is offered."""

_NOISE = 2.0
"""Colour difference (about ΔE00) that one patch carries without any mismatch: view-dependent shine, coding noise."""
_KNEE = 2.0
"""Residuals beyond this many times the noise pull less and less: they are other surfaces, or shine."""

# Standard deviations of the pull towards neutral: ln slope, offset (0.057 is one stop), ln power, ln saturation.
_PRIOR = np.array([0.20] * 3 + [0.12] * 3 + [0.20] * 3 + [0.25])
_LUMA_709 = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Match:
    """A solved grade and how far to trust it."""

    cdl: CDL
    exposure_stops: float
    """What the grade does to the brightness of the matched surfaces, median, stops."""
    cct_before: float
    """Colour temperature of the surfaces' mean in the source, kelvin; NaN where it has none."""
    cct_after: float
    """The same after the grade."""
    cct_reference: float
    """The same in the hero."""
    delta_e_before: float
    """Mean CIEDE2000 over the colours given, as they came."""
    delta_e_after: float
    agreeing: float
    """Share (of the weight) of colours within ΔE00 6 after the grade."""
    confidence: float
    """0 to 1: enough surfaces, of enough brightnesses, that agree after the grade."""
    why: str
    """One line for the colourist."""


def solve_cdl(
    reference: NDArray[np.floating],
    source: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
    id: str = "",
) -> Match:
    """The CDL that brings ``source`` to ``reference``: (n, 3) scene-linear ACEScg colours of the same surfaces.

    ``weights`` (n,) are relative. The same input gives the same numbers. Raises BadInput for fewer than six finite
    pairs: a grade from less would be a guess.
    """
    hero, other = np.asarray(reference, dtype=np.float64), np.asarray(source, dtype=np.float64)
    weight = np.ones(len(hero)) if weights is None else np.asarray(weights, dtype=np.float64)
    usable = np.isfinite(hero).all(axis=1) & np.isfinite(other).all(axis=1) & (weight > 0)
    if usable.sum() < FEWEST:
        raise BadInput(
            f"match {id}".strip(),
            f"only {int(usable.sum())} corresponding colours, at least {FEWEST} are needed",
            "choose clips that see the same surfaces, or give a chart",
        )
    hero, other, weight = hero[usable], other[usable], weight[usable] / weight[usable].mean()
    cdl = _rounded(_solve(hero, other, weight), id)
    return _judged(cdl, hero, other, weight)


def _solve(hero: Real, other: Real, weight: Real) -> Real:
    """The ten parameters: ln slope, offset, ln power, ln saturation."""
    code = run(cpu_between(WORKING, GRADING), other).astype(np.float64)
    wanted = lab(hero)
    chroma = np.hypot(wanted[:, 1], wanted[:, 2])
    light = (wanted[:, 0] - 50) ** 2
    # SL and SC of CIEDE2000 at the reference (Sharma et al. 2005, equations 18 and 19): what a unit of L*, a*, b* counts.
    scale = np.stack([1 + 0.015 * light / np.sqrt(20 + light), 1 + 0.045 * chroma, 1 + 0.045 * chroma], axis=1)
    root = np.sqrt(weight)[:, None]
    # The pull is worth what ten patches are, however many there are of them.
    pull = np.sqrt(min(len(hero), 10))

    def residuals(theta: Real, forgiving: bool) -> Real:
        left = (lab(_linear(_graded(theta, code))) - wanted) / scale / _NOISE
        size = np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-12)
        square = (size / _KNEE) ** 2
        # The loss of each colour as a whole, written as an equivalent residual: soft L1, then Cauchy.
        loss = np.log1p(square) if forgiving else 2 * (np.sqrt(1 + square) - 1)
        return np.concatenate([(left * (_KNEE * np.sqrt(loss) / size) * root).ravel(), pull * theta / _PRIOR])

    bound = 6 * _PRIOR
    start = np.zeros(10)
    shift = np.median(run(cpu_between(WORKING, GRADING), hero) - code, axis=0)
    start[3:6] = np.clip(shift, -0.9 * bound[3:6], 0.9 * bound[3:6])
    # Soft L1 has one minimum and finds the neighbourhood; Cauchy from there lets go of what is no shared surface.
    for forgiving in (False, True):
        start = least_squares(residuals, start, bounds=(-bound, bound), x_scale=_PRIOR, max_nfev=200, args=(forgiving,)).x
    return np.asarray(start)


def _graded(theta: Real, code: Real) -> Real:
    """The CDL in ACEScct without clamping, as ``cdl.apply`` has it."""
    work = code * np.exp(theta[:3]) + theta[3:6]
    work = np.where(work > 0, np.maximum(work, 1e-9) ** np.exp(theta[6:9]), work)
    luma = work @ _LUMA_709
    return np.asarray(luma[:, None] + np.exp(theta[9]) * (work - luma[:, None]))


def _linear(code: Real) -> Real:
    """ACEScct to ACEScg (AMPAS S-2016-001, equation 3), without the clip at 65504."""
    return np.where(
        code <= 0.155251141552511, (code - 0.0729055341958355) / 10.5402377416545, np.exp2(np.minimum(code, 3) * 17.52 - 9.72)
    )


def _rounded(theta: Real, id: str) -> CDL:
    """Six decimals: what survives every file format, and no last-bit noise in it."""
    slope, offset, power = (tuple(round(float(v), 6) for v in part) for part in (np.exp(theta[:3]), theta[3:6], np.exp(theta[6:9])))
    return CDL(
        slope=(slope[0], slope[1], slope[2]),
        offset=(offset[0], offset[1], offset[2]),
        power=(power[0], power[1], power[2]),
        saturation=round(float(np.exp(theta[9])), 6),
        id=id,
    )


def _judged(cdl: CDL, hero: Real, other: Real, weight: Real) -> Match:
    after = grades.apply(cdl, other).astype(np.float64)
    before_e, after_e = ciede2000(hero, other), ciede2000(hero, after)
    mean_before, mean_after = (float(np.average(e, weights=weight)) for e in (before_e, after_e))
    agreeing = float(np.average(after_e < 6.0, weights=weight))
    luminance = [np.maximum(c @ AP1_TO_XYZ[1], 1e-6) for c in (other, after, hero)]
    stops = float(np.median(np.log2(luminance[1] / luminance[0])))
    kelvin = [_kelvin(c, y) for c, y in zip((other, after, hero), luminance, strict=True)]
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    spread = float(np.ptp(np.percentile(np.log2(luminance[2]), [10, 90])))
    confidence = agreeing * min(1.0, effective / 40) * min(1.0, 0.5 + spread / 6)
    if mean_after > mean_before:
        confidence = 0.0
    why = _why(stops, kelvin, mean_before, mean_after, len(hero), agreeing)
    return Match(
        cdl.model_copy(update={"description": why}),
        stops,
        kelvin[0],
        kelvin[1],
        kelvin[2],
        mean_before,
        mean_after,
        agreeing,
        round(confidence, 4),
        why,
    )


def _kelvin(light: Real, luminance: Real) -> float:
    """Colour temperature of the mean colour, every surface counted alike however bright it is."""
    kelvin = cct_duv((light / luminance[:, None]).mean(axis=0))[0]
    return kelvin if math.isfinite(kelvin) else math.nan  # the one NaN object, so that equal matches compare equal


def _why(stops: float, kelvin: list[float], before: float, after: float, count: int, agreeing: float) -> str:
    parts = [f"{abs(stops):.2f} stop {'up' if stops >= 0 else 'down'}" if abs(stops) >= 0.01 else "exposure unchanged"]
    if math.isfinite(kelvin[0]) and math.isfinite(kelvin[1]):
        change = kelvin[1] - kelvin[0]
        parts.append(f"{abs(change):.0f} K {'cooler' if change > 0 else 'warmer'}" if abs(change) >= 20 else "same warmth")
    return f"{', '.join(parts)}; {count} shared colours from ΔE00 {before:.1f} to {after:.1f}, {agreeing:.0%} of them within 6 afterwards"
