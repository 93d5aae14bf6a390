"""Copying off a card that gives 300 MB/s and one that gives 1 GB/s: what our copy makes of it, hashes, flush and reading back included.

The card is a folder in memory behind a reader that gives no more than its rate; its figures are decimal megabytes. Two cards: one long clip
and a folder of frames. The target is a folder of yours (a RAM disk shows what the program can do, a disk what the disk can); what a plain
write and flush of the same bytes reaches there is printed beside.

Run: ``python benchmarks/card_copy.py TARGET [--megabytes 1200] [--rates 300 1000]``
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from answerprint.ingest.copies import copy_files

MB = 1_000_000
FRAME = 12 * MB


class Card:
    """Readers that together give no more than ``rate`` bytes a second, in pieces of at most 1 MiB."""

    def __init__(self, rate: float) -> None:
        self.rate, self.began, self.given = rate, time.perf_counter(), 0

    def opened(self, path: Path) -> Reader:
        return Reader(self, path)

    def paid(self, count: int) -> None:
        """Wait until the card would have given so much. Time lost between two reads is lost, as with a real card."""
        now = time.perf_counter()
        self.began = max(self.began, now - (self.given + MB) / self.rate)
        self.given += count
        early = self.began + self.given / self.rate - now
        if early > 0:
            time.sleep(early)


class Reader:
    def __init__(self, card: Card, path: Path) -> None:
        self.card, self.stream = card, path.open("rb", buffering=0)

    def readinto(self, buffer: memoryview, /) -> int | None:
        count = self.stream.readinto(buffer[: 1 << 20])
        self.card.paid(count or 0)
        return count

    def close(self) -> None:
        self.stream.close()


def plain(target: Path, size: int) -> float:
    """Megabytes a second of writing and flushing alone."""
    block, place = os.urandom(8 * MB), target / "plain"
    began = time.perf_counter()
    with place.open("wb", buffering=0) as file:
        for _ in range(size // len(block)):
            file.write(block)
        os.fsync(file.fileno())
    taken = time.perf_counter() - began
    place.unlink()
    return size / MB / taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--megabytes", type=int, default=1200)
    parser.add_argument("--rates", type=int, nargs="+", default=[300, 1000])
    options = parser.parse_args()
    options.target.mkdir(parents=True, exist_ok=True)
    size = options.megabytes * MB
    print(f"plain write and flush to {options.target}: {plain(options.target, size):.0f} MB/s")
    print(f"{'card':12} {'gives':>6} {'copied at':>10} {'share':>6} {'cpu s':>6}   (MB/s)")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory, tempfile.TemporaryDirectory(dir=options.target) as scratch:
        data = os.urandom(8 * MB)
        for kind, each in (("one clip", size), ("frames", FRAME)):
            folder = Path(memory) / kind
            folder.mkdir()
            files = [folder / f"{number:05d}" for number in range(size // each)]
            for file in files:
                file.write_bytes((data * (each // len(data) + 1))[:each])
            for rate in options.rates:
                out = Path(scratch) / "out"
                card, used, began = Card(rate * MB), resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
                copy_files([(file, out / file.name) for file in files], opened=card.opened)
                taken, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
                spent = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
                reached = len(files) * each / MB / taken
                print(f"{kind:12} {rate:6d} {reached:10.0f} {reached / rate:6.2f} {spent:6.2f}", flush=True)
                shutil.rmtree(out)
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
