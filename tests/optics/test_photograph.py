"""Each stage from a pinhole picture to a photograph, against what can be worked out by hand."""

import math

import numpy as np
import pytest

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.glare import ghosts, veil
from answerprint.optics.grain import Stock, add_grain
from answerprint.optics.lens import Barrel, Ghost, Glare, Lens
from answerprint.optics.noise import add_noise, expected_deviation
from answerprint.optics.photograph import STAGES, LensChain, photograph
from answerprint.optics.pupil import Pupil
from answerprint.optics.rolling_shutter import read_rows, row_times, velocity_between
from answerprint.optics.sensor import Gain, Sensor
from answerprint.optics.stmap import grid
from answerprint.optics.table import LensState, Table
from answerprint.optics.vignetting import natural_falloff
from answerprint.production import BadInput

SENSOR = Sensor(
    resolution=(240, 136), dimensions=(24.0, 13.6), gains=(Gain(iso=800, electrons_at_grey=400, read_noise=4),), readout_time=0.02
)
PERFECT = Lens(pinhole_focal_length=Table.constant(24.0), cosine_power=0)


def chain(**lens: object) -> LensChain:
    return LensChain(PERFECT.model_copy(update=lens), SENSOR, LensState(focus_distance=3.0, f_number=2.0))


def photo(width: int = 240, height: int = 136) -> np.ndarray:
    return np.random.default_rng(5).gamma(0.4, 0.5, (height, width, 3)).astype(np.float32)


def test_a_perfect_lens_and_sensor_change_no_bit() -> None:
    assert np.array_equal(photograph(photo(), None, chain(), seed=1), photo())


def test_every_stage_can_be_left_out() -> None:
    busy = chain(glare=Glare(share=0.1), cosine_power=4.0, ghosts=(Ghost(scale=-0.5, strength=(0.1, 0.1, 0.1)),))
    assert not np.array_equal(photograph(photo(), None, busy, seed=1), photo())
    assert np.array_equal(photograph(photo(), None, busy, seed=1, leave_out=STAGES), photo())


def test_natural_falloff_is_the_fourth_power_of_the_cosine_within_two_permille() -> None:
    grey = np.full((136, 240, 3), 0.18, np.float32)
    dark = photograph(grey, None, chain(cosine_power=4.0), seed=1)[..., 1] / 0.18
    x, y = np.moveaxis((grid(240, 136) - [119.5, 67.5]) / 10, -1, 0)
    truth = np.cos(np.arctan(np.hypot(x, y) / 24.0)) ** 4
    assert np.abs(dark / truth - 1).max() < 0.002
    assert natural_falloff(np.array([1.0]))[0] == pytest.approx(0.25)


def test_falloff_and_distortion_are_about_the_axis_where_the_lens_has_it() -> None:
    bent = DistortionTable(settings=(Setting(model=Distortion.from_opencv((-0.1,))),))
    lens = {"projection_offset": Table.constant(2.0, 1.0), "cosine_power": 4.0, "distortion": bent}
    off = chain(**lens)
    dark = photograph(np.ones((176, 280, 3), np.float32), None, off, seed=1)[..., 0]
    brightest = np.unravel_index(np.argmax(dark), dark.shape)
    assert (brightest[1], brightest[0]) == pytest.approx((119.5 + 20, 67.5 - 10), abs=1)
    assert off.camera.distort(np.array([139.5, 57.5])) == pytest.approx([139.5, 57.5])


def test_a_barrel_darkens_the_corners_wide_open_and_not_stopped_down() -> None:
    lens = {"barrel": Barrel(rim_radius=7.0, rim_distance=8.0)}
    corners = []
    for stop in (2.0, 8.0):
        opened = LensChain(PERFECT.model_copy(update=lens), SENSOR, LensState(f_number=stop))
        corners.append(float(photograph(np.ones((136, 240, 3), np.float32), None, opened, seed=1)[0, 0, 0]))
    assert corners[0] < 0.7
    assert corners[1] == pytest.approx(1.0)


def test_breathing_scales_the_picture_by_the_ratio_of_focal_lengths() -> None:
    near = LensChain(PERFECT, SENSOR, LensState(), rendered_focal_length=20.0)
    x = np.moveaxis(grid(300, 170) - [149.5, 84.5], -1, 0)[0]
    ramp = np.repeat((1000 + x)[..., None], 3, axis=2).astype(np.float32)
    out = photograph(ramp, None, near, seed=1)
    assert out[68, :, 0] - 1000 == pytest.approx((np.arange(240) - 119.5) * 20 / 24, abs=1e-2)


