"""A card that is copied is read once, and is compared with its own hash lists by what lies in the production afterwards."""

from __future__ import annotations

import builtins
import hashlib
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xxhash
from ascmhl import commands

from answerprint.ingest import copies
from answerprint.ingest.card_copy import copy_and_verify, hashing
from answerprint.ingest.cards import Card, cards_in, verify
from answerprint.ingest.into_catalogue import ingest
from answerprint.production.catalogue import Production
from answerprint.provenance.digests import FileDigests, file_digests
from answerprint.provenance.mhl import check_hash_list, write_generation
from tests.made_footage import exr_folder

CLIP = b"pictures " * 1000


def asc_mhl(folder: Path, kind: str) -> None:
    commands.create_for_folder_subcommand(str(folder), False, False, [kind], False, *[None] * 6, [])


def older_list(folder: Path, kind: str) -> None:
    rows = ""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        told = xxhash.xxh64(data).hexdigest() if kind == "xxhash64be" else hashlib.new(kind, data).hexdigest()
        rows += f"<hash><file>{file.relative_to(folder)}</file><size>{len(data)}</size><{kind}>{told}</{kind}></hash>"
    (folder / "A001.mhl").write_text(f'<hashlist version="1.1">{rows}</hashlist>')


LISTS: list[Callable[[Path], None]] = [
    lambda folder: asc_mhl(folder, "xxh128"),
    lambda folder: asc_mhl(folder, "md5"),
    lambda folder: asc_mhl(folder, "c4"),
    lambda folder: asc_mhl(folder, "xxh64"),
    lambda folder: older_list(folder, "xxhash64be"),
    lambda folder: older_list(folder, "md5"),
]


def card(place: Path, listed: Callable[[Path], None], name: str = "A001") -> Card:
    folder = place / name
    (folder / "CLIPS").mkdir(parents=True)
    for number in range(2):
        (folder / "CLIPS" / f"c{number}.mov").write_bytes(CLIP + bytes([number]))
    listed(folder)
    (found,) = [card for card in cards_in(place, settle_s=0) if card.name == name]
    return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each clip is opened, by whether it lies on the card or in the production."""
    opened: Counter[str] = Counter()
    real, real_io = builtins.open, io.open

    def count(path: Any, mode: str = "r") -> None:
        if str(path).endswith((".mov", ".exr")) and "r" in mode:
            opened["card" if "/cards/" in str(path) else "production"] += 1

    def opening(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        count(path, mode)
        return real(path, mode, *rest, **named)

    def opening_path(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        count(path, mode)
        return real_io(path, mode, *rest, **named)

    monkeypatch.setattr(builtins, "open", opening)
    monkeypatch.setattr(io, "open", opening_path)
    return opened


@pytest.mark.parametrize("listed", LISTS, ids=["asc-xxh128", "asc-md5", "asc-c4", "asc-xxh64", "older-xxh64", "older-md5"])
def test_a_card_is_read_once_whatever_hash_its_list_has(
    listed: Callable[[Path], None], tmp_path: Path, reads: Counter[str]
) -> None:
    found = card(tmp_path / "cards", listed)
    reads.clear()
    hashed: dict[Path, FileDigests] = {}
    place, count, faults = copy_and_verify(found, tmp_path / "material", lambda *step: None, hashed)
    assert (count, faults) == (2, [])
    assert reads == {"card": 2}
    assert hashed[place / "CLIPS" / "c0.mov"] == file_digests(found.path / "CLIPS" / "c0.mov")


@pytest.mark.parametrize("listed", LISTS, ids=["asc-xxh128", "asc-md5", "asc-c4", "asc-xxh64", "older-xxh64", "older-md5"])
def test_of_a_card_that_disagrees_with_its_list_nothing_is_kept(listed: Callable[[Path], None], tmp_path: Path) -> None:
    found = card(tmp_path / "cards", listed)
    clip = found.path / "CLIPS" / "c1.mov"
    clip.write_bytes(CLIP + b"!")
    hashed: dict[Path, FileDigests] = {}
    place, _, faults = copy_and_verify(found, tmp_path / "material", lambda *step: None, hashed)
    assert len(faults) == 1 and faults[0].startswith("CLIPS/c1.mov")
    assert not place.exists() and not hashed and clip.is_file()


def test_a_copy_that_was_there_before_a_bad_card_stays(tmp_path: Path) -> None:
    found = card(tmp_path / "cards", LISTS[0])
    kept = tmp_path / "material" / "A001" / "CLIPS" / "c0.mov"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(CLIP + b"\0")
    (found.path / "CLIPS" / "c1.mov").write_bytes(CLIP + b"!")
    copy_and_verify(found, tmp_path / "material", lambda *step: None, {})
    assert sorted(path.name for path in (tmp_path / "material").rglob("*") if path.is_file()) == ["c0.mov"]


@pytest.mark.parametrize("listed", LISTS, ids=["asc-xxh128", "asc-md5", "asc-c4", "asc-xxh64", "older-xxh64", "older-md5"])
def test_a_card_taken_in_where_it_lies_is_read_once(listed: Callable[[Path], None], tmp_path: Path, reads: Counter[str]) -> None:
    found = card(tmp_path / "cards", listed)
    reads.clear()
    hashed: dict[Path, FileDigests] = {}
    assert verify(found, hashing(hashed)) == (2, [])
    assert reads == {"card": 2}
    assert set(hashed) == {found.path / "CLIPS" / "c0.mov", found.path / "CLIPS" / "c1.mov"}


def test_each_copied_card_has_a_generation_and_earlier_ones_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_BLOCK", 1 << 16)
    hashes: list[Path] = []
    real = commands.multiple_format_hash_file

    def hashing_anew(path: str, kinds: list[str]) -> Any:
        hashes.append(Path(path))
        return real(path, kinds)

    monkeypatch.setattr(commands, "multiple_format_hash_file", hashing_anew)
    for number, name in enumerate(("A001C001", "A002C001")):
        folder = exr_folder(tmp_path / "cards" / name[:4] / name, seed=number).parent
        write_generation(folder)
    hashes.clear()
    with Production.create(tmp_path / "p", "Karten", "24") as production:
        for name in ("A001", "A002"):
            ingest(production, [tmp_path / "cards" / name], copy=True)
        material = production.path("material")
        assert hashes == []
        assert len(list((material / "ascmhl").glob("*.mhl"))) == 2
        assert len(list((material / "A001" / "ascmhl").glob("*.mhl"))) == 2
        assert check_hash_list(material)[0] == []
