"""What a stage asks in vain is said before a frame is rendered and before anything lies in its folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from answerprint.production import BadInput
from answerprint.production.atomic import write_failure
from answerprint.simulation.directed import directed
from answerprint.simulation.order import Shoot
from answerprint.simulation.poses import pose_at
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import Stage


def check_stages(stages: Iterable[Stage]) -> None:
    """``check_stage`` for the levels of a sweep or settings of a plan; those that differ in lamps and cameras alone are looked at once."""
    looked_at: set[str] = set()
    for stage in stages:
        what = stage.model_dump_json(include={"set", "performers", "rig", "render"})
        if what not in looked_at:
            check_stage(stage)
        else:
            directed(stage, build(stage.set))
        looked_at.add(what)


def check_stage(stage: Stage) -> None:
    """Build the stage's place and walk its people through their actions.

    Raises BadInput for a mark, material or file that is not there, a camera's move that cannot be made, a thing without a shape, a name that
    two things have.
    """
    shoot = Shoot(stage)
    shoot.build_order(threads=1)
    for performer in stage.performers:
        last = max((action.end for action in performer.actions), default=stage.first_frame)
        pose_at(performer, last, float(stage.rate), shoot.place.marks)
    things = {item.name for item in shoot.items}
    for name in stage.render.mattes:
        if name not in things:
            known = ", ".join(sorted(things)) or "none"
            raise BadInput(f"stage {stage.name}", f"there is no thing {name!r} to make a matte of", f"use one of: {known}")


def output_folder(path: Path) -> Path:
    """The folder, made if it is not there. Raises BadInput where it cannot be made or is a file."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(path, error) from None
    return path