def test_distortion_puts_a_grid_point_where_the_camera_says() -> None:
    bent = DistortionTable(settings=(Setting(model=Distortion.from_opencv((-0.2, 0.03))),))
    here = LensChain(PERFECT.model_copy(update={"distortion": bent}), SENSOR, LensState())
    pinhole = np.zeros((176, 280, 3), np.float32)
    wanted = np.array([[60.0, 40.0], [200.0, 100.0], [120.0, 68.0]])
    for x, y in wanted:
        spot = np.exp(-((grid(280, 176) - [x + 20, y + 20]) ** 2).sum(axis=-1) / 8)
        pinhole += spot[..., None].astype(np.float32)
    out = photograph(pinhole, None, here, seed=1)[..., 1]
    for place in here.camera.distort(wanted):
        near = np.hypot(*np.moveaxis(grid(240, 136) - place, -1, 0)) < 8
        weight = out[near]
        assert (grid(240, 136)[near] * weight[:, None]).sum(axis=0) / weight.sum() == pytest.approx(place, abs=0.03)


def test_lateral_colour_moves_red_and_blue_along_the_radius_and_leaves_green() -> None:
    table = Table.constant(1.01, 0.0, 0.0, 0.98, 0.0, 0.0)
    frame = np.zeros((136, 240, 3), np.float32)
    frame += np.exp(-((grid(240, 136) - [199.5, 67.5]) ** 2).sum(axis=-1) / 8)[..., None].astype(np.float32)
    out = photograph(frame, None, chain(lateral_colour=table), seed=1)
    centres = (out * grid(240, 136)[..., :1]).sum(axis=(0, 1)) / out.sum(axis=(0, 1))
    assert centres == pytest.approx([119.5 + 80 * 1.01, 199.5, 119.5 + 80 * 0.98], abs=0.02)
    assert np.array_equal(out[..., 1], frame[..., 1])


def test_light_groups_still_add_up_to_the_beauty_after_a_linear_lens() -> None:
    bent = DistortionTable(settings=(Setting(model=Distortion.from_opencv((-0.1,))),))
    update = {"distortion": bent, "lateral_colour": Table.constant(1.004, 0.0, 0.0, 0.997, 0.0, 0.0), "glare": Glare(share=0.03)}
    lens = LensChain(PERFECT.model_copy(update=update | {"cosine_power": 4.0}), SENSOR, LensState(), linear=True)
    key, fill = photo(260, 150), photo(260, 150)[::-1].copy()
    parts = photograph(key, None, lens, seed=1) + photograph(fill, None, lens, seed=1)
    whole = photograph(key + fill, None, lens, seed=1)
    assert np.abs(whole - parts).max() < 1e-5 * whole.max()


def test_identities_and_depth_go_through_the_lens_unmixed() -> None:
    bent = DistortionTable(settings=(Setting(model=Distortion.from_opencv((-0.15,))),))
    lens = chain(distortion=bent, lateral_colour=Table.constant(1.01, 0.0, 0.0, 0.99, 0.0, 0.0))
    names = np.random.default_rng(1).integers(1, 9, (176, 280, 1)).astype(np.float32)
    assert set(np.unique(lens.geometry(names, "nearest"))) <= set(range(1, 9))
    three = lens.geometry(np.repeat(names, 3, axis=2), "nearest")
    assert np.array_equal(three[..., 0], three[..., 2])


def test_noise_in_the_sensors_own_colours_is_correlated_as_the_matrix_says() -> None:
    matrix = np.array([[0.7, 0.25, 0.05], [0.1, 0.8, 0.1], [0.05, 0.2, 0.75]])
    noisy = add_noise(np.full((300, 300, 3), 0.18, np.float32), SENSOR.gains[0], 4, to_camera=matrix)
    back = np.linalg.inv(matrix)
    expected = back @ np.diag([float(expected_deviation(0.18, SENSOR.gains[0])) ** 2] * 3) @ back.T
    assert np.cov(noisy.reshape(-1, 3).T.astype(np.float64)) == pytest.approx(expected, rel=0.03, abs=3e-6)


