"""Finding the same surfaces in cameras that face each other, in a rendered room with exact truth."""

import numpy as np
import pytest

from answerprint.optics.camera import Camera, Plane
from answerprint.production import BadInput
from answerprint.spatial.surfaces import Correspondences, Sweep, shared_surfaces, static_plate

TOP, FLOOR = 0.2, -0.2
GAIN = np.array([1.3, 1.0, 0.7])
SEARCH = Sweep(extent=(-1.6, -1.2, 1.6, 1.2), height_from=-0.4, height_to=0.5, height_step=0.04)


def camera(label: str, x: float, y: float, pan: float) -> Camera:
    return Camera(
        label=label, active_sensor_resolution=(480, 360), active_sensor_physical_dimensions=(24.0, 18.0),
        pinhole_focal_length=22.0, translation=(x, y, 2.0), rotation=(pan, -35.0, 4.0),
    )  # fmt: skip


CAMERAS = {"A": camera("A", 0, -3, 0), "B": camera("B", 3, 0.2, 90), "C": camera("C", -0.3, 3, 180)}


def paint(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Linear ACEScg of a surface: blotches and plain areas, at metres x, y."""
    waves = np.random.default_rng(seed).uniform(3, 14, (5, 2))
    blotch = sum(np.sign(np.sin(kx * x + ky * y + i)) for i, (kx, ky) in enumerate(waves))
    plain = x > 0.35
    light = 0.18 * 2 ** np.where(plain, 0.0, 0.35 * np.asarray(blotch))
    return light[..., None] * np.array([1.0, 0.9, 0.75 if seed == 1 else 1.3])


def shot(view: Camera, gain: np.ndarray | float = 1.0) -> np.ndarray:
    """The room: a table top 2 x 1.4 m at TOP over a floor at FLOOR."""
    columns, rows = np.meshgrid(np.arange(view.width), np.arange(view.height))
    pixels = np.stack([columns, rows], axis=-1).astype(float)
    top, floor = view.on_plane(pixels, Plane.horizontal(TOP)), view.on_plane(pixels, Plane.horizontal(FLOOR))
    on_table = (np.abs(top[..., 0]) < 1) & (np.abs(top[..., 1]) < 0.7)
    light = np.where(on_table[..., None], paint(top[..., 0], top[..., 1], 1), paint(floor[..., 0], floor[..., 1], 2))
    return (np.nan_to_num(light, nan=0.01) * gain).astype(np.float32)


@pytest.fixture(scope="module")
def plates() -> dict[str, np.ndarray]:
    return {"A": shot(CAMERAS["A"]), "B": shot(CAMERAS["B"]), "C": shot(CAMERAS["C"], GAIN)}


@pytest.fixture(scope="module")
def found(plates: dict) -> Correspondences:
    return shared_surfaces(CAMERAS, plates, sweep=SEARCH)


def test_the_planes_of_the_room_are_found(found: Correspondences) -> None:
    assert found.planes[:2] == pytest.approx((TOP, FLOOR), abs=0.03)


def test_opposite_cameras_share_patches_whose_colours_differ_by_the_camera_alone(found: Correspondences) -> None:
    patches = found.pair("A", "C").comparable(incidence=1.0)
    assert len(patches) > 200
    ratio = patches.second / patches.first / GAIN
    assert np.median(ratio) == pytest.approx(1.0, abs=0.01)
    assert np.mean(np.abs(np.log2(ratio)).max(axis=1) < 0.25) > 0.9


def test_plain_patches_beside_patterned_ones_are_taken(found: Correspondences) -> None:
    patches = found.pair("A", "C")
    assert (patches.agreement == 0).sum() > 50
    assert (patches.agreement > 0).sum() > 50


def test_calibrations_that_disagree_by_centimetres_still_share_surfaces(plates: dict) -> None:
    a, b, c = CAMERAS.values()
    off = c.model_copy(update={"translation": (c.translation[0] + 0.05, c.translation[1] - 0.03, c.translation[2])})
    patches = shared_surfaces({"A": a, "B": b, "C": Camera(**off.model_dump())}, plates, sweep=SEARCH).pair("A", "C")
    assert len(patches) > 200
    assert np.mean(np.abs(np.log2(patches.second / patches.first / GAIN)).max(axis=1) < 0.25) > 0.8


def test_what_is_masked_is_not_used(plates: dict) -> None:
    masks = {"A": np.ones((360, 480), bool)}
    masks["A"][:, 240:] = False
    patches = shared_surfaces(CAMERAS, plates, masks, SEARCH).pair("A", "C")
    assert len(patches) > 20
    assert CAMERAS["A"].project(patches.positions)[:, 0].max() < 240


def test_a_pair_reads_the_same_from_either_side(found: Correspondences) -> None:
    there, back = found.pair("A", "B"), found.pair("B", "A")
    assert np.array_equal(there.first, back.second)
    assert np.array_equal(there.incidence, back.incidence[:, ::-1])


def test_a_reflection_is_not_compared(plates: dict) -> None:
    shiny = dict(plates)
    shiny["C"] = plates["C"].copy()
    shiny["C"][150:200, 200:260] *= 6
    patches = shared_surfaces(CAMERAS, shiny, sweep=SEARCH).pair("A", "C")
    kept = patches.comparable(incidence=1.0)
    assert len(kept) > 100
    assert np.log2(kept.second / kept.first / GAIN).max() < 1.5 < np.log2(patches.second / patches.first / GAIN).max()


def test_only_surfaces_seen_at_like_angles_are_compared(found: Correspondences) -> None:
    kept = found.pair("A", "C").comparable(incidence=0.05)
    assert len(kept) > 20
    assert np.abs(kept.incidence[:, 0] - kept.incidence[:, 1]).max() <= 0.05


def test_a_plate_of_another_size_than_its_calibration_is_refused(plates: dict) -> None:
    with pytest.raises(BadInput, match="calibrated for 480x360"):
        shared_surfaces(CAMERAS, {**plates, "B": plates["B"][:-10]})


def test_one_camera_shares_nothing() -> None:
    with pytest.raises(BadInput, match="at least two"):
        shared_surfaces({"A": CAMERAS["A"]}, {"A": shot(CAMERAS["A"])})


def test_somebody_walking_through_is_not_in_the_static_plate() -> None:
    rng = np.random.default_rng(1)
    wall = np.full((60, 200, 3), 0.2, np.float32)
    frames = []
    for n in range(10):
        frame = wall * rng.normal(1, 0.03, wall.shape).astype(np.float32)
        frame[10:50, 20 * n : 20 * n + 20] = 0.9
        frames.append(frame)
    plate, steady = static_plate(frames)
    assert np.abs(plate - 0.2).max() < 0.02
    assert steady.mean() > 0.95


def test_somebody_standing_half_the_time_is_marked() -> None:
    frames = [np.full((60, 80, 3), 0.2, np.float32) for _ in range(10)]
    for frame in frames[:4]:
        frame[20:40, 30:50] = 0.9
    _, steady = static_plate(frames)
    assert not steady[25:35, 35:45].any()
    assert steady[:10].all()
