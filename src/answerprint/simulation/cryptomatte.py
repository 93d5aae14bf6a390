"""Mattes by name out of cryptomatte channels.

J. Friedman, A. Jones, "Fully automatic ID mattes with support for motion blur and transparency", SIGGRAPH 2015 posters, and the
Cryptomatte specification 1.2.0: names are hashed with MurmurHash3 (32 bit, seed 0), exponents that would make NaN, infinity or
a denormal are flipped, and each pixel carries pairs of identity and coverage.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
_MASK = 0xFFFFFFFF


def identity(name: str) -> int:
    """The 32 bits under which an object of this name is found.

    >>> f"{identity('hello'):08x}"
    '248bfa47'
    """
    bits = murmur3(name.encode("utf-8"))
    exponent = (bits >> 23) & 255
    return bits ^ (1 << 23) if exponent in (0, 255) else bits


def coverage(ranks: list[tuple[Plane, Plane]], names: list[str]) -> Plane:
    """How much of each pixel the named objects cover together, 0 to 1.

    ``ranks`` are (identity, coverage) planes, identities as the float32 whose bits they are.
    """
    wanted = np.array([identity(name) for name in names], dtype=np.uint32)
    out = np.zeros(ranks[0][0].shape, dtype=np.float32)
    for ids, share in ranks:
        out += np.where(np.isin(np.ascontiguousarray(ids).view(np.uint32), wanted), share, np.float32(0))
    return np.minimum(out, np.float32(1))


def with_parts(names: list[str], manifest: Iterable[str]) -> list[str]:
    """The names and those of their numbered parts: a model file comes as several objects, ``car.0``, ``car.1`` and so on.

    >>> with_parts(["car", "wall"], ["wall", "car.0", "car.12", "car.door", "cart.0"])
    ['car', 'wall', 'car.0', 'car.12']
    """
    return [*names, *(part for part in manifest if part.rpartition(".")[0] in names and part.rpartition(".")[2].isdigit())]


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3 x86 32 bit (A. Appleby, public domain)."""
    h = seed
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        h ^= _scrambled(int.from_bytes(data[at : at + 4], "little"))
        h = (_rotated(h, 13) * 5 + 0xE6546B64) & _MASK
    if len(data) > whole:
        h ^= _scrambled(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & _MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & _MASK
    return h ^ (h >> 16)


def _scrambled(k: int) -> int:
    return (_rotated((k * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK
