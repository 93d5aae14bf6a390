"""The command on a stage: survey."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command, settings, takes_settings
from answerprint.cli.progress import Reporter


def _survey_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="tracks, scans, marks, lighting plots, clips; files or folders")
    parser.add_argument("--out", required=True, metavar="DIR", help="where drawings, cameras and the report go")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    takes_settings(parser)


def _survey(options: argparse.Namespace) -> Answer:
    chosen = settings(options.set)
    return _scene(options, chosen) if "scene" in chosen else _stage(options, chosen)


def _scene(options: argparse.Namespace, chosen: dict[str, str]) -> Answer:
    from pydantic import ValidationError

    from answerprint.passes.loose_scene import SceneSettings, make_scene
    from answerprint.production.errors import BadInput, first_fault

    try:
        wanted = SceneSettings.model_validate(chosen)
    except ValidationError as error:
        name, reason = first_fault(error)
        raise BadInput(f"--set {name}", reason, "see docs/splats.md") from None
    reporter = Reporter(options.quiet)
    made = make_scene([Path(path).absolute() for path in options.paths], Path(options.out).absolute(), wanted, reporter.step)
    reporter.finish()
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in made.figures.items() if value != []]
    files = [str(file) for file in made.files]
    return Answer({"scene": wanted.scene, "files": files, "figures": made.figures}, [*files, *lines])


def _stage(options: argparse.Namespace, chosen: dict[str, str]) -> Answer:
    from answerprint.passes.loose_spatial import survey
    from answerprint.spatial.stage_report import report_lines

    reporter, out = Reporter(options.quiet), Path(options.out)
    report = survey([Path(path) for path in options.paths], out, chosen, options.fps, reporter.step)
    reporter.finish()
    for fault in report["faults"]:
        print(f"answerprint: {fault}", file=sys.stderr)
    return Answer(report, [*report_lines(report)[2:], f"drawings and report in {out}"], exit_code=3 if report["faults"] else 0)


COMMANDS = (
    Command(
        "survey",
        "cameras, scans and marks of a stage: agreement, tracker lag, drawings, angles allowed",
        _survey_arguments,
        _survey,
        "Reads tracks, scans, marks, plots and clips; says how well they agree (over 10 mm is exit code 3), how late each tracker "
        "is, draws the stage from above and from a corner, and plans which extra angles its cameras allow. "
        "Settings: limit_deg, subject=x,y,z, distance_m. With scene=solve it finds the cameras of a folder of stills instead, and with "
        "scene=fit it fits splats to a transforms.json and writes scene.ply and scene.spz (steps, splats, height, focal_px).",
    ),
)