def test_longitudinal_colour_focuses_each_channel_elsewhere() -> None:
    frame = np.zeros((136, 240, 3), np.float32)
    frame[68, 120] = 1000.0
    here = chain(longitudinal_colour=(0.6, 0.0, 0.0))
    out = photograph(frame, np.full((136, 240), 3.0 - 0.024), here, seed=1)
    assert out[68, 120, 1] == 1000.0
    spread = 2 * math.sqrt(1000 / out[..., 0].max() / math.pi) / 10
    assert spread == pytest.approx(24.0 / 2.0 * 0.6 / 24.0, rel=0.05)  # pupil times shift over image distance, mm


def test_the_veil_takes_and_gives_the_same_light() -> None:
    frame = np.zeros((200, 200, 3), np.float32)
    frame[100, 100] = 1000.0
    out = veil(frame, Glare(share=0.05, radius=0.2, streak=0.02, streak_length=0.5), 10.0)
    assert out.sum() == pytest.approx(frame.sum(), rel=0.02)
    assert out[100, 100, 0] < 960
    assert out[100, 130, 0] > 2 * out[130, 100, 0]  # the streak lies level
    assert np.array_equal(veil(photo(), Glare(), 10.0), photo())


def test_a_ghost_is_the_turned_picture_and_no_light_is_made() -> None:
    frame = np.zeros((100, 100, 3), np.float32)
    frame[30:34, 20:24] = 100.0
    reflection = Ghost(scale=-0.5, strength=(0.02, 0.01, 0.005), blur=0.0)
    out = ghosts(frame, (reflection,), Pupil(), (49.5, 49.5), 10.0)
    assert out.sum(axis=(0, 1)) == pytest.approx(frame.sum(axis=(0, 1)), rel=1e-3)
    ghost = np.clip(out - 0.98 * frame, 0, None)[50:, 50:, 0]
    y, x = (np.indices(ghost.shape) * ghost).sum(axis=(1, 2)) / ghost.sum() + 50
    assert (x, y) == pytest.approx((49.5 + 0.5 * 28, 49.5 + 0.5 * 18), abs=0.2)


@pytest.mark.parametrize("level", [0.0, 0.02, 0.18, 3.0, 500.0])
def test_noise_keeps_the_mean_and_has_the_variance_of_its_electrons_within_two_percent(level: float) -> None:
    gain = SENSOR.gains[0]
    noisy = add_noise(np.full((400, 500, 3), level, np.float32), gain, seed=3)
    electrons = level * 400 / 0.18
    assert float(expected_deviation(level, gain)) == pytest.approx(math.sqrt(electrons + 16) * 0.18 / 400)
    assert noisy.var(dtype=np.float64) == pytest.approx((electrons + 16) * (0.18 / 400) ** 2, rel=0.02)
    assert noisy.mean(dtype=np.float64) == pytest.approx(level, rel=0.002, abs=2e-5)


def test_twice_the_iso_is_twice_the_shot_variance() -> None:
    grey = np.full((300, 300, 1), 0.18, np.float32)
    one, two = (add_noise(grey, SENSOR.at(iso), seed=1).var(dtype=np.float64) for iso in (3200, 6400))  # type: ignore[arg-type]
    assert two / one == pytest.approx((50 + 16) / 50**2 / ((100 + 16) / 100**2), rel=0.03)


def test_a_frames_noise_depends_on_its_seed_and_number_alone() -> None:
    frame, gain = photo(), SENSOR.gains[0]
    assert np.array_equal(add_noise(frame, gain, 7, 12), add_noise(frame, gain, 7, 12))
    assert not np.array_equal(add_noise(frame, gain, 7, 12), add_noise(frame, gain, 7, 13))


def test_rows_lean_by_speed_times_readout() -> None:
    edge = np.broadcast_to(1 / (1 + np.exp(-(np.arange(200) - 99.5) / 2)), (101, 200)).astype(np.float32)[..., None]
    velocity = np.zeros((101, 200, 2))
    velocity[..., 0] = 1000.0
    out = read_rows(edge, velocity, row_times(101, 0.02))
    left_of_edge = 200 - out[..., 0].sum(axis=1)
    assert left_of_edge == pytest.approx(100 + 1000 * row_times(101, 0.02), abs=0.02)


