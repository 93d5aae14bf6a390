"""The watch command: what is complete is taken in, what is not is left, and the morning report says so."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from answerprint.cli.main import main
from answerprint.provenance.mhl import write_generation
from tests.made_footage import exr_folder


def ready(folder: Path) -> Path:
    write_generation(folder)
    then = time.time() - 60
    for file in folder.rglob("*"):
        os.utime(file, (then, then))
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANSWERPRINT_WORKERS", "1")
    assert main(["new", str(tmp_path / "p"), "--name", "Nacht", "--fps", "24"]) == 0
    cards = tmp_path / "cards"
    exr_folder(cards / "A001" / "A001C001_12A_T1")
    (cards / "rights").mkdir()
    (cards / "rights" / "rights.json").write_text(
        json.dumps({"document": "rights", "lines": [{"kind": "camera", "allow": ["index", "retrieve"], "why": "ours"}]})
    )
    ready(cards / "A001")
    ready(cards / "rights")
    exr_folder(cards / "A002" / "A002C001_12A_T2", seed=2)  # still being copied: no hash list yet
    return cards


def test_a_night_with_a_good_a_bad_and_an_unfinished_card(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ready(exr_folder(place / "B001" / "B001C001_12B_T1", seed=3).parent)
    frame = next((bad / "B001C001_12B_T1").glob("*.exr"))
    frame.write_bytes(frame.read_bytes()[:-1] + b"\0")
    then = time.time() - 60
    os.utime(frame, (then, then))
    capsys.readouterr()
    assert main(["watch", str(tmp_path / "p"), "--card", str(place), "--once", "--json", "-q"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert list(told["failed"]) == ["B001"]
    assert "xxh128" in told["failed"]["B001"][0]
    assert list(told["waiting"]) == ["A002"]
    by_name = {report["card"]: report for report in told["cards"]}
    assert by_name["A001"]["verified"] == 4
    assert by_name["A001"]["proxies"] == 1
    assert by_name["A001"]["clips"][0]["name"] == "A001C001_12A_T1"
    assert by_name["B001"]["clips"] == []
    reports = tmp_path / "p" / "reports"
    bad_report = next((reports / "cards").glob("B001-*.txt")).read_text()
    assert "4 files were compared with their hash list, 1 do not agree" in bad_report and "files agree" not in bad_report
    assert "FAILED   B001" in next(reports.glob("morning-*.txt")).read_text()
    assert len(list((reports / "cards").glob("A001-*.txt"))) == 1


def test_a_card_that_is_done_is_not_taken_in_twice(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["watch", str(tmp_path / "p"), "--card", str(place), "--once", "--json", "-q"]
    capsys.readouterr()
    assert main(command) == 0
    first = json.loads(capsys.readouterr().out)
    main(command)
    second = json.loads(capsys.readouterr().out)
    assert [report["card"] for report in first["cards"]] == ["A001", "rights"]
    assert second["cards"] == []
