"""Commands on packages and proof: deliver, qc, audit, verify."""

from __future__ import annotations

import argparse
from pathlib import Path

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command
from answerprint.cli.production import person
from answerprint.cli.progress import Reporter


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument(
        "--to",
        required=True,
        metavar="RECEIVER",
        help="resolve, avid, premiere, baselight, nuke, flame, after-effects, netflix-vfx, archive or generic",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder, or the same receiver's earlier package")
    parser.add_argument(
        "--template", metavar="T", help="names of shots, with {show} {episode} {scene} {shot} {task} {vendor} {version:03d}"
    )
    parser.add_argument("--show", default="", metavar="NAME", help="{show}; the production's name if not given")
    parser.add_argument("--episode", default="", metavar="N", help="{episode}; left out if not given")
    parser.add_argument("--vendor", default="AP", metavar="NAME", help="{vendor} (default AP)")
    parser.add_argument(
        "--override", metavar="WHY", help="let the faults go that hold the delivery, and say why; kept in the ledger"
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who lets them go; you if not given")
    parser.add_argument("--no-movie", action="store_true", help="without the reference movie of the whole cut")


def _deliver(options: argparse.Namespace) -> Answer:
    from answerprint.deliver.naming import DEFAULT_TEMPLATE
    from answerprint.deliver.package import Naming
    from answerprint.deliver.receivers.registry import receiver_named
    from answerprint.passes.delivered import deliver
    from answerprint.passes.gates import override, require_open
    from answerprint.production.catalogue import Production

    receiver_named(options.to)
    reporter = Reporter(options.quiet)
    naming = Naming(options.template or DEFAULT_TEMPLATE, options.show, options.episode, options.vendor)
    with Production.open(options.dir) as production:
        if options.override is not None:
            for fault in override(production, options.by or person(), options.override):
                reporter.say(f"overridden: {fault.gate}, {fault.shot}: {fault.message}")
        require_open(production)
        document = deliver(production, options.to, Path(options.out), reporter.step, naming, not options.no_movie)
    reporter.finish()
    lines = [f"package {document['package']} for {document['receiver']}: {document['files']} files", f"root    {document['root']}"]
    lines += [f"shot    {shot}: {name}" for shot, name in document["shots"].items() if shot != name]
    lines += [f"note    {note}" for note in document["attention"]]
    lines += [f"kept    {path}" for path in document["kept"]]
    return Answer(document, lines)


def _qc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a movie, a frame folder, a package, or an IMF package (ASSETMAP.xml)")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODE", help="leave findings of this code out; as often as needed"
    )


def _qc(options: argparse.Namespace) -> Answer:
    from answerprint.quality.delivery import check_delivery

    reporter = Reporter(options.quiet)
    document = check_delivery(Path(options.path), options.fps, reporter.step, options.ignore)
    reporter.finish()
    findings = document["findings"]
    lines = [
        f"{one['severity']:5} {one['path']}{'' if one['frame'] is None else ' frame ' + str(one['frame'])}: {one['message']}"
        for one in findings
    ]
    counts = {severity: sum(one["severity"] == severity for one in findings) for severity in ("fail", "warn", "info")}
    lines.append(f"{len(document['checked'])} checked: {', '.join(f'{number} {severity}' for severity, number in counts.items())}")
    return Answer(document, lines, exit_code=3 if counts["fail"] else 0)


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="FRAME|PACKAGE", help="a delivered frame, its pixel digest, or a whole package")
    parser.add_argument("--frame", type=int, metavar="N", help="which frame is meant, where several show the same picture")


def _audit(options: argparse.Namespace) -> Answer:
    from answerprint.provenance.audit import audit_frame, ledgers_for

    path = Path(options.path)
    if path.is_dir():
        return _audit_package(path)
    frame = audit_frame(ledgers_for(path), path, number=options.frame)
    sources = [f"{source['clip']} frame {source['frame']}" for source in frame["sources"]]
    shown = ", ".join(sources[:6]) + (f" and {len(sources) - 6} more" if len(sources) > 6 else "")
    steps = [f"step      {step['operation']} {step['operation_version']} (class {step['class']})" for step in frame["steps"]]
    approvals = [f"{event['event']}  {event['who']}: {event.get('note', '')}" for event in frame["approvals"]]
    lines = [
        f"{frame['path']} frame {frame['frame']} {frame['timecode'] or ''}".rstrip(),
        f"picture   {frame['pixel_digest']}",
        f"sources   {shown or 'none'}",
        *steps,
        f"class     {frame['class']}; {frame['changed_share']:.2%} changed, {frame['support_share']:.1%} of it seen elsewhere",
        f"asked by  {frame['requested_by'] or 'not recorded'}",
        *approvals,
        f"signed    {frame['signer'] or 'not sealed yet'}",
    ]
    return Answer(frame, lines)


def _audit_package(folder: Path) -> Answer:
    """Every frame that the package's ledgers speak of, one line each."""
    from answerprint.provenance.audit import ledgers_for
    from answerprint.provenance.chain import read_ledger

    told = ("frame", "timecode", "operation", "class", "changed_share", "support_share", "restored", "unreached", "requested_by")
    rows = [line.body for ledger in ledgers_for(folder) for line in read_ledger(ledger).lines if line.kind == "frame"]
    frames = [{"path": row["output"], "pixel_digest": row["output_digest"], **{name: row[name] for name in told}} for row in rows]
    classes = {letter: sum(frame["class"] == letter for frame in frames) for letter in "ABCRD"}
    lines = [f"{frame['path']}  {frame['class']}  {frame['operation']}  {frame['changed_share']:.2%} changed" for frame in frames]
    counted = ", ".join(f"{number} {letter}" for letter, number in classes.items() if number) or "none"
    return Answer(
        {"package": str(folder), "class": classes, "frames": frames}, [*lines, f"{len(frames)} frames; classes {counted}"]
    )


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a package, a result folder, a ledger or a production")
    parser.add_argument("--trust", metavar="T", help="a signer's fingerprint, or a file that holds it")
    parser.add_argument("--deep", action="store_true", help="decode every frame again and compare its picture, not only its file")


def _verify(options: argparse.Namespace) -> Answer:
    from answerprint.provenance.verify import verify

    reporter = Reporter(options.quiet)
    found = verify(options.path, options.trust, deep=options.deep, told=lambda done, total: reporter.step(done, total, "files"))
    reporter.finish()
    said = "intact" if found.intact else "NOT INTACT"
    who = f"{found.signer_name} {found.signer}" if found.signer else "nobody"
    lines = [
        f"{options.path}: {said}; {found.checked} things checked",
        f"signed by {who} ({'trusted' if found.trusted else 'not in your trust store; give --trust FINGERPRINT if you know it'})",
        *(f"fault: {fault.line()}" for fault in found.faults[:20]),
        *([f"and {len(found.faults) - 20} more faults"] if len(found.faults) > 20 else []),
        *found.notes,
    ]
    return Answer(found.model_dump(mode="json"), lines, exit_code=found.exit_code)


COMMANDS = (
    Command("deliver", "a delivery package", _deliver_arguments, _deliver),
    Command("qc", "delivery checks", _qc_arguments, _qc),
    Command("audit", "a frame's history", _audit_arguments, _audit),
    Command("verify", "offline verification; names the first altered thing", _verify_arguments, _verify),
)
