"""The ``answerprint`` command: finds the command meant, runs it, prints its answer, and says plainly what went wrong."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import NoReturn, TextIO

from answerprint import __version__
from answerprint.cli import later, picture, production, proof, review, simulation, stage, timeline, watch
from answerprint.cli.answer import Answer, as_json

INTERRUPTED = 130
_FAMILIES = (production, picture, timeline, proof, review, simulation, stage, watch, later)
_ORDER = (
    "demo",
    "new",
    "ingest",
    "watch",
    "lock",
    "status",
    "caption",
    "train",
    "run",
    "apply",
    "match",
    "convert",
    "conform",
    "find",
    "ask",
    "parse",
    "simulate",
    "survey",
    "review",
    "worker",
    "deliver",
    "qc",
    "audit",
    "verify",
    "purge",
    "evaluate",
)


class _Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see '{self.prog} --help'.", file=sys.stderr)
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """The whole command line, in the order a production uses it."""
    top = _Parser(
        prog="answerprint",
        description="A film production's first pass by machine: graded, cleaned, conformed, reviewed, proven.",
        epilog="Exit codes: 0 done; 2 bad input, usage, missing part or full disk; 3 a check found a fault; 4 refused by "
        "policy; 1 a fault of ours.",
    )
    top.add_argument("--version", action="version", version=f"answerprint {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    common.add_argument("--quiet", "-q", action="store_true", help="show no progress")
    known = {command.name: command for family in _FAMILIES for command in family.COMMANDS}
    for name in _ORDER:
        command = known[name]
        sub = commands.add_parser(
            name,
            parents=[common],
            help=command.help,
            description=command.description or command.help,
            add_help=command.help_action is None,
        )
        if command.help_action is not None:
            sub.add_argument("-h", "--help", action=command.help_action)
        command.arguments(sub)
        sub.set_defaults(handler=command.handler)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _speak_unicode()
    top = parser()
    try:
        options = top.parse_args(arguments)
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 2
    if not hasattr(options, "handler"):
        top.print_help()
        return 2
    try:
        with _kept_for_the_answer(sys.stdout) as out:
            answer = _answer(options)
            text = as_json(answer.document) if options.json else "\n".join(answer.lines)
            if text:
                print(text, file=out, flush=True)
    except BrokenPipeError:
        # The reader has seen enough. Nothing more can be said, not even by the interpreter when it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return answer.exit_code


def _answer(options: argparse.Namespace) -> Answer:
    try:
        found: Answer = options.handler(options)
        return found
    except KeyboardInterrupt:
        return _fault("stopped; what was finished is kept", INTERRUPTED)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("ANSWERPRINT_DEBUG"):
            traceback.print_exc()
        return _explained(error)


def _explained(error: Exception) -> Answer:
    """One line for whatever went wrong, and the exit code that belongs to it."""
    from answerprint.production.errors import AnswerprintError

    if isinstance(error, AnswerprintError) and (error.exit_code != 1 or str(error)):
        return _fault(str(error), error.exit_code)
    plain = _of_the_system(error)
    if plain is not None:
        return _fault(plain, 2)
    kept = _keep_trace(error)
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return _fault(f"a fault of ours ({said}); the full account is in {kept}", 1)


def _of_the_system(error: BaseException | None) -> str | None:
    """A full disk or a forbidden folder, wherever in the chain of causes it is, in one line."""
    seen = 0
    while error is not None and seen < 8:
        if isinstance(error, OSError):
            where = error.filename2 or error.filename or "the disk"
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return f"{where}: no space is left on the disk; free some space and run it again."
            if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
                return f"{where}: may not be read or written; check its permissions or choose another place."
        if type(error).__name__ == "OperationalError":
            said = str(error)
            if "disk is full" in said or "disk I/O error" in said:
                return "the catalogue: no space is left on the disk; free some space and run it again."
            if "readonly database" in said or "unable to open" in said:
                return "the catalogue: may not be written; check its permissions or choose another place."
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def _fault(line: str, code: int) -> Answer:
    print(f"answerprint: {' '.join(line.split())}", file=sys.stderr)
    return Answer({"error": line, "exit_code": code}, exit_code=code)


def _keep_trace(error: Exception) -> str:
    """Write the traceback where a person can find it and send it on."""
    from datetime import UTC, datetime

    try:
        from answerprint.production.home import home_folder

        folder = home_folder() / "logs"
        folder.mkdir(exist_ok=True)
        file = folder / f"fault-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
        command = " ".join(sys.argv)
        file.write_text(f"answerprint {__version__}: {command}\n" + "".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return "no log (it could not be written); run it again with ANSWERPRINT_DEBUG=1"
    return str(file)


def _speak_unicode() -> None:
    """Names in any script are printed as they are, even where the locale says ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def _kept_for_the_answer(stdout: TextIO) -> Iterator[TextIO]:
    """Standard output carries the answer and nothing else; whatever a library prints goes to standard error."""
    try:
        own = stdout.fileno()
        kept = os.dup(own)
    except (OSError, ValueError):  # not a real file, as under a test
        with contextlib.redirect_stdout(sys.stderr):
            yield stdout
        return
    stdout.flush()
    try:
        os.dup2(2, own)
        with (
            contextlib.redirect_stdout(sys.stderr),
            os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="backslashreplace") as out,
        ):
            yield out
    finally:
        os.dup2(kept, own)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(main())
