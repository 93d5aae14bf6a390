"""How the light of two sides of a cut differs on what both show: exposure, balance, direction of the light, falloff, black.

    log2(second / first) = exposure + gradient . place + falloff r^2,  on patches of the set, fitted robustly (Huber)

A camera's own change is the same everywhere or round the middle; a lamp's is not. Black is what is left in the dark parts when
the gain is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.temperature import cct_duv
from answerprint.quality.continuity_view import Picture, Real, Shared, luminance

_FEWEST = 30
_DARK = 0.08
_ERRORS = 5.5
_RIDGE = np.array([0, 0.02, 0.02, 0.05, 0.05])
"""Falloff of either side and a slope say nearly the same where both framings have one middle: of equals the smaller."""
_SAME_CHROMA = 0.2
"""Stops of red and of blue over green within which a patch changed as the others did."""
_MIREDS = (100.0, 450.0)


@dataclass(frozen=True)
class LightChange:
    """From the first side to the second: exposure in stops, balance in mired (above 0 warmer) and Duv, the gradient of light in stops
    from the middle to the right and to the lower edge, what of the light's pattern is left (stops, rms), falloff in stops in the
    corner (above 0 darker), black in linear light; ``spread`` is the scatter of exposure between patches in stops."""

    exposure: float
    mired: float
    duv: float
    gradient: tuple[float, float]
    pattern: float
    falloff: float
    black: float
    spread: float
    patches: int


def light_change(view: Shared, first: Picture) -> LightChange | None:
    """The change on the patches of a view; None where there are too few to tell light from camera."""
    one = luminance(view.first.astype(np.float32)).astype(np.float64)
    corner = 1 + (first.shape[0] / first.shape[1]) ** 2
    black = 0.0
    for _ in range(3):
        # Black lifts the dark patches' ratio and the ratio hides black: found in turns.
        lift = np.maximum(view.second - black, 1e-5)
        ratio = np.log2(luminance(lift.astype(np.float32)) / np.maximum(one, 1e-5)).astype(np.float64)
        used = np.isfinite(ratio) & (one > 0.02) & (view.second.max(axis=1) < 8) & _one_material(view, lift)
        if used.sum() < _FEWEST:
            return None
        ratio, here, there = ratio[used], view.at_first[used], view.at_second[used]
        columns = _columns(here, there, corner)
        fit = _robust(columns, ratio, _RIDGE)
        black = _black(view, fit, corner)
    rest = ratio - columns @ fit
    # What patches in one part of the picture say of the other is a guess: only what stands well over its own error counts.
    sure = np.abs(fit) > _ERRORS * _standard_error(columns, rest)
    bent = _both(fit[3] * sure[3], fit[4] * sure[4])
    # Where the corners fall off or a lamp moved, exposure is what the middle says.
    exposure = float(fit[0]) if abs(bent) > 0.25 else float(np.median(ratio))
    colour = np.median(np.log2(lift[used] / np.maximum(view.first[used], 1e-5)), axis=0)
    mired, duv = _balance(colour)
    return LightChange(
        exposure, mired, duv, (float(fit[1] * sure[1]), float(fit[2] * sure[2])), _pattern(rest, there), -bent, black,
        float(1.48 * np.median(np.abs(rest - np.median(rest)))), int(used.sum()),
    )  # fmt: skip


def _standard_error(columns: Real, rest: Real) -> Real:
    """Of each term of the fit, in stops; neighbouring patches share what is wrong with them, so each counts for a sixth."""
    spread = max(1.48 * float(np.median(np.abs(rest - np.median(rest)))), 0.02)
    held = columns.T @ columns + np.diag(_RIDGE * len(rest) * 0.02) + 1e-9 * np.eye(columns.shape[1])
    inverse = np.linalg.inv(held / 6)
    return np.asarray(spread * np.sqrt(np.maximum(np.diag(inverse), 0)))


def _both(one: float, other: float) -> float:
    """Falloff on either side; where both framings are the same the fit cannot tell them apart and halves it."""
    options = (one, other, one + other)
    return float(max(options, key=abs)) if one * other > 0 else float(max((one, other), key=abs))


def _robust(columns: Real, wanted: Real, ridge: Real) -> Real:
    weight: Real = np.ones(len(wanted))
    fit: Real = np.zeros(columns.shape[1])
    for _ in range(8):
        left = (columns * weight[:, None]).T @ columns + np.diag(ridge * len(wanted) * 0.02)
        fit = np.asarray(np.linalg.solve(left + 1e-9 * np.eye(len(fit)), (columns * weight[:, None]).T @ wanted), np.float64)
        off = np.abs(wanted - columns @ fit)
        scale = max(1.48 * float(np.median(off)), 0.01)
        weight = np.minimum(1.0, 1.5 * scale / np.maximum(off, 1e-9))
    return np.asarray(fit)


def _pattern(rest: Real, places: Real) -> float:
    """Low-frequency light left after the fit: over cells of a 4 x 3 grid, in stops; a cell or two that people walk through do not count."""
    cells = []
    for row in range(3):
        for column in range(4):
            x, y = -1 + column * 0.5, -0.57 + row * 0.38
            inside = (places[:, 0] >= x) & (places[:, 0] < x + 0.5) & (places[:, 1] >= y) & (places[:, 1] < y + 0.38)
            if inside.sum() >= 5:
                cells.append(float(np.median(rest[inside])))
    return 1.5 * float(np.median(np.abs(cells))) if len(cells) >= 6 else 0.0


def _one_material(view: Shared, lift: Real) -> NDArray[np.bool_]:
    """Patches whose colour changed as most did: a hand or a door that came before a plain wall is another material."""
    stops = np.log2(np.maximum(lift, 1e-5) / np.maximum(view.first, 1e-5))
    chroma = stops[:, [0, 2]] - stops[:, 1:2]
    return np.asarray((np.abs(chroma - np.median(chroma, axis=0)) < _SAME_CHROMA).all(axis=1))


def _columns(here: Real, there: Real, corner: float) -> Real:
    return np.column_stack([np.ones(len(here)), there, (here**2).sum(axis=1) / corner, (there**2).sum(axis=1) / corner])


def _black(view: Shared, fit: Real, corner: float) -> float:
    """How much light lies over the darkest shared patches of the second side, once the fitted change of light is taken off.

    0 where nothing dark is shared, or where the dark patches do not agree which way it went.
    """
    gain = np.exp2(_columns(view.at_first, view.at_second, corner) @ fit)
    one, other = (luminance(p.astype(np.float32)).astype(np.float64) for p in (view.first, view.second))
    dark = one <= min(float(np.percentile(one, 12)), _DARK)
    if dark.sum() < 6:
        return 0.0
    low, middle, high = np.percentile((other - gain * one)[dark], [20, 50, 80])
    # Black is the same everywhere; a shadow or a sleeve that came in is not.
    return float(middle) if low * high > 0 and high - low < max(0.9 * abs(middle), 0.004) else 0.0


def _balance(stops: NDArray[np.float64]) -> tuple[float, float]:
    """Mired and Duv that a neutral surface moves by under gains in stops (3,)."""
    before, after = cct_duv(np.ones(3)), cct_duv(np.exp2(stops - stops.mean()))
    if not all(np.isfinite(v) and 1e6 / _MIREDS[1] < v < 1e6 / 40 for v in (before[0], after[0])):
        return float(np.clip((stops[0] - stops[2]) * 70, -200, 200)), 0.0
    return float(1e6 / after[0] - 1e6 / before[0]), float(after[1] - before[1])
