"""Mutated edit lists: every text parser's saved corpus, broken in the ways files break, from a seed."""

from __future__ import annotations

import random
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import BadInput

CORPUS = Path(__file__).parent / "corpus"
RATES = ("24", "25", "29.97", "23.976", None)
TARGETS = (".edl", ".otio", ".xml", ".ale")
_NASTY = (
    b"-1", b"0", b"999999999999999999999999", b"1e309", b"nan", b"-", b"00:00:00:99", b"99:99:99:99", b";", b"(", b"\x00", b"\xff\xfe",
    b"&lol;", b"<!ENTITY a 'b'>", b"\xe2\x80\xa8", b"/0s", b"1/0s", b"{", b"[[[[", b'"', b"\r", b"\t\t\t", b"V", b"NONE", b"M2", b"A" * 300,
    b"\xc3\x28", b"TRUE", b"1001/24000s", b"0.0000001", "٣".encode(), b"]]>", b"<!--",
)  # fmt: skip
_LONGEST_SECONDS = 20
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a hundred thousand files, each synced, are nothing for a disk


class TooLong(Exception):
    """A parser did not come back."""


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """One seed after one to six changes: bytes, numbers, words, lines, pieces of other seeds, an end too early."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        at, kind = rng.randrange(len(data) + 1), rng.choice((0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 6, 7, 7, 8))
        if kind == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.choice((1, 3, 30, 300))]
        elif kind == 2:
            data[at:at] = rng.choice(_NASTY)
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
            words[rng.randrange(len(words))] = rng.choice(_NASTY)
            data = bytearray(b" ".join(words))
        else:
            del data[max(1, at) :]
    return bytes(data[:200_000])


def survivors(count: int, seed: int) -> tuple[int, int]:
    """Read ``count`` mutated lists, and write each that is still one in another format. Returns how many were read and refused.

    Anything but BadInput, and a parser that does not come back, is raised with the input's seed and number.
    """
    rng = random.Random(seed)
    seeds: dict[str, list[bytes]] = {}
    for path in sorted(CORPUS.iterdir()):
        seeds.setdefault(path.suffix, []).append(path.read_bytes())
    kinds, taken, refused = sorted(seeds), 0, 0
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder, _limited():
        for number in range(count):
            kind = kinds[number % len(kinds)]
            path = Path(folder) / f"mutated{kind}"
            path.write_bytes(mutated(rng, seeds[kind]))
            rate, target = rng.choice(RATES), Path(folder) / f"again{rng.choice(TARGETS)}"
            signal.alarm(_LONGEST_SECONDS)
            try:
                write_timeline(target, read_timeline(path, rate))
                taken += 1
            except BadInput:
                refused += 1
            except BaseException as error:
                kept = Path(tempfile.gettempdir()) / f"answerprint-mutation-{seed}-{number}{kind}"
                kept.write_bytes(path.read_bytes())
                raise AssertionError(f"seed {seed}, input {number} ({kept}, {rate}, to {target.suffix}): {error!r}") from error
    return taken, refused


@contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