def test_a_pan_between_two_poses_moves_the_middle_by_focal_length_times_angle() -> None:
    def pose(pan: float) -> Camera:
        return Camera(
            active_sensor_resolution=(240, 136),
            active_sensor_physical_dimensions=(24.0, 13.6),
            pinhole_focal_length=24.0,
            rotation=(pan, 0, 0),
        )

    speed = velocity_between(pose(179.5), pose(-179.5), 0.04, np.full((136, 240), 5.0))
    assert speed[68, 120] == pytest.approx([240 * 2 * math.tan(math.radians(0.5)) / 0.04, 0], abs=0.1)


def test_grain_keeps_the_light_and_has_the_strength_and_spectrum_of_its_stock() -> None:
    stock = Stock(spectrum=((0.0, 1.0), (30.0, 1.0), (31.0, 0.0)), deviation=((-6.0, 0.03), (6.0, 0.03)), channels=(1, 1, 1))
    grainy = add_grain(np.full((256, 256, 3), 0.18, np.float32), stock, pixels_per_mm=100.0, seed=2)
    assert grainy.mean(dtype=np.float64) == pytest.approx(0.18, rel=0.002)
    density = -np.log10(grainy[..., 1].astype(np.float64))
    assert density.std() == pytest.approx(0.03, rel=0.02)
    power = np.abs(np.fft.rfft2(density - density.mean())) ** 2
    frequency = np.hypot(np.fft.rfftfreq(256)[None, :], np.fft.fftfreq(256)[:, None]) * 100
    assert power[frequency > 32].sum() < 1e-3 * power.sum()
    shares = [np.corrcoef(density.ravel(), np.log10(grainy[..., c]).ravel())[0, 1] for c in (0, 2)]
    assert shares == pytest.approx([-0.2, -0.2], abs=0.03)


def test_grain_is_weaker_where_the_stock_says_so() -> None:
    stock = Stock(deviation=((-3.0, 0.05), (3.0, 0.01)), channels=(1, 1, 1))
    dark, bright = (add_grain(np.full((128, 128, 3), 0.18 * 2.0**s, np.float32), stock, 100.0, seed=2) for s in (-3, 3))
    assert np.log10(dark).std() / np.log10(bright).std() == pytest.approx(5.0, rel=0.02)


def test_an_anamorphic_chain_ends_squeezed_at_the_sensors_size() -> None:
    out = photograph(photo(480, 136), None, LensChain(PERFECT.model_copy(update={"squeeze": 2.0}), SENSOR, LensState()), seed=1)
    assert out.shape == (136, 240, 3)
    assert np.abs(out - (photo(480, 136)[:, ::2] + photo(480, 136)[:, 1::2]) / 2).max() < 1e-5


def test_highlights_are_not_clamped_and_the_whole_chain_repeats_bit_for_bit() -> None:
    full = LensChain(
        PERFECT.model_copy(
            update={
                "cosine_power": 4.0,
                "glare": Glare(share=0.01),
                "lateral_colour": Table.constant(1.001, 0.0, 0.0, 0.999, 0.0, 0.0),
                "distortion": DistortionTable(settings=(Setting(model=Distortion.from_opencv((-0.05,))),)),
            }
        ),
        SENSOR,
        LensState(focus_distance=2.0, f_number=1.4),
        iso=800,
    )
    frame = photo(260, 150) * 50
    depth = np.linspace(1, 8, 260) * np.ones((150, 1))
    velocity = np.full((150, 260, 2), 100.0)
    once, again = (photograph(frame, depth, full, seed=9, number=4, velocity=velocity) for _ in range(2))
    assert np.array_equal(once, again)
    assert once.shape == (136, 240, 3)
    assert once.max() > 20


def test_a_picture_that_does_not_lie_over_the_sensor_is_refused() -> None:
    with pytest.raises(BadInput, match="241x136"):
        photograph(photo(241, 136), None, chain(), seed=1)
    with pytest.raises(BadInput, match="depth"):
        photograph(photo(), np.ones((10, 10)), chain(), seed=1)


def test_a_focus_inside_the_lens_is_refused() -> None:
    with pytest.raises(BadInput, match="inside itself"):
        photograph(photo(), np.ones((136, 240)), LensChain(PERFECT, SENSOR, LensState(focus_distance=0.01)), seed=1)
