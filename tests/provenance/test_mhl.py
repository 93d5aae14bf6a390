"""ASC MHL hash lists of others are checked without writing, and ours are read by others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from answerprint.production import FaultFound
from answerprint.provenance.mhl import check_hash_list, has_hash_list, write_generation
from answerprint.provenance.verify import verify


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "A002"
    (folder / "Clips ä").mkdir(parents=True)
    (folder / "Clips ä" / "A002C001.mov").write_bytes(b"pictures")
    (folder / "Sidecar.txt").write_text("notes")
    write_generation(folder, author="dit")
    return folder


def test_a_fresh_generation_holds_and_the_check_writes_nothing(card: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in card.rglob("*"))
    assert has_hash_list(card) and check_hash_list(card) == ([], 2)
    assert sorted((path, path.stat().st_mtime_ns) for path in card.rglob("*")) == before


def test_changed_missing_and_added_files_are_named_in_order(card: Path) -> None:
    (card / "Clips ä" / "A002C001.mov").write_bytes(b"Pictures")
    (card / "Sidecar.txt").unlink()
    (card / "More.txt").write_text("")
    faults, _ = check_hash_list(card)
    assert [(fault.path, fault.kind) for fault in faults] == [
        ("Clips ä/A002C001.mov", "altered"),
        ("More.txt", "added"),
        ("Sidecar.txt", "missing"),
    ]


def test_any_change_to_a_hash_list_is_named(card: Path) -> None:
    listing = next((card / "ascmhl").glob("*.mhl"))
    data = listing.read_bytes()
    for at in range(0, len(data), 53):
        listing.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        faults, _ = check_hash_list(card)
        assert faults[0].path == f"ascmhl/{listing.name}" and faults[0].kind == "hash-list"


def test_a_damaged_or_empty_chain_is_a_fault_and_never_a_crash(card: Path) -> None:
    chain = card / "ascmhl" / "ascmhl_chain.xml"
    for text in (b"", b"<", b"<ascmhldirectory/>", b"\xff\xfe"):
        chain.write_bytes(text)
        assert check_hash_list(card)[0]


def test_a_second_generation_over_changed_files_is_refused(card: Path) -> None:
    (card / "Sidecar.txt").write_text("other")
    with pytest.raises(FaultFound, match=r"Sidecar\.txt"):
        write_generation(card)


def test_a_card_with_only_a_hash_list_verifies_as_nobody_s(card: Path) -> None:
    answer = verify(card)
    assert (answer.intact, answer.trusted, answer.checked, answer.exit_code) == (True, False, 2, 3)


def test_the_published_scenarios_are_read(footage: Path, tmp_path: Path) -> None:
    card = tmp_path / "A002R2EC"
    shutil.copytree(footage / "provenance" / "ascmhl" / "scenario_02" / "file_server" / "A002R2EC", card)
    assert check_hash_list(card) == ([], 3)
    clip = sorted((card / "Clips").iterdir())[0]
    clip.write_bytes(clip.read_bytes() + b"!")
    assert [fault.path for fault in check_hash_list(card)[0]] == [f"Clips/{clip.name}"]
