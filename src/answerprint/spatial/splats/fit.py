"""Fit a cloud of splats to posed pictures: the scene behind the takes, without the performers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.jobs.executor import default_workers
from answerprint.production import BadInput
from answerprint.production.errors import Cancelled
from answerprint.spatial.splats.checkpoint import Progress, load, save
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.densify import densify
from answerprint.spatial.splats.drawing import drawn, gradients_of
from answerprint.spatial.splats.exposure import Exposures
from answerprint.spatial.splats.learning import Learning
from answerprint.spatial.splats.loss import error_of
from answerprint.spatial.splats.projection import OPACITY
from answerprint.spatial.splats.pyramid import Pyramid
from answerprint.spatial.splats.seeds import seed_cloud
from answerprint.spatial.splats.support import seen_by
from answerprint.spatial.splats.view import View

Tell = Callable[[float, str], None]
"""Told the share done, 0 to 1, and a line with the time that is left."""


SAVE_EVERY_S = 30.0


class FitSettings(BaseModel):
    """How long and how finely a scene is fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: int = Field(default=3000, ge=1, description="steps, one view each")
    seconds: float | None = Field(
        default=None,
        gt=0,
        description="instead of iterations: wall-clock time; how many steps that is, is found in the first twenty",
    )
    splats: int = Field(default=60_000, ge=10, description="most splats")
    seeds: int = Field(default=40_000, ge=1, description="most splats to begin with")
    degree: int = Field(
        default=1, ge=0, le=1, description="0: everything looks alike from everywhere; 1: colours change with the direction"
    )
    similarity: float = Field(
        default=0.2, ge=0, le=1, description="share of structural similarity in the error, beside absolute difference"
    )
    place_rate: float = Field(default=1.0, gt=0, description="how fast splats move; 4 for triangulated points, 1 for a scan's")
    depth: float = Field(default=1.0, ge=0, description="weight of the relative depth error where depth is known")
    coarse: float = Field(default=0.3, ge=0, le=1, description="share of the steps made at half the picture's size")
    densify_every: int = Field(default=100, ge=1, description="steps between densifications")
    densify_until: float = Field(default=0.7, ge=0, le=1, description="share of the steps after which no splat is added or moved")
    growth: float = Field(default=0.08, ge=0, le=1, description="of the splats that are split at each densification")
    rate: float = Field(default=1.0, gt=0, description="of all learning rates")
    backdrop: tuple[float, float, float] = Field(default=(0.0, 0.0, 0.0), description="ACEScg behind everything")
    seed: int = Field(default=1, ge=0, description="of the order of views and of the choice of splats")


@dataclass(frozen=True)
class FitReport:
    """What became of a fit."""

    iterations: int
    splats: int
    seconds: float
    cpu_seconds: float
    """Of this process while it fitted, an interrupted run's time included"""
    error: float
    """Mean error over the last pass through the views: (1 - similarity) |difference| + similarity (1 - SSIM), in tones"""
    exposures: dict[str, list[list[float]]]
    """For each name (3, 4): the scene's light to the view's; identity for the first"""
    resumed_at: int = 0


def fit(
    views: Sequence[View], seed_points: SplatCloud | NDArray[np.floating], settings: FitSettings | None = None,
    progress: Tell | None = None, cancelled: Callable[[], bool] | None = None, checkpoint: Path | None = None,
    threads: int | None = None,
) -> tuple[SplatCloud, FitReport]:  # fmt: skip
    """The scene that the views saw.

    ``seed_points`` are points (n, 3) in metres of a scan or a triangulation, or a cloud to go on from. With a
    ``checkpoint`` file the work goes on where it was ended, however it was ended; the file is removed at the end, and one of
    other views or settings is refused. The same views, points, settings and seed give the same bytes, whatever the threads.

    Raises BadInput for no views and for points that no view sees; Cancelled when ``cancelled`` says so (the checkpoint stays).
    """
    if not views:
        raise BadInput("scene", "no views given", "give at least two posed pictures")
    plan = settings or FitSettings()
    with ThreadPoolExecutor(threads or default_workers()) as pool:
        training = Training(views, seed_points, plan, checkpoint, pool)
        training.run(progress or (lambda *_: None), cancelled or (lambda: False))
        cloud = training.learning.cloud()
        cloud = training.learning.cloud(seen_by(cloud, views, pool))
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return cloud, training.report()


