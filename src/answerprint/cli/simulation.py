"""Commands on the virtual stage: simulate."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command
from answerprint.cli.progress import Reporter

if TYPE_CHECKING:
    from answerprint.simulation.shoot import Shot


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", nargs="?", help="the stage or sweep, as JSON")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the frames go")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="renderers at once, through the job queue")
    parser.add_argument("--production", metavar="DIR", help="use this production's queue, and keep the result in its catalogue")
    parser.add_argument(
        "--from-production",
        metavar="DIR",
        help="write a stage of this production's scan, cameras and lamps into --out, instead of rendering",
    )
    parser.add_argument(
        "--scene", default="", metavar="ID", help="with --from-production: the scene, or scene and setup (21 or 21A)"
    )
    parser.add_argument("--unreal", action="store_true", help="write the stage for Unreal into DIR/unreal instead of rendering it")


def _simulate(options: argparse.Namespace) -> Answer:
    from answerprint.production import BadInput
    from answerprint.simulation.run import simulate

    if options.from_production is not None:
        return _from_production(options)
    if options.spec is None:
        raise BadInput("simulate", "names no document", "give a stage or sweep, or --from-production DIR --scene ID")
    if options.unreal:
        return _for_unreal(Path(options.spec), Path(options.out) / "unreal")
    reporter = Reporter(options.quiet)
    spec, out = Path(options.spec), Path(options.out)
    if options.production is None and options.workers == 0:
        done = simulate(spec, out, reporter.step)
    else:
        done = _through_the_queue(options, spec, out, reporter)
    reporter.finish()
    document = {
        "frames": done.frames,
        "passes": done.passes,
        "output": str(done.output),
        "seconds": round(done.seconds, 3),
        "rendered": done.rendered,
        "cpu_seconds": round(done.cpu_seconds, 3),
    }
    kept = done.frames - done.rendered
    lines = [f"{done.frames} frames to {done.output}" + (f", {kept} of them finished before" if kept else "")]
    return Answer(document, [*lines, f"passes  {', '.join(done.passes)}", f"look at {done.output / 'contact-sheet.png'}"])


def _from_production(options: argparse.Namespace) -> Answer:
    from answerprint.passes.stage_of_production import stage_of_scene, write_stage_of_scene
    from answerprint.production.catalogue import Production

    started = time.monotonic()
    with Production.open(Path(options.from_production)) as production:
        found = stage_of_scene(production, options.scene)
    path = write_stage_of_scene(found, Path(options.out))
    stage = found.stage
    document = {
        "frames": 0,
        "passes": [],
        "output": str(options.out),
        "seconds": round(time.monotonic() - started, 3),
        "stage": str(path),
        "cameras": [camera.label for camera in stage.cameras],
        "lights": [lamp.name for lamp in stage.lights],
        "surfaces": found.surfaces,
        "assumed": found.assumed,
    }
    lines = [
        f"stage of {options.scene} to {path}: {len(stage.cameras)} cameras, {len(stage.lights)} lamps, {len(found.surfaces)} surfaces"
    ]
    lines += [f"assumed  {line}" for line in found.assumed]
    return Answer(document, [*lines, f"render it with: answerprint simulate {path} --out DIR"])


def _for_unreal(spec: Path, folder: Path) -> Answer:
    from answerprint.simulation.ready import check_stage, output_folder
    from answerprint.simulation.stage import read_stage
    from answerprint.simulation.unreal import write_unreal

    started = time.monotonic()
    stage = read_stage(spec)
    check_stage(stage)
    output_folder(folder)
    made = write_unreal(stage, folder)
    document = {
        "frames": stage.frame_count * len(stage.cameras),
        "passes": [],
        "output": str(folder),
        "seconds": round(time.monotonic() - started, 3),
        "files": [str(path) for path in (made.stage, made.script, *made.lenses)],
        "notes": list(made.notes),
    }
    return Answer(
        document, [f"{made.stage}", f'in Unreal: py "{made.script.absolute()}"', *(f"note: {note}" for note in made.notes)]
    )


def _through_the_queue(options: argparse.Namespace, spec: Path, out: Path, reporter: Reporter) -> Shot:
    from answerprint.cli.production import person
    from answerprint.passes.stages import simulate_with_workers
    from answerprint.production.catalogue import Production

    workers = options.workers or 1
    if options.production is None:
        return simulate_with_workers(spec, out, workers, tell=reporter.step)
    with Production.open(options.production) as production:
        return simulate_with_workers(spec, out, workers, production, person(), reporter.step)


COMMANDS = (Command("simulate", "render a stage or sweep with all truth passes", _simulate_arguments, _simulate),)
