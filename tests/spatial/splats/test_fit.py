"""Fitting a scene: what it reaches, what it leaves out, and that it can be stopped anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.spatial.splats.made_scene import camera, cloud, decibels, points, views

from answerprint.production import BadInput
from answerprint.production.errors import Cancelled
from answerprint.spatial.splats.fit import FitSettings, fit
from answerprint.spatial.splats.loss import Target, error_of
from answerprint.spatial.splats.render import render

QUICK = FitSettings(iterations=240, splats=2500, seeds=2000, densify_every=40)


def held_out(fitted: object, angle: float = 8.0) -> float:
    eye = camera(angle)
    return decibels(render(fitted, eye, threads=1).colour, render(cloud(), eye, threads=1).colour)  # type: ignore[arg-type]


def same(one: object, other: object) -> bool:
    names = ("means", "log_scales", "quaternions", "opacity_logits", "colours", "slopes", "seen_by")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)


@pytest.fixture(scope="module")
def fitted() -> tuple[object, object]:
    return fit(views(), points(), QUICK, threads=2)


def test_a_view_that_was_left_out_is_as_the_scene(fitted: tuple[object, object]) -> None:
    # 35 dB: no error is seen on a display; the fit stops long before its end.
    assert held_out(fitted[0]) > 30


def test_splats_know_how_many_cameras_saw_them(fitted: tuple[object, object]) -> None:
    seen = fitted[0].seen_by  # type: ignore[attr-defined]
    assert seen.max() == 6
    assert np.median(seen) >= 4


def test_the_same_bytes_come_out_whatever_the_threads(fitted: tuple[object, object]) -> None:
    assert same(fit(views(), points(), QUICK, threads=1)[0], fitted[0])


def test_it_goes_on_where_it_was_cancelled(tmp_path: Path, fitted: tuple[object, object]) -> None:
    file, calls = tmp_path / "fit.npz", iter(range(1000))
    with pytest.raises(Cancelled):
        fit(views(), points(), QUICK, cancelled=lambda: next(calls) > 130, checkpoint=file, threads=1)
    resumed, report = fit(views(), points(), QUICK, checkpoint=file, threads=1)
    assert report.resumed_at == 131
    assert same(resumed, fitted[0])
    assert not file.exists()


def test_a_checkpoint_of_other_views_is_refused(tmp_path: Path) -> None:
    file, calls = tmp_path / "fit.npz", iter(range(1000))
    with pytest.raises(Cancelled):
        fit(views(), points(), QUICK, cancelled=lambda: next(calls) > 3, checkpoint=file, threads=1)
    with pytest.raises(BadInput, match="other views"):
        fit(views()[1:], points(), QUICK, checkpoint=file, threads=1)


def test_a_performer_under_a_matte_does_not_enter_the_scene() -> None:
    shot = []
    for index, view in enumerate(views()):
        picture, weight = view.picture.copy(), np.ones(view.picture.shape[:2], dtype=np.float32)
        left = 6 + 8 * index
        picture[8:40, left : left + 12] = (0.1, 2.0, 0.3)
        weight[6:40, left - 2 : left + 14] = 0
        shot.append(replace(view, picture=picture, weight=weight))
    fitted, _ = fit(shot, points(), QUICK, threads=1)
    assert held_out(fitted) > 28


def test_a_take_at_another_exposure_is_brought_to_the_first() -> None:
    shot = []
    for index, view in enumerate(views()):
        late = index % 2 == 1
        shot.append(replace(view, picture=view.picture * np.float32(1.35 if late else 1), exposure="T2" if late else "T1"))
    fitted, report = fit(shot, points(), QUICK, threads=1)
    gains = np.array(report.exposures["T2"])[:, :3].sum(axis=1)
    # The rows of the matrix, each applied to grey: within a tenth of a stop after 240 steps.
    assert np.abs(np.log2(gains / 1.35)).max() < 0.1
    assert np.array_equal(report.exposures["T1"], np.eye(3, 4))
    assert held_out(fitted) > 27


def test_gradients_of_the_error_are_its_differences() -> None:
    random = np.random.default_rng(2)
    target = Target.of(
        random.uniform(0, 1.2, (18, 33, 3)).astype(np.float32), random.uniform(0, 1, (18, 33)).astype(np.float32), None
    )
    planes = random.uniform(0.1, 0.9, (6, 32, 48)).astype(np.float32)
    exposure = (np.eye(3, 4) + random.normal(0, 0.05, (3, 4))).astype(np.float32)
    backdrop = np.array([0.1, 0.3, 0.2], dtype=np.float32)
    with ThreadPoolExecutor(2) as pool:
        # All similarity: the absolute difference has corners.
        error = error_of(planes, target, exposure, backdrop, 1.0, 0.0, pool)

        def value(planes_: object, exposure_: object) -> float:
            return error_of(planes_, target, exposure_, backdrop, 1.0, 0.0, pool).value  # type: ignore[arg-type]

        way = np.zeros_like(planes)
        way[:4, :18, :33] = random.normal(size=(4, 18, 33))
        step = np.float32(1e-3)
        by_planes = (value(planes + step * way, exposure) - value(planes - step * way, exposure)) / (2 * step)
        turn = random.normal(size=(3, 4)).astype(np.float32)
        by_exposure = (value(planes, exposure + step * turn) - value(planes, exposure - step * turn)) / (2 * step)
    assert np.sum(error.planes * way[:5]) == pytest.approx(by_planes, rel=0.01)
    assert np.sum(error.exposure * turn) == pytest.approx(by_exposure, rel=0.01)


@pytest.mark.slow
def test_killed_in_the_middle_it_comes_to_the_same_end(tmp_path: Path, fitted: tuple[object, object]) -> None:
    program = (
        "import sys; from pathlib import Path; from answerprint.spatial.splats import fit as f; "
        "from tests.spatial.splats.made_scene import points, views; from tests.spatial.splats.test_fit import QUICK; "
        "f.SAVE_EVERY_S = 0.2; f.fit(views(), points(), QUICK, checkpoint=Path(sys.argv[1]), threads=1)"
    )
    file = tmp_path / "fit.npz"
    process = subprocess.Popen([sys.executable, "-c", program, str(file)], env={**os.environ, "PYTHONPATH": "."})
    while not file.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert file.exists()
    resumed, report = fit(views(), points(), QUICK, checkpoint=file, threads=1)
    assert report.resumed_at > 0
    assert same(resumed, fitted[0])
    json.dumps(report.exposures)


def test_a_limit_in_seconds_chooses_the_steps() -> None:
    _, short = fit(views(), points(), QUICK.model_copy(update={"seconds": 1.0}), threads=1)
    _, long = fit(views(), points(), QUICK.model_copy(update={"seconds": 4.0}), threads=1)
    assert 20 < short.iterations < long.iterations
