"""The command line as a whole: every command, its help, its one document, its one line when something is wrong."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.cli import production as production_commands
from answerprint.cli.answer import as_json
from answerprint.cli.command import settings
from answerprint.cli.main import main, parser
from answerprint.production import BadInput, FaultFound, Refused
from answerprint.production.catalogue import Production

TABLE = {
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
}


def _python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Production, "open", fail)


def test_every_command_of_the_contract_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    commands = next(action for action in parser()._actions if action.dest != "help" and action.choices)
    assert set(commands.choices or ()) == TABLE
    for name in TABLE:
        assert main([name, "--help"]) == 0
        assert f"answerprint {name}" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    found = _python(
        "import sys; from answerprint.cli.main import main; main(['--help']); main(['run', '--help']);"
        "print([n for n in ('numpy', 'sqlalchemy', 'pydantic', 'cv2', 'fastapi') if n in sys.modules], file=sys.stderr)"
    )
    assert found.stderr.strip() == "[]"


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["new"], ["fly"], ["status", "x", "--altitude", "3"], ["conform", "a.edl", "--media", "m", "--out", "o", "--handles", "many"]],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--help" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "p"],
        ["ask", "p", "make it night"],
        ["parse", "make it night"],
        ["find", "p", "a red door"],
        ["purge", "p"],
        ["worker", "p"],
    ],
)
def test_a_command_of_a_later_layer_says_what_is_missing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "which this version does not have yet" in said


def test_new_and_status_answer_with_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "Büro 東京")
    assert main(["new", folder, "--name", "Ænigma", "--fps", "23.976", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"production": folder, "name": "Ænigma", "rate": "24000/1001"}
    assert main(["status", folder, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["assets"], status["locked"], status["root"], status["shots"]) == (0, False, None, 0)
    assert status["jobs"] == {"done": 0, "running": 0, "waiting": 0, "failed": 0, "cancelled": 0}
    assert status["next"] == [f"answerprint ingest {folder} PATH..."]


def test_status_for_people_is_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", str(tmp_path), "--name", "Night Train", "--fps", "24"])
    capsys.readouterr()
    assert main(["status", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("Night Train, 24 frames per second\nassets  0  (none)\nlocked  no\n")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadInput("a.exr", "is truncated", "copy it again"), 2, "answerprint: a.exr: is truncated; copy it again.\n"),
        (FaultFound("frame 7 was altered"), 3, "answerprint: frame 7 was altered\n"),
        (Refused("shot 3", "no consent", "ask the guild"), 4, "answerprint: shot 3: refused: no consent; ask the guild.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/out/a.exr"),
            2,
            "answerprint: /out/a.exr: no space is left on the disk; free some space and run it again.\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/out"),
            2,
            "answerprint: /out: may not be read or written; check its permissions or choose another place.\n",
        ),
        (KeyboardInterrupt(), 130, "answerprint: stopped; what was finished is kept\n"),
    ],
)
def test_what_goes_wrong_is_one_line_and_its_own_exit_code(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, error)
    assert main(["status", "p"]) == code
    assert capsys.readouterr() == ("", line)


def test_a_full_disk_is_recognised_behind_another_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapped = RuntimeError("the frame could not be kept")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    _raising(monkeypatch, wrapped)
    assert main(["status", "p"]) == 2
    assert "no space is left" in capsys.readouterr().err


def test_a_fault_of_ours_is_one_line_and_a_log(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ANSWERPRINT_DEBUG", raising=False)
    _raising(monkeypatch, ZeroDivisionError("division\nby zero"))
    assert main(["status", "p"]) == 1
    said = capsys.readouterr().err
    log = next((own_home / "logs").iterdir())
    assert said.count("\n") == 1
    assert "a fault of ours (ZeroDivisionError: division)" in said
    assert str(log) in said
    assert "Traceback" in log.read_text()


def test_with_debug_the_traceback_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    monkeypatch.setenv("ANSWERPRINT_DEBUG", "1")
    _raising(monkeypatch, ZeroDivisionError())
    main(["status", "p"])
    assert "Traceback" in capsys.readouterr().err


def test_an_error_is_a_document_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, BadInput("a.exr", "is truncated", "copy it again"))
    assert main(["status", "p", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {"error": "a.exr: is truncated; copy it again.", "exit_code": 2}


def test_what_libraries_print_does_not_reach_the_document(tmp_path: Path) -> None:
    Production.create(tmp_path, "x", 24).close()
    found = _python(
        """
