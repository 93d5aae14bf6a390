"""Commands on a production from a person's point of view: ingest, lock, status, verify; convert and conform on loose material."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from answerprint.cli.main import main
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot
from tests.made_footage import edl, exr_folder, movie


@pytest.fixture
def material(tmp_path: Path) -> Path:
    exr_folder(tmp_path / "m" / "A001C001_12A_T1")
    return tmp_path / "m"


@pytest.fixture
def production(tmp_path: Path) -> str:
    main(["new", str(tmp_path / "Prüfstand"), "--name", "Prüfstand", "--fps", "24", "--json"])
    return str(tmp_path / "Prüfstand")


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*arguments: str) -> tuple[int, dict[str, Any], str]:
        capsys.readouterr()
        code = main([*arguments, "--json", "--quiet"])
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err

    return ask


def test_ingest_lock_status_and_verify_agree(production: str, material: Path, answer: Any) -> None:
    code, ingested, _ = answer("ingest", production, str(material), "--no-proxies")
    assert code == 0
    assert [(file["kind"], file["scene"], file["take"], len(file["digest"])) for file in ingested["files"]] == [
        ("camera", "12", "1", 64)
    ]
    code, locked, _ = answer("lock", production)
    assert (code, len(locked["assets"]), locked["excluded"]) == (0, 4, [])
    code, status, _ = answer("status", production)
    assert (status["locked"], status["root"], status["assets"]) == (True, locked["root"], 1)
    code, verified, _ = answer("verify", production)
    assert (code, verified["intact"], verified["trusted"], verified["signer"]) == (0, True, True, locked["signer"])


def test_ingest_makes_a_shot_of_each_clip_and_then_of_each_event_of_the_cut(production: str, material: Path, answer: Any) -> None:
    answer("ingest", production, str(material), "--no-proxies", "--no-hash-list")
    assert answer("status", production)[1]["shots"] == 1
    cut = edl(
        material / "cut.edl",
        ("A001", "01:00:00:00", "01:00:00:03", "10:00:00:00", "10:00:00:03"),
        ("X9", "01:00:00:00", "01:00:00:03", "10:00:00:03", "10:00:00:06"),
    )
    _, ingested, _ = answer("ingest", production, str(cut), "--no-proxies")
    assert any(problem.startswith("event 2: ") for problem in ingested["problems"])
    assert answer("status", production)[1]["shots"] == 1
    with Production.open(production) as opened, opened.reading() as session:
        assert session.scalars(select(Shot)).one().event == 1


def test_an_unknown_pass_shot_or_setting_is_one_line(production: str, material: Path, answer: Any) -> None:
    answer("ingest", production, str(material), "--no-proxies")
    for arguments in (["fly"], ["caption", "--shot", "nope"], ["grade", "--set", "colour=blue"]):
        code, _, said = answer("run", production, *arguments)
        assert (code, said.count("\n")) == (2, 1)


def test_a_pass_runs_through_the_queue(production: str, material: Path, answer: Any) -> None:
    answer("ingest", production, str(material), "--no-proxies")
    code, ran, _ = answer("run", production, "caption")
    assert (code, [job["state"] for job in ran["jobs"]]) == (0, ["done"])
    assert ran["jobs"][0]["x_realtime"] > 0
    assert answer("status", production)[1]["jobs"]["done"] == 1


def test_an_altered_original_fails_verification_by_name(production: str, material: Path, answer: Any) -> None:
    answer("ingest", production, str(material), "--no-proxies", "--no-hash-list")
    answer("lock", production)
    frame = next((material / "A001C001_12A_T1").iterdir())
    frame.write_bytes(frame.read_bytes() + b"x")
    code, verified, _ = answer("verify", production)
    assert (code, verified["intact"]) == (3, False)
    assert verified["faults"][0]["path"].endswith(frame.name)


def test_adding_to_a_locked_production_is_refused(production: str, material: Path, answer: Any) -> None:
    answer("ingest", production, str(material), "--no-proxies")
    answer("lock", production)
    code, _, said = answer("ingest", production, str(material))
    assert code == 4
    assert said.count("\n") == 1


@pytest.mark.parametrize("cut_at", [0, 300, 2000])
def test_a_broken_film_is_one_line_and_exit_code_2(production: str, tmp_path: Path, answer: Any, cut_at: int) -> None:
    whole = movie(tmp_path / "w" / "whole.mp4").read_bytes()
    (tmp_path / "broken.mp4").write_bytes(whole[:cut_at])
    code, ingested, said = answer("ingest", production, str(tmp_path / "broken.mp4"))
    assert code == 2
    assert said.count("\n") == 1
    assert "broken.mp4" in said
    assert ingested["files"][0]["kind"] == "unknown"


def test_a_truncated_exr_and_mixed_sizes_are_named(production: str, tmp_path: Path, answer: Any) -> None:
    cut = sorted(exr_folder(tmp_path / "cut").iterdir())
    cut[2].write_bytes(cut[2].read_bytes()[:400])
    code, _, said = answer("ingest", production, str(tmp_path / "cut"))
    assert code == 2
    assert "cut" in said


def test_convert_lists_what_is_lost(tmp_path: Path, answer: Any) -> None:
    cut = edl(tmp_path / "cut.edl", ("A001", "01:00:00:00", "01:00:00:10", "10:00:00:00", "10:00:00:10"))
    code, converted, _ = answer("convert", str(cut), str(tmp_path / "cut.otio"), "--fps", "24")
    assert (code, converted["events"], converted["tracks"], converted["rate"], converted["start"]) == (0, 1, 1, "24", "10:00:00:00")
    assert converted["lost"] == []
    assert (tmp_path / "cut.otio").is_file()


def test_conform_with_a_missing_reel_exits_with_3_and_writes_the_rest(tmp_path: Path, material: Path, answer: Any) -> None:
    cut = edl(
        tmp_path / "cut.edl",
        ("A001", "01:00:00:00", "01:00:00:03", "10:00:00:00", "10:00:00:03"),
        ("X9", "01:00:00:00", "01:00:00:03", "10:00:00:03", "10:00:00:06"),
    )
    code, conformed, _ = answer(
        "conform", str(cut), "--media", str(material), "--out", str(tmp_path / "out"), "--fps", "24", "--handles", "1"
    )
    assert (code, conformed["matched"], conformed["missing"]) == (3, 1, 1)
    assert conformed["events"][1]["status"] == "missing"
    assert len(list((tmp_path / "out" / "001_A001C001_12A_T1").iterdir())) == 4


def test_ingest_on_a_full_disk_is_one_line(
    full_disk: Path, material: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = full_disk.parent / "production"
    Production.create(home, "x", 24).close()
    (home / "material").symlink_to(full_disk)
    (material / "long.wav").write_bytes(bytes(200_000))
    assert main(["ingest", str(home), str(material), "--copy", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "the disk is full" in said
    assert said.count("\n") == 1
    assert not list(full_disk.rglob("*.part"))
