"""Cameras from pictures alone: against the places the renderer knows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.colour.transform import cpu_between, run
from answerprint.optics.camera import Camera
from answerprint.production import BadInput
from answerprint.spatial.solve import Solve, solve, to_distance, to_places
from answerprint.spatial.splats.capture import read_capture
from answerprint.spatial.splats.view import View

CAPTURE = Path(__file__).parents[2] / "examples" / "capture" / "transforms.json"


def shot() -> list[View]:
    """Ten neighbours on all three arcs, so that places alone say how the whole is turned."""
    return [view for view in read_capture(CAPTURE).views if view.camera.position[0] < -0.5][::2]


@pytest.fixture(scope="module")
def truth() -> dict[str, Camera]:
    return {f"{Path(view.name).stem}.png": view.camera for view in shot()}


@pytest.fixture(scope="module")
def solved(truth: dict[str, Camera], tmp_path_factory: pytest.TempPathFactory) -> Solve:
    folder = tmp_path_factory.mktemp("pictures")
    for view in shot():
        code = run(cpu_between("ACEScg", "sRGB Encoded Rec.709 (sRGB)"), view.picture)
        # Enlarged: features of a few pixels are better found in finer pixels.
        large = cv2.resize((np.clip(code, 0, 1) * 255).astype(np.uint8)[..., ::-1], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{Path(view.name).stem}.png"), large)
    first = next(iter(truth.values()))
    return solve(folder, sorted(truth), folder / "work", focal_px=2 * first.matrix[0, 0], threads=1)


def test_every_picture_finds_its_place(solved: Solve, truth: dict[str, Camera]) -> None:
    assert set(solved.cameras) == set(truth)
    assert solved.unplaced == ()
    assert solved.reprojection_px < 1.0
    assert solved.track.source == "solved"


def test_measured_cameras_bring_it_to_the_stage(solved: Solve, truth: dict[str, Camera]) -> None:
    names = sorted(truth)
    known = {name: tuple(truth[name].position) for name in names[::2]}
    placed, registration = to_places(solved, known)
    # The others, 2.4 m from the sofa in pictures of 320 pixels: a hundredth of that.
    away = [np.linalg.norm(placed.cameras[n].position - truth[n].position) for n in names if n not in known]
    assert max(away) < 0.03
    assert registration.rms_m < 0.02
    turned = [placed.cameras[n].world_to_camera @ truth[n].world_to_camera.T for n in names]
    assert max(np.degrees(np.arccos(np.clip((np.trace(t) - 1) / 2, -1, 1))) for t in turned) < 0.7
    assert "measured cameras" in placed.scaled


def test_a_measured_distance_gives_the_scale(solved: Solve, truth: dict[str, Camera]) -> None:
    one, two = sorted(truth)[0], sorted(truth)[-1]
    metres = float(np.linalg.norm(truth[one].position - truth[two].position))
    placed = to_distance(solved, one, two, metres)
    middle = sorted(truth)[4]
    ours = np.linalg.norm(placed.cameras[middle].position - placed.cameras[one].position)
    assert ours == pytest.approx(np.linalg.norm(truth[middle].position - truth[one].position), rel=0.05)


def test_each_place_has_its_own_uncertainty(solved: Solve, truth: dict[str, Camera]) -> None:
    placed, _ = to_places(solved, {name: tuple(camera.position) for name, camera in truth.items()})
    sigma = placed.position_sigma()
    assert len(sigma) >= 7
    assert all(0 <= s < 0.05 for s in sigma.values())


def test_a_distance_to_a_picture_that_was_not_placed_is_refused(solved: Solve) -> None:
    with pytest.raises(BadInput, match="not placed"):
        to_distance(solved, "nobody.png", next(iter(solved.cameras)), 1.0)
