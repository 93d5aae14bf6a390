"""Copies off a card are what was on the card, or they are not there."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from pathlib import Path

import pytest

from answerprint.ingest import copies
from answerprint.ingest.copies import copy_files
from answerprint.production import BadInput
from answerprint.provenance.digests import file_digests


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_BLOCK", 1 << 16)
    monkeypatch.setattr(copies, "_BEHIND", 1 << 18)


def card(folder: Path, sizes: tuple[int, ...] = (0, 5, 3_000_000, 1 << 18, 70_000)) -> list[tuple[Path, Path]]:
    """Files of several sizes, and where each shall go."""
    (folder / "card").mkdir()
    pairs = []
    for number, size in enumerate(sizes):
        source = folder / "card" / f"{number}.mov"
        source.write_bytes(hashlib.shake_256(bytes([number])).digest(size))
        os.utime(source, ns=(10**18, 10**18 + number))
        pairs.append((source, folder / "copy" / "deep" / source.name))
    return pairs


class Slow:
    """A source that takes its time, or breaks."""

    def __init__(self, path: Path, breaks_after: int | None = None) -> None:
        self.stream, self.left = path.open("rb", buffering=0), breaks_after

    def readinto(self, buffer: memoryview, /) -> int | None:
        if self.left is not None and self.left <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        count = self.stream.readinto(buffer[:30_000])
        if self.left is not None:
            self.left -= count or 0
        return count

    def close(self) -> None:
        self.stream.close()


def test_every_copy_has_the_bytes_the_time_and_the_digests_of_its_original(tmp_path: Path) -> None:
    pairs = card(tmp_path)
    told = copy_files(pairs)
    for source, place in pairs:
        assert place.read_bytes() == source.read_bytes()
        assert told[place] == file_digests(source)
        assert place.stat().st_mtime_ns == source.stat().st_mtime_ns


def test_a_source_that_gives_little_at_a_time_is_read_to_its_end(tmp_path: Path) -> None:
    pairs = card(tmp_path)
    copy_files(pairs, opened=Slow)
    assert [place.read_bytes() == source.read_bytes() for source, place in pairs] == [True] * 5


def test_a_card_pulled_out_leaves_whole_copies_and_nothing_half_written(tmp_path: Path) -> None:
    pairs = card(tmp_path)
    with pytest.raises(BadInput, match="cannot be read: Input/output error"):
        copy_files(pairs, opened=lambda path: Slow(path, 1_000_000 if path.name == "2.mov" else None))
    assert sorted(p.name for p in (tmp_path / "copy" / "deep").iterdir()) == ["0.mov", "1.mov"]


def test_a_disk_that_gives_other_bytes_back_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.preadv

    def flipping(handle: int, buffers: list[memoryview], at: int) -> int:
        count = real(handle, buffers, at)
        if at > 2_000_000:
            buffers[0][0] ^= 1
        return count

    monkeypatch.setattr(os, "preadv", flipping)
    with pytest.raises(BadInput, match="the copy is not the same as the original"):
        copy_files(card(tmp_path))
    assert sorted(p.name for p in (tmp_path / "copy" / "deep").iterdir()) == ["0.mov", "1.mov"]


def test_a_full_disk_is_one_line_and_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    pairs = card(tmp_path)
    monkeypatch.setattr(os, "write", full)
    began = time.monotonic()
    with pytest.raises(BadInput, match="the disk is full"):
        copy_files(pairs)
    assert time.monotonic() - began < 20
    assert not [p.name for p in (tmp_path / "copy" / "deep").iterdir() if p.suffix == ".part"]


def test_a_file_that_grows_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    pairs = card(tmp_path, (100,))

    class Growing(Slow):
        def close(self) -> None:
            super().close()
            with pairs[0][0].open("ab") as file:
                file.write(b"more")

    with pytest.raises(BadInput, match="changed while it was copied"):
        copy_files(pairs, opened=Growing)


def test_a_name_in_use_is_not_taken_before_the_copy_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = card(tmp_path, (200_000,))
    seen: list[bool] = []
    real = os.preadv

    def looking(handle: int, buffers: list[memoryview], at: int) -> int:
        seen.append(pairs[0][1].exists())
        return real(handle, buffers, at)

    monkeypatch.setattr(os, "preadv", looking)
    copy_files(pairs)
    assert seen and not any(seen) and pairs[0][1].exists()
