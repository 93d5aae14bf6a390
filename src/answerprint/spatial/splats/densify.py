"""More splats where the picture pulls at one from several sides, under a budget; those that nobody sees move there.

A splat is split along its longest axis; how strongly the squares of the picture pull it, each by itself, says which. Splats
that have become transparent are taken to such places, as in S. Kheradmand et al., "3D Gaussian Splatting as Markov Chain
Monte Carlo" (2024), so that the number of splats is the budget's and nothing is thrown away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.learning import Learning

FAINT = 0.02
"""Opacity below which a splat is taken elsewhere."""
_APART = 0.6
"""Half the distance between the two, in standard deviations of the longest axis."""
_SHORTER, _THINNER = 0.55, 0.9


def densify(learning: Learning, pull: Float, budget: int, growth: float, random: np.random.Generator) -> int:
    """Split up to ``growth`` of the splats, within ``budget`` in all; returns how many are new or moved.

    ``pull`` (n,) is the mean pull of each splat since the last time.
    """
    logits = learning.values["opacity_logits"][:, 0]
    faint = np.flatnonzero(logits < np.log(FAINT / (1 - FAINT)))
    wanted = min(int(growth * len(learning)), budget - len(learning))
    chance = np.where(logits >= np.log(FAINT / (1 - FAINT)), np.maximum(pull, 0), 0).astype(np.float64)
    possible = int((chance > 0).sum())
    moved = min(len(faint), possible)
    added = max(0, min(wanted, possible - moved))
    if moved + added == 0:
        return 0
    parents = np.sort(random.choice(len(chance), moved + added, replace=False, p=chance / chance.sum()))
    random.shuffle(parents)
    near, far = _halves(learning, parents)
    learning.replaced(parents, near)
    if moved:
        rows = {
            name: far.get(name, learning.values[name][parents])[:moved] for name in learning.values if len(learning.values[name])
        }
        learning.replaced(faint[:moved], rows)
    if added:
        learning.grown(parents[moved:], {name: column[moved:] for name, column in far.items()})
    return moved + added


def _halves(learning: Learning, parents: NDArray[np.intp]) -> tuple[dict[str, Float], dict[str, Float]]:
    """Each parent as two splats side by side along its longest axis."""
    values = {name: column[parents] for name, column in learning.values.items() if len(column)}
    axes = SplatCloud(
        values["means"], values["log_scales"], values["quaternions"], values["opacity_logits"][:, 0], values["tones"]
    ).axes  # fmt: skip
    rows, longest = np.arange(len(parents)), values["log_scales"].argmax(axis=1)
    shift = axes[rows, :, longest] * (_APART * np.exp(values["log_scales"][rows, longest]))[:, None]
    scales = values["log_scales"] + np.float32(np.log(_THINNER))
    scales[rows, longest] += np.float32(np.log(_SHORTER / _THINNER))
    both = {"log_scales": scales}
    return {**both, "means": values["means"] + shift}, {**both, "means": values["means"] - shift}
