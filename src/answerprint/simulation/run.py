"""What ``answerprint simulate`` does: read a stage, a sweep or a plan and shoot it.

A document with ``baseline``, ``field`` and ``levels`` is a sweep, one with ``baseline``, ``fields`` and ``count`` a plan; anything else is a
stage. Each level of a sweep has a folder of its own; ``sweep.json`` says what was held and how exactly, ``capture-plan.txt`` how a
crew would shoot the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from answerprint.production.atomic import write_atomically
from answerprint.simulation.contact import sheet_of_levels
from answerprint.simulation.ready import check_stage, check_stages, output_folder
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import Shot, Tell, shoot_stage
from answerprint.simulation.stage import Stage, loaded, read_stage
from answerprint.simulation.sweep_proof import check_measurable, check_pictures
from answerprint.simulation.sweeps import (
    Plan,
    Sweep,
    capture_plan,
    check_documents,
    coverage,
    latin_hypercube,
    read_plan,
    read_sweep,
)

ShootAll = Callable[[list[Stage], list[Path], Path, Tell], Shot]
"""Shoots stages, each into its folder."""


def simulate(spec: Path, out: Path, tell: Tell = lambda *_: None, shoot_all: ShootAll | None = None) -> Shot:
    """Shoot the document in the file ``spec`` into the folder ``out``.

    ``shoot_all`` does the rendering of all its stages; without it they are shot one by one with one renderer.

    Raises BadInput for a document that does not hold and for a missing simulation environment; FaultFound for a sweep in which
    another field drifts (its pictures stay).
    """
    subject, data = loaded(spec)
    shoot_all = shoot_all or _shoot_all
    if "field" in data or "levels" in data:
        return _shoot_sweep(read_sweep(data, subject), out, tell, shoot_all)
    if "baseline" not in data and "fields" not in data:
        stage = read_stage(spec)
        check_stage(stage)
        return shoot_all([stage], [out], output_folder(out), tell)
    return _shoot_plan(read_plan(data, subject), out, tell, shoot_all)


def _shoot_sweep(sweep: Sweep, out: Path, tell: Tell, shoot_all: ShootAll) -> Shot:
    stages = sweep.stages()
    check_documents(stages, sweep.field)
    check_measurable(stages, sweep.field, sweep.tolerances)
    check_stages(stages)
    folders = [out / f"level-{number:02d}" for number in range(1, len(stages) + 1)]
    output_folder(out)
    write_atomically(out / "capture-plan.txt", "\n".join(capture_plan(sweep)) + "\n")
    shot = shoot_all(stages, folders, out, tell)
    sheet_of_levels(stages, folders, [f"{level} {sweep.unit}".strip() for level in sweep.levels], out / "contact-sheet.png")
    drift = check_pictures(folders, stages, sweep.field, sweep.tolerances)
    report = {
        "sweep": sweep.name,
        "field": sweep.field,
        "unit": sweep.unit,
        "levels": list(sweep.levels),
        "folders": [f.name for f in folders],
        "held": drift,
    }
    write_atomically(out / "sweep.json", json.dumps(report, indent=1) + "\n")
    return shot


def _shoot_plan(plan: Plan, out: Path, tell: Tell, shoot_all: ShootAll) -> Shot:
    stages = plan.stages()
    check_stages(stages)
    folders = [out / f"setting-{number:05d}" for number in range(1, len(stages) + 1)]
    output_folder(out)
    shot = shoot_all(stages, folders, out, tell)
    sheet_of_levels(stages, folders, [folder.name for folder in folders], out / "contact-sheet.png")
    settings = latin_hypercube(plan.fields, plan.count, plan.seed)
    report = {"plan": plan.name, "fields": plan.fields, "settings": settings, "coverage": coverage(settings, plan.fields)}
    write_atomically(out / "plan.json", json.dumps(report, indent=1) + "\n")
    return shot


def _shoot_all(stages: list[Stage], folders: list[Path], out: Path, tell: Tell) -> Shot:
    """All stages with one renderer process, so that its start is paid once."""
    if len(stages) == 1:
        return shoot_stage(stages[0], folders[0], tell)
    total = sum(stage.frame_count * len(stage.cameras) for stage in stages)
    done, shots = 0, []
    with Renderer() as renderer:
        for stage, folder in zip(stages, folders, strict=True):
            shots.append(shoot_stage(stage, folder, _offset(tell, done, total), renderer))
            done += shots[-1].frames
    return Shot(
        total,
        shots[0].passes,
        out,
        sum(s.seconds for s in shots),
        sum(s.rendered for s in shots),
        sum(s.cpu_seconds for s in shots),
    )


def _offset(tell: Tell, before: int, total: int) -> Tell:
    """Progress of one stage as part of all."""

    def told(done: int, _: int, what: str) -> None:
        tell(before + done, total, what)

    return told
