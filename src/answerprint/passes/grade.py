"""The dailies grade: every camera of a setup matched to its hero as a CDL in ACEScct. Nothing is baked.

Simultaneous calibrated cameras are matched on the surfaces they share; cameras that share nothing measurable only on how their colours are
distributed, with a low stated confidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from answerprint.graph.sources import PlateReader
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.passes.footage import plate_of
from answerprint.passes.grade_basis import Colours, half, on_chart, on_distributions, on_shared_view, on_surfaces
from answerprint.passes.grade_kept import on_set_grades, regraded, revert
from answerprint.passes.intent import check_intent
from answerprint.perception.colour_chart import ChartSeen, find_chart
from answerprint.perception.shared_view import shared_view
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Job, Shot
from answerprint.spatial.rig import match_rig
from answerprint.spatial.surfaces import Correspondences, shared_surfaces, static_plate

PLATE_FRAMES = 12
"""Frames of a take that its static plate is the median of."""
_ANY_ANGLE = 2.0


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
    found = match_plates(plates, hero, order.report, one_take=bool(first.scene))
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


def match_plates(plates: dict[str, PlateReader], hero: str, tell: Any, one_take: bool = False) -> dict[str, dict[str, Any]]:
    """Match every plate to ``hero``; returns a grade document by name, as the catalogue and the `match` command have it.

    ``one_take``: the cameras ran together, so that a chart two of them saw stood in one light.
    """
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
        solved = match_rig(hero, cameras, half(shared, white=True))
    out: dict[str, dict[str, Any]] = {hero: {"hero": hero, "is_hero": True}}
    for name in plates:
        if name == hero:
            continue
        ours, theirs = charts.get(hero), charts.get(name)
        if ours is not None and theirs is not None:
            # The chart is no landmark: held up elsewhere in another take, it would tie pictures together that share nothing.
            view = shared_view(stills[hero], stills[name], ours.beside(masks[hero]), theirs.beside(masks[name]))
            out[name] = on_chart(hero, name, ours, theirs, view, one_take)
        elif shared is not None and name in solved:
            out[name] = on_surfaces(hero, name, solved[name], shared)
        else:
            view = shared_view(stills[hero], stills[name], masks[hero], masks[name])
            if view is not None:
                out[name] = on_shared_view(hero, name, view)
            else:
                out[name] = on_distributions(hero, name, stills[hero][masks[hero]], stills[name][masks[name]])
    return out


def chart_of(plate: PlateReader, still: Colours) -> ChartSeen | None:
    """The colour chart of a clip: it is mostly shown at the head or the tail, and seldom stands in the whole take."""
    seen = find_chart(still)
    for index in dict.fromkeys((0, plate.count // 2, plate.count - 1)):
        seen = seen or find_chart(plate.read(index))
    return seen
