"""How the light of two sides of a cut differs on what both show: exposure, balance, direction of the light, falloff, black.

    log2(second / first) = exposure + gradient . place + falloff r^2,  on patches of the set, fitted robustly (Huber)

A camera's own change is the same everywhere or round the middle; a lamp's is not. Black is the light over everything that makes
dark and bright patches agree on that change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.temperature import cct_duv
from answerprint.quality.continuity_view import Picture, Real, Shared, luminance

Parts = NDArray[np.int_]

_FEWEST = 30
_BLACKS = tuple(sign * size for size in (0.0, 0.003, 0.006, 0.009, 0.012, 0.016, 0.022, 0.03, 0.04, 0.055) for sign in (1, -1))
_FLOOR = 5e-4
_BETTER, _STILL_APART = 0.86, 0.085
"""What black has to leave of the scatter without it, and the scatter in stops above which the patches tell nothing of it."""
_ERRORS = 8.0
"""Times its own error that a slope or a falloff has to be. Seeded ones are 11 and more (on clips that anything was tuned on), those that a
bus with a sheen brought along 5 to 8."""
_ACROSS, _DOWN = 4, 3
_GROUPS = ((1, 2), (3,), (4,))
_EXPLANATIONS = (
    ((0,), 1.0), ((0, 1, 2), 1.15), ((0, 4), 1.15), ((0, 3), 1.15), ((0, 1, 2, 4), 1.32), ((0, 1, 2, 3), 1.32),
)  # fmt: skip
"""Terms (exposure, slope across and down, falloff of the first and of the second side) and by how much each has to be better."""
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
    corner = 1 + (first.shape[0] / first.shape[1]) ** 2
    black = _black(view, corner)
    lift = np.maximum(view.second - black, 1e-5)
    one, other = _luma(view.first), _luma(lift)
    ratio = np.log2(other / np.maximum(one, 1e-5))
    used = np.isfinite(ratio) & (one > 0.02) & (view.second.max(axis=1) < 8) & _one_material(view, lift)
    if used.sum() < _FEWEST:
        return None
    ratio, here, there = ratio[used], view.at_first[used], view.at_second[used]
    columns = _columns(here, there, corner)
    fit = _simplest(columns, ratio, _parts(there))
    rest = ratio - columns @ fit
    bent = float(fit[3] + fit[4])
    # Where the corners fall off or a lamp moved, exposure is what the middle says.
    exposure = float(fit[0]) if fit[1:].any() else float(np.median(ratio))
    colour = np.median(np.log2(lift[used] / np.maximum(view.first[used], 1e-5)), axis=0)
    mired, duv = _balance(colour)
    return LightChange(
        exposure, mired, duv, (float(fit[1]), float(fit[2])), _pattern(rest, there), -bent, black,
        float(1.48 * np.median(np.abs(rest - np.median(rest)))), int(used.sum()),
    )  # fmt: skip


def _simplest(columns: Real, wanted: Real, parts: Parts) -> Real:
    """The change of light with as few terms as explain it: exposure, a slope, the falloff of one side; 0 for every other term.

    A term has to take a share off what is left and to stand well over its own error: patches in one part of the picture say little of
    the other, and a slope and either falloff say nearly the same where both framings have one middle.
    """
    tried = []
    for terms, price in _EXPLANATIONS:
        fit = _robust(columns[:, terms], wanted)
        rest = wanted - columns[:, terms] @ fit
        # Patches that people walked through count, but no more than three times the scatter.
        tried.append((float(np.minimum(np.abs(rest), 3 * _scatter(rest)).mean()) * price, terms, fit))
    best = np.zeros(columns.shape[1])
    for _, terms, fit in sorted(tried, key=lambda one: one[0]):
        sure = np.abs(fit) > _ERRORS * _standard_error(columns[:, terms], wanted, fit, parts) if len(terms) > 1 else [True]
        if all(any(sure[at] for at, term in enumerate(terms) if term in group) for group in _GROUPS if set(group) & set(terms)):
            best[list(terms)] = fit
            break
    return best


def _standard_error(columns: Real, wanted: Real, fit: Real, parts: Parts) -> Real:
    """Of each term of the fit, in stops: by how much it changes when one part of the picture is left out (jackknife, J. Tukey 1958).

    What moved or shines differently is wrong on neighbouring patches together, so parts of the picture are left out, not patches; a lamp
    and a lens show in every part.
    """
    held = columns * _trust(wanted - columns @ fit)[:, None]
    whole, sums = held.T @ columns + _ridge(columns), held.T @ wanted
    without = []
    for part in np.unique(parts):
        here = parts == part
        without.append(np.linalg.solve(whole - held[here].T @ columns[here], sums - held[here].T @ wanted[here]))
    apart = np.array(without) - np.mean(without, axis=0)
    return np.asarray(np.sqrt((1 - 1 / len(without)) * (apart**2).sum(axis=0))) if len(without) > 2 else np.full(len(fit), np.inf)


def _parts(places: Real) -> Parts:
    """Which of `_ACROSS` x `_DOWN` parts of what both sides show each place (n, 2) lies in."""
    low, high = places.min(axis=0), places.max(axis=0)
    cell = np.minimum((places - low) / np.maximum(high - low, 1e-6), 0.999) * [_ACROSS, _DOWN]
    return np.asarray(cell[:, 0].astype(int) + _ACROSS * cell[:, 1].astype(int))


def _ridge(columns: Real) -> Real:
    return np.asarray(np.diag([1e-9] + [4e-4 * len(columns)] * (columns.shape[1] - 1)))


def _scatter(rest: Real) -> float:
    return max(1.48 * float(np.median(np.abs(rest - np.median(rest)))), 0.01)


def _trust(off: Real) -> Real:
    scale = max(1.48 * float(np.median(np.abs(off))), 0.01)
    return np.asarray(np.minimum(1.0, 1.5 * scale / np.maximum(np.abs(off), 1e-9)))


def _robust(columns: Real, wanted: Real) -> Real:
    weight: Real = np.ones(len(wanted))
    fit: Real = np.zeros(columns.shape[1])
    for _ in range(8):
        left = (columns * weight[:, None]).T @ columns + _ridge(columns)
        fit = np.asarray(np.linalg.solve(left, (columns * weight[:, None]).T @ wanted), np.float64)
        weight = _trust(wanted - columns @ fit)
    return fit


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


def _black(view: Shared, corner: float) -> float:
    """The light that lies over everything on the second side: the constant without which a change of light explains the patches best.

    0 unless it explains them much better than none: dark and bright patches then disagree, and no gain brings them together.
    """
    used = (_luma(view.first) > 0.003) & (view.second.max(axis=1) < 8) & _one_material(view, np.maximum(view.second, 1e-5))
    if used.sum() < _FEWEST:
        return 0.0
    one, other = np.maximum(_luma(view.first)[used], _FLOOR), _luma(view.second)[used]
    columns, parts = _columns(view.at_first[used], view.at_second[used], corner), _parts(view.at_second[used])

    def off(black: float) -> Real:
        ratio = np.log2(np.maximum(other - black, _FLOOR) / one)
        return np.asarray(np.minimum(np.abs(ratio - columns @ _simplest(columns, ratio, parts)), 0.4))

    every = {black: off(black) for black in _BLACKS}
    best = min(every, key=lambda black: (every[black].mean(), abs(black)))
    # One part of the picture where something dark came or went speaks of no black: without it the others have to say the same.
    without = [parts != part for part in np.unique(parts)] if len(np.unique(parts)) > 1 else [np.full(len(parts), fill_value=True)]
    held = all(every[best][rest].mean() <= _BETTER * every[0.0][rest].mean() for rest in without)
    if best == 0 or not held or every[best].mean() > min(_BETTER * every[0.0].mean(), _STILL_APART):
        return 0.0
    near = np.linspace(0.7, 1.3, 7) * best
    return float(min(near, key=lambda black: off(black).mean()))


def _luma(light: Real) -> Real:
    return np.asarray(luminance(np.asarray(light, np.float32)), np.float64)


def _balance(stops: NDArray[np.float64]) -> tuple[float, float]:
    """Mired and Duv that a neutral surface moves by under gains in stops (3,)."""
    before, after = cct_duv(np.ones(3)), cct_duv(np.exp2(stops - stops.mean()))
    if not all(np.isfinite(v) and 1e6 / _MIREDS[1] < v < 1e6 / 40 for v in (before[0], after[0])):
        return float(np.clip((stops[0] - stops[2]) * 70, -200, 200)), 0.0
    return float(1e6 / after[0] - 1e6 / before[0]), float(after[1] - before[1])
