"""Files broken in the ways files break, from a seed; and a parser's answer to them: something, or one clear line."""

from __future__ import annotations

import random
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerprint.production import BadInput

NASTY = (
    b"-1", b"0", b"999999999999999999999999", b"1e309", b"nan", b"-", b"00:00:00:99", b"99:99:99:99", b";", b"(", b"\x00", b"\xff\xfe",
    b"&lol;", b"<!ENTITY a 'b'>", b"\xe2\x80\xa8", b"/0s", b"1/0s", b"{", b"[[[[", b'"', b"\r", b"\t\t\t", b"V", b"NONE", b"M2", b"A" * 300,
    b"\xc3\x28", b"TRUE", b"1001/24000s", b"0.0000001", "٣".encode(), b"]]>", b"<!--", b"null", b"[]", b"{}", b"inf", b"-0", b"1e99", b"../",
    b"1" * 5000, b"[" * 3000, b'{"a":' * 3000, b"<a>" * 3000, b"(" * 3000, b"1e400", b"Infinity",
)  # fmt: skip
LONGEST_SECONDS = 20
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a hundred thousand files, each synced, are nothing for a disk
_MEBIBYTE = 1024  # ru_maxrss counts kibibytes


class TooLong(Exception):
    """A parser did not come back."""


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One seed after one to six changes: bytes, numbers, words, lines, pieces of other seeds, an end too early."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        at, kind = rng.randrange(len(data) + 1), rng.choice((0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 6, 7, 7, 8))
        if kind == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.choice((1, 3, 30, 300))]
        elif kind == 2:
            data[at:at] = rng.choice(NASTY)
        elif kind == 3:
            lines = data.split(b"\n")
            one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[one], lines[two] = lines[two], lines[one]
            data = bytearray(b"\n".join(lines))
        elif kind == 4:
            lines = data.split(b"\n")
            one = rng.randrange(len(lines))
            lines[one:one] = [lines[one]] * rng.choice((1, 2, 40))
            data = bytearray(b"\n".join(lines))
        elif kind == 5:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            data[at:at] = other[start : start + rng.choice((5, 50, 500))]
        elif kind == 6:
            digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
            for i in rng.sample(digits, min(len(digits), rng.choice((1, 2, 10)))):
                data[i] = rng.randrange(48, 58)
        elif kind == 7:
            words = data.split(b" ")
            words[rng.randrange(len(words))] = bytearray(rng.choice(NASTY))
            data = bytearray(b" ".join(words))
        else:
            del data[max(1, at) :]
    return bytes(data[:200_000])


@dataclass(frozen=True)
class Parser:
    """A reader of files, whole files it reads, and how to ask it. ``ask`` gets a file named as its seed is."""

    name: str
    seeds: tuple[Path, ...]
    ask: Callable[[Path], Any]

    def survive(self, count: int, seed: int) -> tuple[int, int]:
        """Ask about ``count`` mutated files. Returns how many were read and how many refused.

        Anything but BadInput, a parser that does not come back, and memory beyond 300 MiB more are raised with the input, which is kept.
        """
        rng = random.Random(f"{self.name} {seed}")
        by_ending: dict[str, list[bytes]] = {}
        for path in self.seeds:
            by_ending.setdefault(path.suffix, []).append(path.read_bytes())
        taken, refused = 0, 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder, limited():
            for number in range(count):
                like = rng.choice(self.seeds)
                path = Path(folder) / like.name
                data = mutated(rng, by_ending[like.suffix])
                path.write_bytes(data)
                signal.alarm(LONGEST_SECONDS)
                try:
                    self.ask(path)
                    taken += 1
                except BadInput:
                    refused += 1
                except BaseException as error:
                    raise AssertionError(
                        f"{self.name}, input {number} of seed {seed} ({kept(path, seed, number)}): {error!r}"
                    ) from error
                grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / _MEBIBYTE
                assert grown < 300, f"{self.name}, input {number} of seed {seed} ({kept(path, seed, number)}): {grown:.0f} MiB"
        return taken, refused


def kept(path: Path, seed: int, number: int) -> Path:
    """Where a copy of a telling input lies."""
    place = Path(tempfile.gettempdir()) / f"answerprint-mutation-{seed}-{number}{path.suffix}"
    place.write_bytes(path.read_bytes())
    return place


@contextmanager
def limited() -> Iterator[None]:
    """An alarm set within (``signal.alarm``) raises `TooLong`."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
