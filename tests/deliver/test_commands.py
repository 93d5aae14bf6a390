"""deliver and qc on the command line: exit codes, the JSON shape, one line for what cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.cli.main import main
from answerprint.media.exr import write_exr
from answerprint.production.catalogue import Production


def run(*words: object) -> int:
    try:
        return int(main([str(word) for word in words]) or 0)
    except SystemExit as stop:
        return int(stop.code or 0)


def test_a_receiver_that_does_not_exist_is_exit_2_with_the_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deliver", tmp_path, "--to", "smoke", "--out", tmp_path / "out") == 2
    assert "after-effects" in capsys.readouterr().err


def test_a_template_with_an_unknown_field_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Production.create(tmp_path / "p", "Pier", 24):
        pass
    assert run("deliver", tmp_path / "p", "--to", "nuke", "--out", tmp_path / "out", "--template", "{colour}") == 2
    assert not (tmp_path / "out").exists() and capsys.readouterr().err.count("\n") == 1


def test_qc_is_exit_3_on_a_failure_and_0_where_its_code_is_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in range(3):
        plane = np.full((20, 24), np.nan if index == 1 else 0.2 + 0.1 * index, np.float16)
        write_exr(tmp_path / "f" / f"f.{1001 + index}.exr", dict.fromkeys("RGB", plane), rate=24, timecode=f"01:00:00:0{index}")
    assert run("qc", tmp_path / "f", "--json") == 3
    found = json.loads(capsys.readouterr().out)["findings"]
    assert all({"code", "severity", "frame", "figure", "message"} <= set(one) for one in found)
    assert [one["frame"] for one in found if one["severity"] == "fail"] == [1, 1, 1]
    assert run("qc", tmp_path / "f", "--ignore", "not-finite") == 0
