"""Commands on the virtual stage: simulate."""

from __future__ import annotations

import argparse
from pathlib import Path

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command
from answerprint.cli.progress import Reporter


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="the stage or sweep, as JSON")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the frames go")


def _simulate(options: argparse.Namespace) -> Answer:
    from answerprint.simulation.run import simulate

    reporter = Reporter(options.quiet)
    done = simulate(Path(options.spec), Path(options.out), reporter.step)
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


COMMANDS = (Command("simulate", "render a stage or sweep with all truth passes", _simulate_arguments, _simulate),)
