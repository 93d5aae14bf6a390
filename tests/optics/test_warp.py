"""Moving pixels: nothing where nothing moves, and no rings where light is hard."""

import numpy as np
import pytest

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.stmap import from_stmap, grid, needed_overscan, stmap
from answerprint.optics.warp import scaled, warp

LENS = Camera(
    active_sensor_resolution=(192, 108),
    active_sensor_physical_dimensions=(24.9, 14.0),
    pinhole_focal_length=24.0,
    distortion=Distortion.from_opencv((-0.2, 0.05, 0.001, -0.0005)),
)


def scene(width: int, height: int, shift: float = 0.0) -> np.ndarray:
    """Slow waves, the same place for the same (x, y), around 2."""
    x, y = np.moveaxis(grid(width, height), -1, 0)
    return (2 + np.sin((x + shift) / 5) + np.cos((y + shift) / 6))[..., None].astype(np.float32)


@pytest.mark.parametrize("kernel", ["cubic", "lanczos"])
def test_a_map_that_moves_nothing_changes_no_bit(kernel: str) -> None:
    frame = np.random.default_rng(2).uniform(-1, 500, (30, 40, 4)).astype(np.float32)
    assert np.array_equal(warp(frame, grid(40, 30), kernel), frame)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kernel", "miss"), [("cubic", 0.001), ("lanczos", 0.006)])
def test_a_shift_by_part_of_a_pixel_is_the_scene_shifted(kernel: str, miss: float) -> None:
    moved = warp(scene(60, 50), grid(60, 50) + 0.37, kernel)  # type: ignore[arg-type]
    assert np.abs(moved - scene(60, 50, 0.37))[4:-4, 4:-4].max() < miss


def test_a_highlight_draws_no_rings() -> None:
    frame = np.ones((21, 21, 1), np.float32)
    frame[10, 10] = 5000.0
    for kernel in ("cubic", "lanczos"):
        out = warp(frame, grid(21, 21) + 0.43, kernel, edge="hold")
        assert out.min() > 0.94
        assert np.delete(np.delete(out, (9, 10), 0), (9, 10), 1).max() < 1.06
        assert warp(frame, grid(21, 21) + 0.43, kernel, ring=True).min() < -100


def test_outside_the_frame_it_is_black_or_held_and_nowhere_is_black() -> None:
    frame = np.full((8, 8, 1), 3.0, np.float32)
    far = grid(8, 8) + 20
    assert warp(frame, far).max() == 0
    assert warp(frame, far, edge="hold").min() == 3
    assert warp(frame, far * np.nan, edge="hold").max() == 0


def test_undistorting_and_distorting_by_stmaps_gives_the_picture_back() -> None:
    plate = scene(192, 108)
    over = needed_overscan(LENS)
    assert over > 1.02
    flat = stmap(LENS, "undistort", over)
    pinhole = warp(plate, from_stmap(flat, 192, 108), edge="hold")
    back = warp(pinhole, from_stmap(stmap(LENS, "distort", over), flat.shape[1], flat.shape[0]), edge="hold")
    assert np.abs(back - plate)[3:-3, 3:-3].max() < 0.01


def test_an_stmap_points_at_pixel_centres_from_the_bottom_left() -> None:
    perfect = LENS.model_copy(update={"distortion": Distortion()})
    picture = stmap(perfect, "undistort")
    assert picture.dtype == np.float32
    assert picture[0, 0] == pytest.approx([0.5 / 192, 1 - 0.5 / 108, 0])
    assert picture[-1, -1] == pytest.approx([1 - 0.5 / 192, 0.5 / 108, 0])


def test_an_stmap_is_marked_where_the_lens_shows_nothing() -> None:
    folding = LENS.model_copy(update={"distortion": Distortion(radial=(-0.9,))})
    picture = stmap(Camera.model_validate(folding.model_dump()), "undistort", 2.0)
    assert picture[0, 0] == pytest.approx([-1, -1, 0])
    assert np.isnan(from_stmap(picture, 192, 108)[0, 0]).all()


def test_a_squeeze_by_two_is_the_mean_of_each_pair() -> None:
    frame = np.random.default_rng(3).uniform(0, 9, (10, 40, 3)).astype(np.float32)
    assert np.abs(scaled(frame, 20, 10) - (frame[:, ::2] + frame[:, 1::2]) / 2).max() < 1e-6


@pytest.mark.parametrize("squeeze", [1.3, 1.33, 1.5, 1.8, 2.0])
def test_a_squeeze_puts_every_place_exactly_where_it_should_be(squeeze: float) -> None:
    wide = 1560
    narrow = round(wide / squeeze)
    ramp = np.broadcast_to(100 + np.arange(wide, dtype=np.float32)[None, :, None], (2, wide, 1))
    expected = 100 + (np.arange(narrow) + 0.5) * wide / narrow - 0.5
    assert np.abs(scaled(np.ascontiguousarray(ramp), narrow, 2)[0, :, 0] - expected)[1:-1].max() < 1e-3


def test_shrinking_loses_no_light() -> None:
    frame = np.random.default_rng(4).uniform(0, 9, (61, 83, 1)).astype(np.float32)
    assert scaled(frame, 37, 29).mean() == pytest.approx(frame.mean(), rel=1e-6)
