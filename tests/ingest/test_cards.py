"""Cards: which are complete, and whether they hold what was recorded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import xxhash

from answerprint.ingest.cards import cards_in, verify
from answerprint.production import BadInput
from answerprint.provenance.mhl import write_generation


def card(place: Path, name: str = "A001", age: float = 60) -> Path:
    folder = place / name
    (folder / "CLIPS").mkdir(parents=True)
    for index in range(2):
        (folder / "CLIPS" / f"c{index}.mov").write_bytes(bytes([index]) * 1000)
    aged(folder, age)
    return folder


def aged(folder: Path, age: float) -> None:
    then = time.time() - age
    for file in folder.rglob("*"):
        os.utime(file, (then, then))


def test_a_card_without_hash_list_or_mark_is_left_alone(tmp_path: Path) -> None:
    card(tmp_path)
    (found,) = cards_in(tmp_path)
    assert found.state == "copying"
    assert "no hash list and no mark" in found.why


def test_a_card_with_an_asc_mhl_is_ready_and_agrees(tmp_path: Path) -> None:
    folder = card(tmp_path)
    write_generation(folder)
    aged(folder, 60)
    (found,) = cards_in(tmp_path)
    assert found.state == "ready"
    assert verify(found) == (2, [])


def test_a_card_written_to_a_moment_ago_is_left_alone(tmp_path: Path) -> None:
    folder = card(tmp_path)
    write_generation(folder)
    aged(folder, 60)
    (folder / "CLIPS" / "c0.mov").touch()
    assert cards_in(tmp_path)[0].state == "copying"
    assert cards_in(tmp_path, settle_s=0)[0].state == "ready"


def test_a_card_whose_listed_files_are_not_all_there_is_still_being_copied(tmp_path: Path) -> None:
    folder = card(tmp_path)
    write_generation(folder)
    (folder / "CLIPS" / "c1.mov").unlink()
    aged(folder, 60)
    assert "CLIPS/c1.mov" in cards_in(tmp_path)[0].why


def test_an_unfinished_file_keeps_a_card_waiting(tmp_path: Path) -> None:
    folder = card(tmp_path)
    (folder / "copy-complete.txt").touch()
    (folder / "CLIPS" / "c2.mov.part").write_bytes(b"x")
    aged(folder, 60)
    assert "c2.mov.part is unfinished" in cards_in(tmp_path)[0].why


def test_one_changed_byte_is_found_by_the_hash_list(tmp_path: Path) -> None:
    folder = card(tmp_path)
    write_generation(folder)
    (folder / "CLIPS" / "c1.mov").write_bytes(b"\x01" * 999 + b"\x02")
    aged(folder, 60)
    _, faults = verify(cards_in(tmp_path)[0])
    assert len(faults) == 1
    assert faults[0].startswith("CLIPS/c1.mov")


def test_a_hash_list_of_the_older_form_is_compared_too(tmp_path: Path) -> None:
    folder = card(tmp_path)
    rows = "".join(
        f"<hash><file>CLIPS/{f.name}</file><size>1000</size><xxhash64be>{xxhash.xxh64(f.read_bytes()).hexdigest()}</xxhash64be></hash>"
        for f in sorted((folder / "CLIPS").iterdir())
    )
    (folder / "A001.mhl").write_text(f'<?xml version="1.0"?><hashlist version="1.1">{rows}</hashlist>')
    aged(folder, 60)
    assert verify(cards_in(tmp_path)[0]) == (2, [])
    (folder / "CLIPS" / "c0.mov").write_bytes(b"y")
    aged(folder, 60)
    assert "c0.mov" in verify(cards_in(tmp_path)[0])[1][0]


def test_an_older_hash_list_cannot_reach_beyond_its_card(tmp_path: Path) -> None:
    folder = card(tmp_path)
    (tmp_path / "secret").write_text("x")
    (folder / "A001.mhl").write_text(
        '<hashlist version="1.1"><hash><file>../secret</file><size>1</size><md5>9dd4e461268c8034f5c8564e155c67a6</md5></hash></hashlist>'
    )
    aged(folder, 60)
    assert "lies outside the card" in verify(cards_in(tmp_path)[0])[1][0]


def test_the_signature_follows_the_card_and_nothing_else(tmp_path: Path) -> None:
    folder = card(tmp_path)
    first = cards_in(tmp_path)[0].signature
    assert cards_in(tmp_path)[0].signature == first
    (folder / "CLIPS" / "c0.mov").write_bytes(b"z" * 1000)
    assert cards_in(tmp_path)[0].signature != first


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a folder"):
        cards_in(tmp_path / "none")
