"""What a clip's grade rests on: shared surfaces, overlapping views, a chart, or how colours are distributed; and how far each is to be trusted.

The confidence of a match on overlapping views or on a chart is the chance that the graded clip lies within a mean ΔE00 of 3 of the truth
over the whole picture, as `benchmarks/grade.py` measures it on photographs whose change is known.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.colour import cdl as grades
from answerprint.colour.difference import ciede2000
from answerprint.colour.match import Match, solve_cdl
from answerprint.perception.colour_chart import ChartSeen
from answerprint.perception.shared_view import SharedView
from answerprint.production import BadInput
from answerprint.spatial.surfaces import Correspondences, SharedPatches

Colours = NDArray[np.floating[Any]]
WITHIN = 3.0
"""Mean ΔE00 over the graded picture that counts as a match: the confidence is the chance of it."""
_OPTIMISM = 1.1
"""How much more is left on the whole picture than on patches that the fit did not see: mean over the same matches."""
_SPREAD = 0.32
"""Standard deviation of ln(true ΔE00 / ΔE00 on held-out patches), over 116 matches of six photographs."""
_LEAST_JUDGED = 0.3
_MOST = 0.99
_BORNE_OUT = (2.0, 1.0)
"""What a chart's own grade may leave on the rest of the set, against what the best grade of the set leaves: so many times that, and so much more."""
_SQUARE_M = 0.25
_CHART_ALONE = 0.45
"""The most that is claimed where a chart is all that two pictures share: whether it stood in the light of the set cannot be seen."""
_DISTRIBUTION = 0.25
"""The most that is claimed for a match on distributions alone."""


def half(shared: Correspondences, white: bool) -> Correspondences:
    """The patches on the white or the black squares of a board laid on the set: one half to fit on, the other to judge by."""

    def side(patches: SharedPatches) -> SharedPatches:
        squares = np.floor(patches.positions[:, :2] / _SQUARE_M).astype(int).sum(axis=1)
        return patches.where((squares % 2 == 0) == white)

    return Correspondences({pair: side(patches) for pair, patches in shared.pairs.items()}, shared.planes)


def on_surfaces(hero: str, name: str, match: Match, shared: Correspondences) -> dict[str, Any]:
    """Fitted on one half of the surfaces, judged on the other, as far as the hero shares them."""
    judged = half(shared, white=False).pair(hero, name)
    if not len(judged):
        return _document(
            hero, match, match.delta_e_before, match.delta_e_after, match.confidence / 2, match.why, "shared surfaces", 0
        )
    before, after = _difference(judged.first, judged.second, match)
    why = f"{match.why}; judged on {len(judged)} other patches shared with the hero"
    return _document(hero, match, before, after, match.confidence, why, "shared surfaces", len(judged))


def on_shared_view(hero: str, name: str, view: SharedView) -> dict[str, Any]:
    """Fitted on what both pictures show; every other patch fits, the others judge, then all of them fit."""
    fitted = solve_cdl(view.first[::2], view.second[::2], id=name)
    before, after = _difference(view.first[1::2], view.second[1::2], fitted)
    match = solve_cdl(view.first, view.second, id=name)
    why = f"{match.why}; the pictures share {view.share:.0%} of the hero, found by {view.inliers} matched details"
    return _document(hero, match, before, after, chance(after), why, "overlapping views", len(view.first) // 2)


def on_chart(hero: str, name: str, ours: ChartSeen, theirs: ChartSeen, view: SharedView | None, one_take: bool) -> dict[str, Any]:
    """Patch against patch; where the pictures share more than the chart, that has to bear the chart out, or the chart is left out."""
    first, second, weights = ours.patches, theirs.patches, np.ones(len(ours.patches))
    most, said = 1.0, "the same chart of 24 patches is in both pictures"
    if view is not None:
        seen = on_shared_view(hero, name, view)
        on_set = _difference(view.first, view.second, solve_cdl(first, second, id=name))[1]
        if on_set > _BORNE_OUT[0] * seen["delta_e_after"] + _BORNE_OUT[1]:
            left = (
                f"the chart in both pictures was left out: it stood in other light (its grade leaves ΔE00 {on_set:.1f} on the set)"
            )
            return seen | {"why": f"{seen['why']}; {left}"}
        # The chart has the colours and the brightnesses that the set may lack; together its patches count as much as the set's.
        weights = np.concatenate([weights * len(view.first) / len(weights), np.ones(len(view.first))])
        first, second = np.concatenate([first, view.first]), np.concatenate([second, view.second])
        said += ", and what else they share bears it out"
    elif not one_take:
        most = _CHART_ALONE
        said += " and nothing else: whether it stood in the light of the set cannot be seen"
    fitted = solve_cdl(first[::2], second[::2], weights[::2], id=name)
    before, after = _difference(first[1::2], second[1::2], fitted)
    match = solve_cdl(first, second, weights, id=name)
    return _document(hero, match, before, after, min(most, chance(after)), f"{match.why}; {said}", "chart", len(first) // 2)


def on_distributions(hero: str, name: str, reference: Colours, source: Colours) -> dict[str, Any]:
    """Quantile against quantile: what is usual in one picture becomes what is usual in the other."""
    if min(len(reference), len(source)) < 1000:
        raise BadInput(name, "nothing in it stands still long enough to be measured", "choose another hero, or grade it by hand")
    steps = np.linspace(2, 98, 49)
    pairs = [np.stack([np.percentile(p[:, c], steps) for c in range(3)], axis=1) for p in (reference[::7], source[::7])]
    match = solve_cdl(pairs[0], pairs[1], id=name)
    before, after = _difference(pairs[0], pairs[1], match)
    why = f"{match.why}; no shared surface was found, so only how the colours are distributed was matched"
    return _document(hero, match, before, after, min(match.confidence, _DISTRIBUTION), why, "distributions", len(pairs[0]))


def chance(judged: float) -> float:
    """The chance that a grade which leaves a mean ΔE00 of ``judged`` on held-out patches leaves less than `WITHIN` on the whole picture."""
    away = math.log(WITHIN / (_OPTIMISM * max(judged, _LEAST_JUDGED))) / _SPREAD
    return min(_MOST, 0.5 * (1 + math.erf(away / math.sqrt(2))))


def _difference(reference: Colours, source: Colours, match: Match) -> tuple[float, float]:
    graded = grades.apply(match.cdl, source)
    return float(ciede2000(reference, source).mean()), float(ciede2000(reference, graded).mean())


def _document(
    hero: str, match: Match, before: float, after: float, confidence: float, why: str, method: str, judged: int
) -> dict[str, Any]:
    """A grade as it is kept. A clip that the grade would not bring nearer is left alone."""
    helps = after < before
    cdl = match.cdl if helps else grades.CDL(id=match.cdl.id)
    return {
        "hero": hero,
        "is_hero": False,
        "cdl": cdl.model_dump(mode="json"),
        "exposure_stops": round(match.exposure_stops, 3) if helps else 0.0,
        "cct_kelvin": round(match.cct_before) if np.isfinite(match.cct_before) else None,
        "delta_e_before": round(before, 3),
        "delta_e_after": round(after if helps else before, 3),
        "confidence": round(confidence if helps else 0.0, 3),
        "why": why if helps else f"left alone: a grade would not bring it nearer to {hero}",
        "method": method,
        "judged": judged,
        "layer": "technical",
    }
