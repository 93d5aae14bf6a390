"""The dailies grade: every camera of a setup matched to its hero as a CDL in ACEScct. Nothing is baked.

Simultaneous calibrated cameras are matched on the surfaces they share; cameras that share nothing measurable only on how their colours are
distributed, with a low stated confidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from answerprint.colour import cdl as grades
from answerprint.colour.difference import ciede2000
from answerprint.colour.match import Match, solve_cdl
from answerprint.graph.sources import PlateReader
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.passes.footage import plate_of
from answerprint.passes.grade_kept import on_set_grades, regraded, revert
from answerprint.passes.intent import check_intent
from answerprint.perception.colour_chart import ChartSeen, find_chart
from answerprint.perception.shared_view import SharedView, shared_view
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Job, Shot
from answerprint.spatial.rig import match_rig
from answerprint.spatial.surfaces import Correspondences, SharedPatches, shared_surfaces, static_plate

Colours = NDArray[np.floating[Any]]
PLATE_FRAMES = 12
"""Frames of a take that its static plate is the median of."""
_SQUARE_M = 0.25
_ANY_ANGLE = 2.0
_CHART_CONFIDENCE = 0.97
"""The most that is claimed for a match on a chart: it may stand in other light than the scene."""
_DISTRIBUTION_CONFIDENCE = 0.25
"""The most that is claimed for a match on distributions alone."""


class GradeSettings(BaseModel):
    """What a person may choose for a dailies grade."""

    model_config = ConfigDict(extra="forbid")

    hero: str = Field(default="A", description="letter of the camera the others are matched to")
    revert: bool = Field(default=False, description="put back the grade before this one; once more brings this one back")
    anew: bool = Field(default=False, description="also grade clips whose grade a person put back")


def submit_grade(production: Production, shots: list[Shot], settings: GradeSettings, requested_by: str) -> list[str]:
    """Queue one job for each setup and take the shots come from; every camera that ran is graded, used or not."""
    return submit_takes(production, [shot.clip for shot in shots], settings, requested_by)


def submit_takes(production: Production, clips: list[Clip], settings: GradeSettings, requested_by: str) -> list[str]:
    """Queue one job for each setup and take that the clips are of; a clip without a slate is a take of its own."""
    takes: dict[tuple[str, str, str], Clip] = {}
    for clip in clips:
        takes.setdefault((clip.scene, clip.setup, clip.take) if clip.scene else ("", "", clip.name), clip)
    jobs = []
    for (scene, setup, take), clip in takes.items():
        order = {"clip": clip.id, "hero": settings.hero, "revert": settings.revert, "anew": settings.anew}
        jobs.append(
            submit(
                production,
                "grade",
                f"{'revert grade' if settings.revert else 'grade'} {scene}{setup} take {take}",
                order,
                [ChunkOrder({}, weight=PLATE_FRAMES)],
                requested_by=requested_by,
            )
        )
    return jobs


def work_on_grade(order: WorkOrder) -> dict[str, Any]:
    """Match the cameras of one take and keep each grade in the catalogue."""
    production = Production.open(order.production_dir)
    with production.session() as session:
        first = session.get(Clip, order.job_order["clip"])
        assert first is not None
        same = (
            select(Clip)
            .where(Clip.scene == first.scene, Clip.setup == first.setup, Clip.take == first.take)
            .order_by(Clip.camera_label, Clip.id)
        )
        clips = list(session.scalars(same)) if first.scene else [first]
        asked_by = session.get_one(Job, order.job_id).requested_by
        if order.job_order.get("revert"):
            graded = [clip for clip in clips if clip.grade.get("cdl") or clip.grade.get("history")]
            return {clip.name: revert(clip, asked_by) for clip in graded}
        plates = {c.name: plate_of(production, c, purpose="index") for c in clips}
        labels = {c.name: c.camera_label for c in clips}
    hero = next((name for name, label in labels.items() if label == order.job_order["hero"]), clips[0].name)
    found = match_plates(plates, hero, order.report)
    theirs = on_set_grades(production)
    for number, (name, plate) in enumerate(plates.items()):
        order.report(number, len(plates), f"reference still of {name}")
        intent = check_intent(production, plate, found[name], theirs.get(name))
        if intent:
            found[name]["intent"] = intent
    with production.session() as session:
        for clip in session.scalars(select(Clip).where(Clip.name.in_(list(plates)))):
            clip.grade = regraded(clip, found[clip.name], asked_by, bool(order.job_order.get("anew")))
    return {name: {k: v for k, v in grade.items() if k.startswith("delta")} for name, grade in found.items()}


def match_plates(plates: dict[str, PlateReader], hero: str, tell: Any) -> dict[str, dict[str, Any]]:
    """Match every plate to ``hero``; returns a grade document by name, as the catalogue and the `match` command have it."""
    stills, masks = {}, {}
    for number, (name, plate) in enumerate(plates.items(), start=1):
        tell(number, len(plates) + 1, f"static plate of {name}")
        wanted = sorted({round(i) for i in np.linspace(0, plate.count - 1, min(PLATE_FRAMES, plate.count))})
        stills[name], masks[name] = static_plate(plate.read(i) for i in wanted)
    charts = {name: chart_of(plate, stills[name]) for name, plate in plates.items()} if len(plates) > 1 else {}
    tell(len(plates), len(plates) + 1, "shared surfaces")
    cameras = {name: plate.camera for name, plate in plates.items() if plate.camera is not None}
    shared, solved = None, {}
    if hero in cameras and len(cameras) > 1:
        found = shared_surfaces(cameras, {n: stills[n] for n in cameras}, {n: masks[n] for n in cameras})
        # One material in both views, seen under whatever angle: an occlusion or a reflection would teach a wrong colour.
        shared = Correspondences({pair: p.comparable(incidence=_ANY_ANGLE) for pair, p in found.pairs.items()}, found.planes)
        solved = match_rig(hero, cameras, _half(shared, white=True))
    out: dict[str, dict[str, Any]] = {hero: {"hero": hero, "is_hero": True}}
    for name in plates:
        if name == hero:
            continue
        ours, theirs = charts.get(hero), charts.get(name)
        if ours is not None and theirs is not None:
            view = shared_view(stills[hero], stills[name], masks[hero], masks[name])
            out[name] = _on_chart(hero, name, ours, theirs, view)
        elif shared is not None and name in solved:
            out[name] = _on_surfaces(hero, name, solved[name], shared)
        else:
            view = shared_view(stills[hero], stills[name], masks[hero], masks[name])
            if view is not None:
                out[name] = _on_shared_view(hero, name, view)
            else:
                out[name] = _on_distributions(hero, name, stills[hero][masks[hero]], stills[name][masks[name]])
    return out


def _half(shared: Correspondences, white: bool) -> Correspondences:
    """The patches on the white or the black squares of a board laid on the set: one half to fit on, the other to judge by."""

    def side(patches: SharedPatches) -> SharedPatches:
        squares = np.floor(patches.positions[:, :2] / _SQUARE_M).astype(int).sum(axis=1)
        return patches.where((squares % 2 == 0) == white)

    return Correspondences({pair: side(patches) for pair, patches in shared.pairs.items()}, shared.planes)


def _on_surfaces(hero: str, name: str, match: Match, shared: Correspondences) -> dict[str, Any]:
    """Fitted on one half of the surfaces, judged on the other, as far as the hero shares them."""
    judged = _half(shared, white=False).pair(hero, name)
    if not len(judged):
        return _document(
            hero, match, match.delta_e_before, match.delta_e_after, match.confidence / 2, match.why, "shared surfaces", 0
        )
    before, after = _difference(judged.first, judged.second, match)
    why = f"{match.why}; judged on {len(judged)} other patches shared with the hero"
    return _document(hero, match, before, after, match.confidence, why, "shared surfaces", len(judged))


def _on_shared_view(hero: str, name: str, view: SharedView) -> dict[str, Any]:
    """Fitted on what both pictures show; every other patch fits, the others judge, then all of them fit."""
    fitted = solve_cdl(view.first[::2], view.second[::2], id=name)
    before, after = _difference(view.first[1::2], view.second[1::2], fitted)
    match = solve_cdl(view.first, view.second, id=name)
    why = f"{match.why}; the pictures share {view.share:.0%} of the hero, found by {view.inliers} matched details"
    confidence = min(match.confidence, 0.4 + 0.6 * min(1.0, view.share / 0.3))
    return _document(hero, match, before, after, confidence, why, "overlapping views", len(view.first) // 2)


def chart_of(plate: PlateReader, still: Colours) -> ChartSeen | None:
    """The colour chart of a clip: it is mostly shown at the head or the tail, and seldom stands in the whole take."""
    seen = find_chart(still)
    for index in dict.fromkeys((0, plate.count // 2, plate.count - 1)):
        seen = seen or find_chart(plate.read(index))
    return seen


def _on_chart(hero: str, name: str, ours: ChartSeen, theirs: ChartSeen, view: SharedView | None) -> dict[str, Any]:
    """Patch against patch, and what both pictures show besides, each with half the weight: every other one fits, the others judge, then all fit."""
    first, second = ours.patches, theirs.patches
    weights = np.ones(len(first))
    if view is not None:
        first, second = np.concatenate([first, view.first]), np.concatenate([second, view.second])
        weights = np.concatenate([weights * len(view.first) / len(weights), np.ones(len(view.first))])
    fitted = solve_cdl(first[::2], second[::2], weights[::2], id=name)
    before, after = _difference(first[1::2], second[1::2], fitted)
    match = solve_cdl(first, second, weights, id=name)
    why = f"{match.why}; the same chart of {len(ours.patches)} patches is in both pictures"
    confidence = min(_CHART_CONFIDENCE, match.agreeing)
    return _document(hero, match, before, after, confidence, why, "chart", len(first) // 2)


def _on_distributions(hero: str, name: str, reference: Colours, source: Colours) -> dict[str, Any]:
    """Quantile against quantile: what is usual in one picture becomes what is usual in the other."""
    if min(len(reference), len(source)) < 1000:
        raise BadInput(name, "nothing in it stands still long enough to be measured", "choose another hero, or grade it by hand")
    steps = np.linspace(2, 98, 49)
    pairs = [np.stack([np.percentile(p[:, c], steps) for c in range(3)], axis=1) for p in (reference[::7], source[::7])]
    match = solve_cdl(pairs[0], pairs[1], id=name)
    before, after = _difference(pairs[0], pairs[1], match)
    why = f"{match.why}; no shared surface was found, so only how the colours are distributed was matched"
    return _document(
        hero, match, before, after, min(match.confidence, _DISTRIBUTION_CONFIDENCE), why, "distributions", len(pairs[0])
    )


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