import os, sys
from answerprint.production.catalogue import Production
opened = Production.open.__func__
def noisy(cls, folder):
    print("chatter in Python"); os.write(1, b"chatter in C\\n"); return opened(cls, folder)
Production.open = classmethod(noisy)
from answerprint.cli.main import main
sys.exit(main(sys.argv[1:]))""",
        "status",
        str(tmp_path),
        "--json",
    )
    assert found.returncode == 0
    assert json.loads(found.stdout)["name"] == "x"
    assert found.stderr.count("chatter") == 2


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    Production.create(tmp_path, "x", 24).close()
    process = subprocess.Popen(
        [sys.executable, "-m", "answerprint.cli.main", "status", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_names_are_printed_as_they_are_where_the_locale_says_ascii(tmp_path: Path) -> None:
    Production.create(tmp_path, "東京", 24).close()
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONCOERCECLOCALE": "0",
    }
    found = subprocess.run(
        [sys.executable, "-m", "answerprint.cli.main", "status", str(tmp_path), "--json"], capture_output=True, env=environment
    )
    assert json.loads(found.stdout.decode())["name"] == "東京"


def test_a_read_only_place_is_one_line(read_only: Path, as_nobody: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    found = as_nobody("new", str(read_only / "p"), "--name", "x", "--fps", "24")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == f"answerprint: {read_only / 'p'}: cannot be written; choose a folder you may write to.\n"


def test_a_full_disk_is_one_line_and_nothing_half_written(full_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(full_disk / "p"), "--name", "x", "--fps", "24"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "full" in said.err
    assert not (full_disk / "p" / "answerprint.json").exists()


def test_documents_hold_only_what_json_knows() -> None:
    document = {
        "rate": Fraction(24000, 1001),
        "nan": math.nan,
        "array": np.arange(2),
        "number": np.float32(0.5),
        "path": Path("a"),
        "set": {2, 1},
    }
    assert json.loads(as_json(document)) == {
        "rate": "24000/1001",
        "nan": None,
        "array": [0, 1],
        "number": 0.5,
        "path": "a",
        "set": [1, 2],
    }


def test_settings_are_pairs() -> None:
    assert settings(["strength=0.5", "name=a=b"]) == {"strength": "0.5", "name": "a=b"}
    with pytest.raises(BadInput, match="KEY=VALUE"):
        settings(["strength"])


def test_next_steps_follow_the_state_of_the_production() -> None:
    def after(**facts: Any) -> list[str]:
        jobs = {"done": 0, "running": 0, "waiting": 0, "failed": 0, **facts.pop("jobs", {})}
        return production_commands._next_steps("p", {"assets": 3, "locked": True, "jobs": jobs, "shots_by_status": {}, **facts})

    assert after(locked=False) == ["answerprint lock p"]
    assert after() == ["answerprint run p grade"]
    assert after(jobs={"done": 2}, shots_by_status={"waiting": 4}) == ["answerprint run p cleanup"]
    assert after(jobs={"done": 2}, shots_by_status={"to review": 1})[0].startswith("answerprint review p")
    assert after(jobs={"done": 2}, shots_by_status={"approved": 1})[0].startswith("answerprint deliver p")
    assert after(jobs={"done": 2}, kinds={"camera": 1}, coverage=None)[0].startswith("answerprint run p editorial")


def test_a_setting_can_come_from_a_file(tmp_path):
    marks = tmp_path / "marks.json"
    marks.write_text('[{"frame": 0, "points": [[1, 2]]}]\n')
    assert settings([f"strokes=@{marks}"]) == {"strokes": '[{"frame": 0, "points": [[1, 2]]}]'}
    with pytest.raises(BadInput, match="none"):
        settings([f"strokes=@{tmp_path}/none.json"])
