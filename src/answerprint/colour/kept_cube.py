"""Baked cubes kept in the user's cache folder, so that each look is computed once on a machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.config import config_digest, ocio_version
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.production.home import cache_folder

Cube = NDArray[np.float32]


def kept_cube(name: str, edge: int, made_of: str, bake: Callable[[], Cube]) -> Cube:
    """The cube (edge, edge, edge, 3) of that name from the cache, else baked and kept there.

    ``made_of`` says in words everything the numbers depend on besides the colour configuration. The file begins with the digest of
    what follows: a damaged one is baked again. Without a writable cache the cube is simply baked.
    """
    key = hashlib.sha256(f"{config_digest()} {ocio_version()} {made_of} {edge}".encode()).hexdigest()[:20]
    place = cache_folder() / f"{name}-{key}.lut"
    try:
        stored = place.read_bytes()
    except OSError:
        stored = b""
    if len(stored) == 32 + edge**3 * 12 and hashlib.sha256(stored[32:]).digest() == stored[:32]:
        return np.frombuffer(stored[32:], dtype="<f4").reshape(edge, edge, edge, 3)
    baked = bake()
    data = baked.astype("<f4").tobytes()
    with suppress(BadInput):  # a read-only or full cache costs time, nothing else
        write_atomically(place, hashlib.sha256(data).digest() + data)
    return baked
