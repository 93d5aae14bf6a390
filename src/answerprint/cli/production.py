"""Commands on a whole production: demo, new, ingest, lock, status, run."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command, settings, takes_settings
from answerprint.cli.progress import Reporter
from answerprint.cli.review import takes_an_address

if TYPE_CHECKING:
    from answerprint.ingest.material import IngestedFile
    from answerprint.passes.returned import Returned
    from answerprint.production.catalogue import Production


def run_jobs(production: Production, jobs: list[str], reporter: Reporter) -> list[dict[str, Any]]:
    """Work through the queue until ``jobs`` are over and return how they ended."""
    from answerprint.jobs.dispatcher import Dispatcher
    from answerprint.jobs.executor import ProcessExecutor
    from answerprint.jobs.queue import job_views
    from answerprint.passes.work import perform

    executor = ProcessExecutor()
    try:
        Dispatcher(production, perform, executor).run_until_idle(reporter.follow, jobs)
    finally:
        executor.close()
        reporter.finish()
    return job_views(production, jobs, limit=max(1, len(jobs)))


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="a new or empty folder")
    parser.add_argument("--name", required=True, metavar="N", help="what the production is called")
    parser.add_argument("--fps", required=True, metavar="R", help="frames per second: 24, 23.976, 24000/1001 ...")


def _new(options: argparse.Namespace) -> Answer:
    from answerprint.production.catalogue import Production

    with Production.create(options.dir, options.name, options.fps) as production:
        document = {"production": str(production.root), "name": production.name, "rate": str(production.rate)}
        return Answer(
            document,
            [
                f"{production.name}: {production.root}, {float(production.rate):g} frames per second",
                f"next: answerprint ingest {options.dir} PATH...",
            ],
        )


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")


def _status(options: argparse.Namespace) -> Answer:
    from sqlalchemy import func, select

    from answerprint.dataset.of_production import locked_root
    from answerprint.jobs.queue import counts
    from answerprint.passes.editorial import editorial_index
    from answerprint.passes.shots import last_changes
    from answerprint.production.catalogue import Production
    from answerprint.production.tables import Asset, Clip, Shot

    with Production.open(options.dir) as production:
        with production.reading() as session:
            by_kind = select(Asset.kind, func.count()).where(Asset.origin != "made").group_by(Asset.kind).order_by(Asset.kind)
            by_status = select(Shot.status, func.count()).group_by(Shot.status).order_by(Shot.status)
            kinds: dict[str, int] = {row[0]: row[1] for row in session.execute(by_kind)}
            shots: dict[str, int] = {row[0]: row[1] for row in session.execute(by_status)}
            flags = {c.name: said for c in session.scalars(select(Clip)) if (said := (c.grade.get("intent") or {}).get("flag"))}
            tracked = [(c.name, c.asset.details) for c in session.scalars(select(Clip).order_by(Clip.name))]
        jobs, root, recut = counts(production), locked_root(production), last_changes(production)
        written = editorial_index(production)
        document: dict[str, Any] = {
            "name": production.name,
            "rate": str(production.rate),
            "assets": sum(kinds.values()),
            "kinds": kinds,
            "locked": root is not None,
            "root": root,
            "cameras": _cameras(tracked),
            "shots": sum(shots.values()),
            "shots_by_status": shots,
            "changes": recut,
            "jobs": jobs,
            "flags": flags,
            "coverage": {"missing": written["missing"], "grave": written["grave"]} if written else None,
        }
    document["next"] = _next_steps(options.dir, document)
    lines = [
        f"{document['name']}, {float(production.rate):g} frames per second",
        f"assets  {document['assets']}  ({_listed(kinds)})",
        f"locked  {root or 'no'}",
        *_camera_lines(document["cameras"]),
        f"shots   {document['shots']}  ({_listed(shots)})",
        *([_cut_line(recut)] if recut else []),
        f"jobs    {_listed(jobs)}",
        *([f"cover   {written['missing']} missing, {written['grave']} of them grave: editorial/coverage.txt"] if written else []),
        *(f"flag    {name}: {said}" for name, said in sorted(flags.items())),
        *(f"next:   {step}" for step in document["next"]),
    ]
    return Answer(document, lines)


def _cut_line(recut: dict[str, Any]) -> str:
    """What the newest cut changed, in one line."""
    shots = recut["shots"]
    kinds, lapsed = Counter(one["kind"] for one in shots), sum(one["approval"] == "lapsed" for one in shots)
    pulls = sum(one["pull"] for one in shots)
    said = f"{pulls} to pull again, {lapsed} approval{'' if lapsed == 1 else 's'} lapsed"
    return f"cut     {Path(recut['cut']).name}: {_listed(dict(sorted(kinds.items())))}; {said}"


def _cameras(clips: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """How many clips are tracked and posed, and how late each tracker is where that is known."""
    posed = {name: details["cameras"] for name, details in clips if details.get("cameras")}
    late = [{"clip": name, **said["latency"]} for name, said in posed.items() if said["latency"].get("used") == "solved"]
    tracked = sum(bool(details.get("tracking")) for _, details in clips)
    return {"clips": len(clips), "tracked": tracked, "posed": len(posed), "latency": late}


def _camera_lines(cameras: dict[str, Any]) -> list[str]:
    if not cameras["tracked"]:
        return []
    lines = [f"cameras {cameras['posed']} of {cameras['tracked']} tracked clips have a camera for their frames"]
    for late in cameras["latency"]:
        frames = late["solved"]["frames"]
        side = "behind" if frames >= 0 else "ahead of"
        lines.append(f"        {late['clip']}: its tracker is {abs(frames):.2f} frames {side} the picture (solved)")
    return lines


def _next_steps(folder: str, document: dict[str, Any]) -> list[str]:
    jobs = document["jobs"]
    if not document["assets"]:
        return [f"answerprint ingest {folder} PATH..."]
    if not document["locked"]:
        return [f"answerprint lock {folder}"]
    steps = []
    cameras = document.get("cameras", {"tracked": 0, "posed": 0})
    if cameras["tracked"] > cameras["posed"]:
        steps.append(f"answerprint run {folder} spatial")
    if jobs["failed"]:
        steps.append(f"answerprint review {folder}   (look at {jobs['failed']} failed jobs and retry them)")
    if not jobs["done"] and not jobs["running"] and not jobs["waiting"]:
        steps.append(f"answerprint run {folder} grade")
    elif document["shots_by_status"].get("waiting"):
        steps.append(f"answerprint run {folder} cleanup")
    if document.get("kinds", {}).get("camera") and document["coverage"] is None:
        steps.append(f"answerprint run {folder} editorial   (bins, string-out, what was never shot)")
    if document["shots_by_status"].get("to review"):
        steps.append(f"answerprint review {folder}   (versions wait for a decision)")
    elif document["shots_by_status"].get("approved"):
        steps.append(f"answerprint deliver {folder} --to RECEIVER --out DIR")
    return steps


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items() if number) or "none"


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("pass_name", metavar="PASS", help="grade, cleanup, caption ...")
    parser.add_argument("--shot", action="append", metavar="ID", help="a shot by name; all shots when none is named")
    parser.add_argument("--sign-off", default="", metavar="NAME", help="who signs class D off: another person than you")
    takes_settings(parser)


def _run(options: argparse.Namespace) -> Answer:
    from answerprint.passes.catalogue import dispatch
    from answerprint.passes.shots import ensure_shots
    from answerprint.production.catalogue import Production

    reporter = Reporter(options.quiet)
    with Production.open(options.dir) as production:
        for problem in ensure_shots(production, person()):
            reporter.say(f"attention: {problem}")
        jobs = dispatch(production, options.pass_name, options.shot or [], settings(options.set), person())
        if options.sign_off:
            from answerprint.passes.picture_job import sign_off

            for job in jobs:
                sign_off(production, job, options.sign_off)
        views = run_jobs(production, jobs, reporter) if jobs else []
        said = _continuity_lines(production) if "continuity" in {view["kind"] for view in views} else []
    for view in views:
        if view["state"] == "failed":
            print(f"answerprint: {view['title']}: {view['error']}", file=sys.stderr)
    return Answer(
        {"pass": options.pass_name, "jobs": views},
        [f"{view['title']}: {view['state']}{_speed(view)}{_certified(view)}" for view in views] + said or [_NOTHING],
        exit_code=_worst(views),
    )


_NOTHING = "nothing to do: what this pass makes is made, of the material and the settings as they are"


def _speed(view: dict[str, Any]) -> str:
    return f", {view['x_realtime']:g} x realtime" if view["x_realtime"] is not None else ""


def _certified(view: dict[str, Any]) -> str:
    """What the job's certificate says in one sentence, and the classes."""
    result = view["result"]
    if "certificate" not in result:
        return ""
    classes = ", ".join(f"{number} {letter}" for letter, number in result.get("class", {}).items() if number)
    held = sorted({one["code"] for one in result.get("quality", []) if one["severity"] == "fail"})
    failed = f"; FAILS the delivery checks: {', '.join(held)}" if held else ""
    return f"; {result['certificate']}; classes {classes}{failed}"


def _continuity_lines(production: Production) -> list[str]:
    """The findings of a continuity pass, gravest first."""
    from answerprint.passes.continuity import lines_of, report_of

    report = report_of(production)
    return lines_of(report) if report else []


def _worst(views: list[dict[str, Any]]) -> int:
    """The exit code of jobs: that of the first fault there is, 0 when all are done; a job that was stopped is no success."""
    faults = [int(view["result"].get("exit_code", 1)) for view in views if view["state"] == "failed"]
    stopped = any(view["state"] == "cancelled" for view in views)
    return faults[0] if faults else 3 if stopped else 0


def person() -> str:
    """Who asks: the name of the account."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _lock_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("--anew", metavar="WHY", help="lock again after a change, and say why")


def _lock(options: argparse.Namespace) -> Answer:
    from answerprint.dataset.of_production import lock_production
    from answerprint.production.catalogue import Production

    reporter = Reporter(options.quiet)
    with Production.open(options.dir) as production:
        made = lock_production(production, person(), options.anew or "", told=reporter.step)
    reporter.finish()
    document = made.document()
    lines = [
        f"root    {document['root']}",
        f"signer  {document['signer']}",
        f"assets  {len(document['assets'])} locked, {len(document['excluded'])} left out",
        *(f"left out: {entry['path']} ({entry['why']})" for entry in document["excluded"]),
    ]
    return Answer(document, lines)


def _ingest_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders of material")
    parser.add_argument(
        "--copy", action="store_true", help="copy the material into the production and verify each copy by its hash"
    )
    parser.add_argument("--no-hash-list", action="store_true", help="write no ASC MHL generation into the folders given")
    parser.add_argument("--no-proxies", action="store_true", help="make no proxies now")


def _ingest(options: argparse.Namespace) -> Answer:
    from answerprint.ingest.into_catalogue import ingest
    from answerprint.ingest.proxies import submit_proxies
    from answerprint.passes.returned import returned_under
    from answerprint.passes.shots import ensure_shots, last_changes
    from answerprint.production.catalogue import Production

    reporter = Reporter(options.quiet)
    with Production.open(options.dir) as production:
        paths = [Path(path).expanduser().absolute() for path in options.paths]
        back = returned_under(production, paths)
        if back:
            return _taken_back(production, back, [path for path in paths if path not in back], reporter)
        report = ingest(production, paths, options.copy, not options.no_hash_list, reporter.step)
        reporter.finish()
        before = last_changes(production)
        report.problems += ensure_shots(production, person())
        changed = last_changes(production)
        recut = changed["shots"] if changed and changed != before else []
        jobs = [] if options.no_proxies else submit_proxies(production, person())
        views = run_jobs(production, jobs, reporter) if jobs else []
    failed = [f"{view['title']}: {view['error']}" for view in views if view["state"] == "failed"]
    kinds = Counter(file.kind for file in report.files)
    lines = [f"{file.kind:9} {file.path}{_slate(file)}" for file in report.files]
    lines += [f"{sum(kinds.values())} files: {_listed(dict(sorted(kinds.items())))}"]
    lines += [f"cut       {one['said']}" for one in recut]
    lines += [f"attention: {problem}" for problem in report.problems + failed]
    for file in report.unreadable:
        print(f"answerprint: {file.path}: {'; '.join(file.problems)}", file=sys.stderr)
    document = report.document()
    document["problems"] = report.problems + failed
    if recut:
        document["changes"] = recut
    return Answer(document | {"proxies": len(views) - len(failed)}, lines, exit_code=2 if report.unreadable or failed else 0)


def _taken_back(production: Production, back: dict[Path, list[Returned]], other: list[Path], reporter: Reporter) -> Answer:
    """Frames under our shot names become versions; paths without any are named, to be ingested by themselves."""
    from answerprint.passes.returned import take_back

    done = take_back(production, [one for found in back.values() for one in found], person())
    views = run_jobs(production, done.jobs, reporter) if done.jobs else []
    problems = done.problems + [f"{view['title']}: {view['error']}" for view in views if view["state"] == "failed"]
    problems += [f"{path} holds none of our shots; ingest it by itself" for path in other]
    lines = [
        f"version   {one['shot']} v{one['version']:03d}, {one['frames']} frames, {_from(one)}: {one['name']}"
        for one in done.versions
    ]
    lines += [f"attention: {problem}" for problem in problems]
    if done.versions:
        lines.append(f"next: answerprint review {production.root}   (versions wait for a decision)")
    failed = sum(view["state"] == "failed" for view in views) or (problems and not done.versions)
    return Answer({"files": [], "versions": done.versions, "problems": problems}, lines, exit_code=2 if failed else 0)


def _from(version: dict[str, Any]) -> str:
    return f"made from v{version['parent']:03d}" if version["parent"] else "made from the original"


def _slate(file: IngestedFile) -> str:
    parts = [f"scene {file.scene}{file.setup} take {file.take}" if file.scene else "", file.timecode]
    said = ", ".join(part for part in parts if part)
    return f"  ({said})" if said else ""


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", default="demo", metavar="DIR", help="where the sample production goes (default: demo)")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on from finished work")
    parser.add_argument("--no-review", action="store_true", help="do not start the review page at the end")
    parser.add_argument("--wheel", metavar="PATH", help="the sample footage's wheel, where there is no network")
    parser.add_argument(
        "--sample",
        choices=("footage", "stage"),
        default="footage",
        help="real footage, or the production rendered by 'make stage' (default: footage)",
    )
    takes_an_address(parser)


def _demo(options: argparse.Namespace) -> Answer:
    from answerprint.cli.review import serve_until_stopped
    from answerprint.sample.demo import Demo

    chosen = Demo
    if options.sample == "stage":
        from answerprint.sample.stage_production.demo import StageDemo

        chosen = StageDemo
    reporter = Reporter(options.quiet)
    folder = Path(options.dir).absolute()
    wheel = Path(options.wheel) if options.wheel else None
    facts = chosen(folder, reporter, lambda production, jobs: run_jobs(production, jobs, reporter), wheel).run(options.fresh)
    reporter.finish()
    if not options.no_review and not options.json:
        reporter.say("")
        serve_until_stopped([str(folder / "production")], options.host, options.port)
    lines = [
        f"production {folder / 'production'}",
        f"delivery   {folder / 'delivery'}",
        f"review     answerprint review {folder / 'production'}",
    ]
    return Answer(facts | {"folder": str(folder)}, lines)


COMMANDS = (
    Command("demo", "the main job on the sample production, end to end, then the review page", _demo_arguments, _demo),
    Command("new", "make an empty production", _new_arguments, _new),
    Command(
        "ingest",
        "add material in place, or copied and verified",
        _ingest_arguments,
        _ingest,
        "Adds material in place (or copied and hash-verified), reports what each file was taken for and what is missing.",
    ),
    Command("lock", "freeze the dataset: signed manifest and Merkle root", _lock_arguments, _lock),
    Command("status", "counts, state, what to do next", _status_arguments, _status),
    Command("run", "a pass or saved graph on shots, through the queue", _run_arguments, _run),
)
