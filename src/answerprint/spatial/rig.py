"""Grading a rig of simultaneous cameras to its hero camera, all of them together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from answerprint.colour import cdl as grades
from answerprint.colour.match import FEWEST, Match, solve_cdl
from answerprint.spatial.surfaces import Correspondences

Real = NDArray[np.float64]

_ROUNDS = 4
"""After this many rounds the grades of four cameras move by less than 0.001."""


def match_rig(hero: str, cameras: Iterable[str], shared: Correspondences) -> dict[str, Match]:
    """A grade for each camera that shares surfaces with the hero, directly or through the others.

    Two cameras that face each other share little, and see it shine differently; but each shares much with the
    cameras beside it. So every camera is matched to the hero *and* to the others as they are graded so far, round
    after round. A camera that shares fewer than six surfaces with the rest is left out.
    """
    others = sorted(set(cameras) - {hero})
    solved: dict[str, Match] = {}
    for _ in range(_ROUNDS):
        for name in sorted(others, key=lambda other: -len(shared.pair(hero, other))):
            reference, source, weight = _evidence(name, hero, solved, shared)
            if len(reference) >= FEWEST:
                solved[name] = solve_cdl(reference, source, weight, id=name)
    return solved


def _evidence(name: str, hero: str, solved: dict[str, Match], shared: Correspondences) -> tuple[Real, Real, Real]:
    """Reference colours, this camera's colours, and weights: each neighbour counts by the root of what it shares."""
    rows = []
    for neighbour in (hero, *(other for other in sorted(solved) if other != name)):
        patches = shared.pair(neighbour, name)
        if not len(patches):
            continue
        graded = patches.first if neighbour == hero else grades.apply(solved[neighbour].cdl, patches.first)
        weight = np.full(len(patches), 1 / np.sqrt(len(patches)))
        rows.append(np.hstack([graded, patches.second, weight[:, None]]))
    table = np.vstack(rows) if rows else np.zeros((0, 7))
    return table[:, :3], table[:, 3:6], table[:, 6]
