"""The set of a coverage scene as splats: fitted once in the study, kept as plain arrays, given back for every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.graph.contract import Analysis, Context
from answerprint.spatial.reproject import unprojected
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.fit import FitSettings, fit
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth

Real = NDArray[np.float64]
STEPS = 1200
_STEPS_A_VIEW = 60
"""Fewer pictures are learnt sooner."""
_LEAST_STEPS = 100
_SPLATS, _BEGIN = 60_000, 40_000
_PIXELS_A_SPLAT = 4
"""A splat that nobody has so many pixels of, in all pictures together, learns noise."""
_PIXELS_A_SECOND = 1.4e6
"""Pixels that a step goes through in a CPU second: 1,200 steps at 320x180, three tenths of them at half size, took 50."""
_SURE = 0.5
"""How sure a swept depth is that splats are held to."""
_POINTS = 400_000


def steps_for(views: Sequence[View], seconds: float | None) -> int:
    """Steps that so many pictures want and ``seconds`` of CPU time pay for, by work and not by the clock; 0 for too few."""
    wanted = min(STEPS, _STEPS_A_VIEW * len(views))
    if seconds is not None:
        pixels = float(np.mean([v.camera.width * v.camera.height for v in views]))
        wanted = min(wanted, int(seconds * _PIXELS_A_SECOND / pixels))
    return wanted if wanted >= min(_LEAST_STEPS, _STEPS_A_VIEW * len(views)) else 0


def splats_of(
    views: Sequence[View], depths: Sequence[Depth], points: Real | None, seconds: float | None, context: Context, analysis: Analysis
) -> None:
    """Fit the set and keep it in the analysis; nothing where time or depth is too short."""
    steps = steps_for(views, seconds)
    seeds = _seeds(views, depths, points)
    if steps == 0 or len(seeds) < 100:
        return

    def cancelled() -> bool:
        context.check_cancelled()
        return False

    held = [
        replace(view, depth=np.where(depth.sure >= _SURE, depth.metres, np.nan)) for view, depth in zip(views, depths, strict=True)
    ]
    settings = FitSettings(
        iterations=steps, splats=_most(views, _SPLATS), seeds=_most(views, _BEGIN), place_rate=4.0 if points is None else 1.0
    )
    cloud, report = fit(
        held, seeds, settings, lambda share, _: context.progress(round(share * 100), 100, "fitting splats"), cancelled
    )
    analysis.arrays |= {f"splats.{column.name}": getattr(cloud, column.name) for column in fields(cloud)}
    analysis.facts |= {"splats": {"count": len(cloud), "steps": steps, "error": report.error}}


def scene_of_splats(analysis: Analysis) -> SplatCloud | None:
    """The fitted set back from the analysis; None where there is none."""
    if "splats.means" not in analysis.arrays:
        return None
    columns: dict[str, Any] = {column.name: analysis.arrays[f"splats.{column.name}"] for column in fields(SplatCloud)}
    return SplatCloud(**columns)


def _most(views: Sequence[View], most: int) -> int:
    return max(100, min(most, sum(v.camera.width * v.camera.height for v in views) // _PIXELS_A_SPLAT))


def _seeds(views: Sequence[View], depths: Sequence[Depth], points: Real | None) -> Real:
    """Where splats begin: scanned points that a view has before it, and what the sweeps are sure of, evenly over the pictures."""
    found = []
    if points is not None and len(points):
        few = points[:: max(1, len(points) // _POINTS)]
        ahead = np.zeros(len(few), bool)
        for view in views:
            ahead |= view.camera.inside(view.camera.project(few)) & (view.camera.depth(few) > 0.05)
        found.append(few[ahead])
    missing = _most(views, _BEGIN) - sum(len(f) for f in found)
    if missing > 0:
        for view, depth in zip(views, depths, strict=True):
            known = np.isfinite(depth.metres) & (depth.sure >= _SURE)
            every = max(1, int(known.sum()) * len(views) // missing)
            found.append(unprojected(view.camera, np.where(known, depth.metres, 1.0))[known][::every])
    return np.concatenate(found) if found else np.zeros((0, 3))