class Training:
    """A fit under way: its state, and one step after the other."""

    def __init__(
        self, views: Sequence[View], seed_points: SplatCloud | NDArray[np.floating], plan: FitSettings, checkpoint: Path | None,
        pool: ThreadPoolExecutor,
    ) -> None:  # fmt: skip
        self.plan, self.pool, self.file = plan, pool, checkpoint
        self.pyramids = [Pyramid(view) for view in views]
        self.names = [view.exposure for view in views]
        self.extent = stage_extent(views)
        self.exposures = Exposures.of(self.names)
        self.total, self.at, self.resumed_at = plan.iterations, 0, 0
        self.seconds, self.cpu, self._mark = 0.0, 0.0, (time.monotonic(), time.process_time())
        self.backdrop = np.array(plan.backdrop, dtype=np.float32)
        self.errors: list[float] = []
        known = load(checkpoint, plan.model_dump_json(), views) if checkpoint is not None else None
        if known is None:
            first = seed_points if isinstance(seed_points, SplatCloud) else seed_cloud(seed_points, views, plan.seeds, plan.seed)
            self.learning = Learning.of(first, plan.degree)
            self.pull, self.pulls = np.zeros(len(first), dtype=np.float32), np.zeros(len(first), dtype=np.float32)
        else:
            self._take_up(known)

    def run(self, progress: Tell, cancelled: Callable[[], bool]) -> None:
        """All steps that are left, with a checkpoint every half a minute."""
        saved = started = tenth = time.monotonic()
        begun = self.at
        while self.at < self.total:
            if cancelled():
                self._save()
                raise Cancelled("fitting the scene was cancelled")
            self.step()
            now = time.monotonic()
            if self.at == 10:
                # The first steps compile what they need.
                tenth = now
            if self.plan.seconds is not None and self.at == 20:
                left = self.plan.seconds - (now - started)
                self.total = max(21, int(20 + left * 10 / max(now - tenth, 1e-6) * self._later()))
            if self.file is not None and now - saved > SAVE_EVERY_S:
                self._save()
                saved = now
            if self.at % 10 == 0 or self.at == self.total:
                left = (now - started) / (self.at - begun) * (self.total - self.at)
                progress(self.at / self.total, f"step {self.at} of {self.total}, {len(self.learning)} splats, {left:.0f} s left")
        self._clock()

    def step(self) -> None:
        """Draw one view, compare, move the splats; now and then add some."""
        plan, share = self.plan, self.at / self.total
        index = self._view()
        view = self.pyramids[index].level(1 if share < plan.coarse else 0)
        cloud = self.learning.cloud()
        picture = drawn(cloud, view.camera, self.pool)
        exposure = self.exposures.matrix(self.names[index])
        error = error_of(picture.planes, view.target, exposure, self.backdrop, plan.similarity, plan.depth, self.pool)
        gradients = gradients_of(picture, error.planes, self.pool)
        self.learning.step(gradients, picture.projected, learning_rates(plan, self.extent, share), self.pool)
        self.exposures.step(self.names[index], error.exposure, 0.01 * 0.05**share)
        self.errors = [*self.errors[-len(self.pyramids) + 1 :], error.value]
        seen = picture.projected[:, OPACITY] > 0
        self.pull += gradients.pull * view.camera.width
        self.pulls += seen
        self.at += 1
        if self.at % plan.densify_every == 0 and self.at <= plan.densify_until * self.total:
            random = np.random.default_rng((plan.seed, 1, self.at))
            densify(self.learning, (self.pull / np.maximum(self.pulls, 1)).astype(np.float32), plan.splats, plan.growth, random)
            self.pull, self.pulls = (np.zeros(len(self.learning), dtype=np.float32) for _ in range(2))

    def report(self) -> FitReport:
        """What has become of it so far."""
        return FitReport(
            self.at, len(self.learning), round(self.seconds, 3), round(self.cpu, 3), float(np.mean(self.errors)) if self.errors else 0.0,
            self.exposures.document(), self.resumed_at,
        )  # fmt: skip

    def _view(self) -> int:
        """Every view once in an order of its own, then again in another."""
        n = len(self.pyramids)
        return int(np.random.default_rng((self.plan.seed, 0, self.at // n)).permutation(n)[self.at % n])

    def _later(self) -> float:
        """How much faster the first steps are than all of them are on average: those at half size have a quarter of the pixels."""
        return 1 / (self.plan.coarse + (1 - self.plan.coarse) * 2.5) if self.plan.coarse > 0 else 1.0

    def _clock(self) -> None:
        now = time.monotonic(), time.process_time()
        self.seconds, self.cpu = self.seconds + now[0] - self._mark[0], self.cpu + now[1] - self._mark[1]
        self._mark = now

    def _save(self) -> None:
        self._clock()
        if self.file is not None:
            save(self.file, Progress(
                self.learning, self.exposures, self.pull, self.pulls, self.at, self.total, self.errors, self.seconds, self.cpu
            ), self.plan.model_dump_json(), [pyramid.view for pyramid in self.pyramids])  # fmt: skip

    def _take_up(self, known: Progress) -> None:
        self.learning, self.exposures, self.pull, self.pulls = known.learning, known.exposures, known.pull, known.pulls
        self.at = self.resumed_at = known.at
        self.total, self.errors, self.seconds, self.cpu = known.total, known.errors, known.seconds, known.cpu


def stage_extent(views: Sequence[View]) -> float:
    """How far the cameras stand apart, metres: the measure of steps in space. At least a quarter of a metre."""
    places = np.array([view.camera.position for view in views])
    return max(0.25, float(np.linalg.norm(places - places.mean(axis=0), axis=1).max()) * 1.1)


def learning_rates(plan: FitSettings, extent: float, share: float) -> dict[str, float]:
    """Of each column, after ``share`` of the steps.

    Places move little: a scan knows them better than pictures do. The rest moves five times as fast as in B. Kerbl et al.,
    for there are ten times fewer steps (measured on the rendered capture).
    """
    down = 0.17**share * plan.rate
    return {
        "means": 2e-4 * extent * 0.01**share * plan.place_rate * plan.rate, "log_scales": 0.05 * down, "quaternions": 0.02 * down,
        "opacity_logits": 0.2 * down, "tones": 0.03 * down, "slopes": 0.006 * down,
    }  # fmt: skip
