"""Mutated edit lists: read, and written in another format where they are still lists."""

from __future__ import annotations

import random
import signal
import tempfile
from pathlib import Path

from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import BadInput
from tests.mutation import LONGEST_SECONDS, MEMORY, kept, limited, mutated

CORPUS = Path(__file__).parent / "corpus"
RATES = ("24", "25", "29.97", "23.976", None)
TARGETS = (".edl", ".otio", ".xml", ".ale")


def survivors(count: int, seed: int) -> tuple[int, int]:
    """Read ``count`` mutated lists, and write each that is still one in another format. Returns how many were read and refused.

    Anything but BadInput, and a parser that does not come back, is raised with the input's seed and number.
    """
    rng = random.Random(seed)
    seeds: dict[str, list[bytes]] = {}
    for path in sorted(CORPUS.iterdir()):
        seeds.setdefault(path.suffix, []).append(path.read_bytes())
    kinds, taken, refused = sorted(seeds), 0, 0
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, limited():
        for number in range(count):
            kind = kinds[number % len(kinds)]
            path = Path(folder) / f"mutated{kind}"
            path.write_bytes(mutated(rng, seeds[kind]))
            rate, target = rng.choice(RATES), Path(folder) / f"again{rng.choice(TARGETS)}"
            signal.alarm(LONGEST_SECONDS)
            try:
                write_timeline(target, read_timeline(path, rate))
                taken += 1
            except BadInput:
                refused += 1
            except BaseException as error:
                where = kept(path, seed, number)
                raise AssertionError(f"seed {seed}, input {number} ({where}, {rate}, to {target.suffix}): {error!r}") from error
    return taken, refused
