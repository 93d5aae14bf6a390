"""Commands on pictures: caption, apply, match, evaluate."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command, settings, takes_settings
from answerprint.cli.production import person
from answerprint.cli.progress import Reporter


def _caption_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a clip, a still, a frame folder")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    takes_settings(parser)


def _caption(options: argparse.Namespace) -> Answer:
    from answerprint.passes.loose_caption import caption_footage

    reporter = Reporter(options.quiet)
    document = caption_footage(Path(options.path), options.fps, settings(options.set), reporter.step)
    reporter.finish()
    lines = [f"{shot['frames'][0]}-{shot['frames'][1] - 1}  {shot['text']}" for shot in document["shots"]]
    return Answer(document, lines)


class _OperationHelp(argparse.Action):
    """``apply OPERATION --help``: the command's help, and every setting of that operation."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show this help, and after OPERATION its settings")

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        parser.print_help()
        if getattr(namespace, "operation", None):
            print("\n" + "\n".join(_settings_of(namespace.operation)))
        parser.exit()


def _settings_of(name: str) -> list[str]:
    """Every setting of an operation with its type, its default and what it means, from the operation's own class."""
    from answerprint.generator.registry import operations

    known = operations()
    if name not in known:
        return [f"there is no operation {name!r}; use one of {', '.join(sorted(known))}"]
    operation = known[name]
    lines = [f"{name} {operation.version}: {operation.summary}", "settings (--set NAME=VALUE):"]
    for field, about in operation.Parameters.model_json_schema().get("properties", {}).items():
        limits = [
            f"{word} {about[key]}" for key, word in (("minimum", "from"), ("maximum", "to"), ("default", "default")) if key in about
        ]
        kind = " | ".join(map(str, about["enum"])) if "enum" in about else about.get("type", "value")
        lines.append(f"  {field} ({', '.join([kind, *limits])}): {about.get('description', '')}")
    lines.append("  output (plate | acescg | movie, default plate): the plate's own format, half EXR in ACEScg, or a movie")
    if "aspect" in operation.Parameters.model_fields:
        lines.append("  framing (value): the label of the framing decision that is wanted, where --scene is an FDL with several")
    lines.append("  input_space (value): the colour space of the files, when they do not say")
    return lines


def _apply_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", metavar="OPERATION", help="removal, matte ...")
    parser.add_argument("--plate", required=True, metavar="P", help="a movie or frame folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the result goes")
    parser.add_argument("--matte", metavar="M", help="one channel, white is inside the operation")
    parser.add_argument(
        "--protect", metavar="F|auto", default="", help="mattes of performers not to be touched, or 'auto' to find them"
    )
    parser.add_argument(
        "--scene",
        metavar="S",
        help="posed pictures (coverage), a list of light passes (relight), the new background (background), the clip whose grain is wanted (regrain), or an ASC FDL (reframe)",
    )
    parser.add_argument("--camera", metavar="C", help="a camera or lens, for operations that take one")
    parser.add_argument(
        "--depth",
        metavar="D",
        help="metres along the axis as float EXR: of the plate (relight_geometry), of the new background (background)",
    )
    parser.add_argument("--consent", metavar="F", help="the performers' consent records, where a performance is altered (class D)")
    parser.add_argument(
        "--performer", action="append", metavar="NAME", help="who is seen; all that the consent names, if not given"
    )
    parser.add_argument("--sign-off", default="", metavar="NAME", help="who signs class D off: another person than you")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    takes_settings(parser)


def _apply(options: argparse.Namespace) -> Answer:
    from answerprint.jobs.executor import default_workers
    from answerprint.passes.loose import LooseOrder, apply_operation

    reporter = Reporter(options.quiet)
    order = LooseOrder(
        options.operation,
        Path(options.plate),
        Path(options.out),
        Path(options.matte) if options.matte else None,
        options.protect,
        settings(options.set),
        options.fps,
        default_workers(),
        Path(options.scene) if options.scene else None,
        Path(options.camera) if options.camera else None,
        Path(options.consent) if options.consent else None,
        options.sign_off,
        tuple(options.performer or ()),
        person(),
        Path(options.depth) if options.depth else None,
    )
    document = apply_operation(order, reporter.step)
    reporter.finish()
    found = document.pop("found_lines")
    classes = ", ".join(f"{number} {letter}" for letter, number in document["class"].items() if number)
    lines = [
        f"{document['operation']}: {document['frames']} frames to {document['output']}",
        f"classes {classes}; changed {document['changed_share']:.2%} of the picture, {document['support_share']:.1%} of it seen elsewhere",
        f"{document['said']}",
        *found,
        f"ledger  {document['ledger']}",
        f"certificate {document['certificate']}",
    ]
    return Answer(document, lines)


def _match_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", nargs="+", metavar="CLIP", help="the clips to bring to the hero")
    parser.add_argument("--hero", required=True, metavar="A", help="the clip the others are matched to")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the grades and the report go")
    parser.add_argument("--plates", action="store_true", help="also write graded EXR frames")
    takes_settings(parser)


def _match(options: argparse.Namespace) -> Answer:
    from answerprint.passes.match import match_clips

    reporter = Reporter(options.quiet)
    clips = [Path(clip) for clip in options.clips]
    document = match_clips(Path(options.hero), clips, Path(options.out), settings(options.set), options.plates, reporter.step)
    reporter.finish()
    lines = [
        f"{clip['clip']}: CIEDE2000 {clip['delta_e_before']:.2f} before, {clip['delta_e_after']:.2f} after, "
        f"confidence {clip['confidence']:.2f}. {clip['why']}"
        for clip in document["clips"]
    ]
    return Answer(document, [*lines, f"grades and report in {options.out}"])


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", metavar="OPERATION", help="removal, matte ...")
    parser.add_argument("--plate", required=True, metavar="P", help="the plate the operation is given")
    parser.add_argument("--matte", required=True, metavar="M", help="where it works, white is inside")
    truth = parser.add_mutually_exclusive_group(required=True)
    truth.add_argument("--truth", metavar="T", help="the same plate as it should come out")
    truth.add_argument(
        "--revealed", action="store_true", help="no truth: move the matte to where nothing is hidden and score there"
    )
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    takes_settings(parser)


def _evaluate(options: argparse.Namespace) -> Answer:
    from answerprint.passes.evaluate import evaluate_operation

    reporter = Reporter(options.quiet)
    truth = Path(options.truth) if options.truth else None
    document = evaluate_operation(
        options.operation, Path(options.plate), Path(options.matte), truth, settings(options.set), options.fps, reporter.step
    )
    reporter.finish()
    worst = ", ".join(f"{one['frame']} ({one['psnr_in_matte']} dB)" for one in document["cases"][0]["worst_frames"])
    return Answer(document, [*(f"{name} {value}" for name, value in document["mean"].items()), f"look first at frames {worst}"])


COMMANDS = (
    Command("caption", "structured shot captions of a clip, still or frame folder", _caption_arguments, _caption),
    Command(
        "apply",
        "one operation on loose footage, with the same proof of origin",
        _apply_arguments,
        _apply,
        help_action=_OperationHelp,
    ),
    Command("match", "grades that match clips to a hero: .cdl, .ccc, report", _match_arguments, _match),
    Command("evaluate", "score an operation", _evaluate_arguments, _evaluate),
)
