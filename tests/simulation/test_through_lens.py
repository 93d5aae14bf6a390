"""What the lens does to a rendered frame and all its passes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.grain import Stock
from answerprint.optics.lens import Barrel, Ghost, Glare, Lens
from answerprint.optics.noise import expected_deviation
from answerprint.optics.sensor import Gain
from answerprint.optics.table import Table
from answerprint.production import BadInput
from answerprint.simulation import cameras
from answerprint.simulation.lens import View, applied, overscan, plate, through_lens
from answerprint.simulation.passes import Rendered
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage, sums_to_beauty
from answerprint.simulation.stage import CameraKey, Light, Stage, StageCamera, read_stage

BARREL = Distortion(radial=(-0.3, 0.05))
SIZE = (96, 54)


def camera(**changes: object) -> StageCamera:
    return StageCamera.model_validate({"active_sensor_resolution": SIZE, "pinhole_focal_length": 20.0, **changes})


def record(**changes: object) -> Lens:
    own = {"pinhole_focal_length": Table.constant(20.0), "distortion": DistortionTable(settings=(Setting(model=BARREL),))}
    return Lens.model_validate({**own, **changes})


def view_of(seen: StageCamera) -> View:
    return View.of(seen, 1001, 2.0, 1.0, overscan(seen, range(1001, 1002), 1.0))


def wide(view: View) -> tuple[int, int]:
    return SIZE[1] + 2 * view.pad[1], SIZE[0] + 2 * view.pad[0]


def rendered(view: View, seed: int = 3) -> Rendered:
    """Two light groups of random texture with highlights, and flat truth passes."""
    draw = np.random.default_rng(seed)
    groups = {name: draw.gamma(0.5, 0.4, (*wide(view), 3)).astype(np.float32) for name in ("key", "fill")}
    depth = np.full((*wide(view), 1), 3.0, np.float32)
    return Rendered(groups["key"] + groups["fill"], groups, {"depth": depth}, {})


BUSY = record(
    lateral_colour=Table.constant(1.001, 0.0, 0.0, 0.999, 0.0, 0.0),
    barrel=Barrel(rim_radius=12.0, rim_distance=20.0),
    glare=Glare(share=0.03, radius=1.0),
    ghosts=(Ghost(scale=-0.6, strength=(0.01, 0.01, 0.01)),),
)


def test_light_groups_add_up_to_the_beauty_behind_every_property_of_a_lens() -> None:
    view = view_of(camera(lens=BUSY))
    out = through_lens(rendered(view), view)
    assert applied(view)["operations"] == ["geometry", "falloff", "ghosts", "veil"]
    assert sums_to_beauty(out) < 1e-5


def test_a_perfect_lens_changes_no_bit_and_renders_nothing_beyond_the_frame() -> None:
    view = view_of(camera())
    before = rendered(view)
    assert view.pad == (0, 0)
    assert np.array_equal(through_lens(before, view).beauty, before.beauty)


@pytest.mark.parametrize(
    "model",
    [
        BARREL,
        Distortion(radial=(0.1,), tangential=(0.01, -0.01)),
        Anamorphic(x=(0.03, 0.01, 0, 0, 0), y=(-0.02, 0.01, 0, 0, 0), half_diagonal=0.8),
    ],
)
def test_a_point_lands_where_the_model_puts_it_and_every_corner_is_filled(model: object) -> None:
    view = view_of(camera(distortion=model))
    spot = np.zeros((*wide(view), 1), np.float32)
    at = np.array([20.0, 12.0])
    yy, xx = np.indices(spot.shape[:2])
    spot[..., 0] = np.exp(-((xx - view.pad[0] - at[0]) ** 2 + (yy - view.pad[1] - at[1]) ** 2) / 8)
    flat = Rendered(np.ones((*wide(view), 3), np.float32), {}, {}, {"spot": spot})
    out = through_lens(flat, view)
    weight = out.mattes["spot"][..., 0]
    yy, xx = np.indices(weight.shape)
    middle = np.array([(xx * weight).sum(), (yy * weight).sum()]) / weight.sum()
    assert middle == pytest.approx(view.now.distort(at), abs=0.15)
    assert np.abs(out.beauty - 1).max() < 1e-5
    assert applied(view)["unfilled_share"] == 0


def test_motion_vectors_end_where_the_lens_shows_the_other_moment() -> None:
    zooming = camera(
        distortion=BARREL,
        keys=(CameraKey(frame=1000, pinhole_focal_length=20.0), CameraKey(frame=1002, pinhole_focal_length=22.0)),
    )
    view = view_of(zooming)
    vectors = np.zeros((*wide(view), 4), np.float32)
    vectors[...] = [-2.0, 1.0, 3.0, -1.5]
    frame = Rendered(np.ones((*wide(view), 3), np.float32), {}, {"vectors": vectors}, {})
    out = through_lens(frame, view).data["vectors"]
    pixel = np.array([80.0, 9.0])
    pinhole = view.now.undistort(pixel)
    assert out[9, 80, 2:] == pytest.approx(view.seen[2].distort(pinhole + np.array([3.0, -1.5])) - pixel, abs=1e-4)
    assert out[9, 80, :2] == pytest.approx(view.seen[0].distort(pinhole + np.array([-2.0, 1.0])) - pixel, abs=1e-4)


def test_a_matte_covers_every_pixel_that_its_thing_changes_behind_the_lens() -> None:
    view = view_of(camera(distortion=BARREL))
    matte = np.zeros((*wide(view), 1), np.float32)
    matte[20:24, :, 0] = [[0.5], [1.0], [1.0], [0.3]]
    clean = np.full((*wide(view), 3), 0.3, np.float32)
    thing = clean * (1 - matte) + 2.0 * matte
    with_thing = through_lens(Rendered(thing, {}, {}, {"wire": matte}), view)
    without = through_lens(Rendered(clean, {}, {}, {}), view)
    changed = (np.abs(with_thing.beauty - without.beauty) > 0.01 * without.beauty).any(axis=-1)
    assert changed.any()
    assert (with_thing.mattes["wire"][changed] > 0).all()


def test_depth_is_never_mixed_and_infinite_where_the_lens_shows_nothing() -> None:
    fisheye = camera(pinhole_focal_length=6.0, distortion=Fisheye())
    view = view_of(fisheye)
    frame = rendered(view)
    frame.data["depth"][:, 60:] = 9.0
    depth = through_lens(frame, view).data["depth"]
    assert set(np.unique(depth)) == {np.float32(3.0), np.float32(9.0), np.float32(np.inf)}
    assert applied(view)["unfilled_share"] > 0.01


def test_the_record_says_whether_cats_eyes_were_traced() -> None:
    plain = Lens(pinhole_focal_length=Table.constant(20.0))
    barrelled = plain.model_copy(update={"barrel": Barrel(rim_radius=14.0, rim_distance=40.0)})
    assert "cats_eyes" not in applied(view_of(camera(lens=plain)))["in_ray_tracer"]
    assert "cats_eyes" in applied(view_of(camera(lens=barrelled)))["in_ray_tracer"]


def test_corners_fall_by_the_cosine_to_the_fourth_once() -> None:
    view = view_of(camera(lens=Lens(pinhole_focal_length=Table.constant(20.0))))
    flat = Rendered(np.ones((*SIZE[::-1], 3), np.float32), {}, {}, {})
    out = through_lens(flat, view).beauty[..., 1]
    pitch = 28 / 96
    tangent = np.hypot(47.5, 26.5) * pitch / 20
    assert out[0, 0] == pytest.approx((1 + tangent**2) ** -2, rel=0.002)


def test_noise_is_that_of_the_iso_on_the_plate_and_not_in_the_groups() -> None:
    gain = Gain(iso=800, electrons_at_grey=400, read_noise=4)
    view = view_of(camera(sensor_gains=(gain,)))
    even = np.full((200, 200, 3), 0.18, np.float32)
    noisy = plate(even, view, 5, 1001)
    assert noisy is not None
    assert noisy.mean() == pytest.approx(0.18, rel=0.002)
    assert noisy.std() == pytest.approx(float(expected_deviation(0.18, gain)), rel=0.02)
    again = plate(even, view, 5, 1001)
    assert again is not None
    assert np.array_equal(noisy, again)
    frame = rendered(view)
    assert np.array_equal(through_lens(frame, view).beauty, frame.beauty)
    assert applied(view)["noise_on"] == "plate"
    assert plate(even, view_of(camera()), 5, 1001) is None


def test_a_lens_that_breathes_is_rendered_at_the_focal_length_it_has_at_its_focus() -> None:
    table = Table.over(("focus_distance",), {(float("inf"),): (50.0,), (1.05,): (54.0,)})
    lens = Lens(pinhole_focal_length=table, cosine_power=0.0)
    near = cameras.with_lens(camera(pinhole_focal_length=50.0, lens=lens, f_stop=2.0), 1.0)
    assert near.pinhole_focal_length == pytest.approx(54.0)
    assert near.pinhole_focal_length / cameras.f_stop(near) == pytest.approx(25.0)


def test_what_moves_leans_by_its_speed_times_the_time_its_row_is_read_late() -> None:
    late = camera(readout_time=0.02)
    view = View.of(late, 1001, 2.0, 1.0, (4, 4))
    across = np.arange(wide(view)[1]) - view.pad[0] - 47.5
    edge = np.broadcast_to(1 / (1 + np.exp(-across / 2)), wide(view)).astype(np.float32)[..., None]
    vectors = np.zeros((*wide(view), 4), np.float32)
    vectors[...] = [-5.0, 0.0, 5.0, 0.0]
    out = through_lens(Rendered(np.repeat(edge, 3, axis=2), {}, {"vectors": vectors, "depth": 1 + edge}, {"edge": edge}), view)
    rows = np.arange(54) / 53 - 0.5
    leant = -out.beauty[:, 20:76, 0].sum(axis=1)
    assert leant - leant.mean() == pytest.approx(5 * 24 * 0.02 * rows, abs=0.01)
    assert out.mattes["edge"][..., 0] == pytest.approx(out.beauty[..., 0], abs=1e-5)
    assert applied(view)["operations"] == ["rolling_shutter", "geometry"]


def test_a_global_shutter_reads_every_row_at_once_and_is_not_written_down() -> None:
    view = view_of(camera())
    still = rendered(view)
    still.data["vectors"] = np.full((*wide(view), 4), 3.0, np.float32)
    assert np.array_equal(through_lens(still, view).beauty, still.beauty)
    assert "readout_time" not in StageCamera().model_dump(mode="json")


def test_a_pan_leans_an_upright_edge_as_each_rows_own_camera_sees_it(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    keys = tuple(CameraKey(frame=f, rotation=(-2.0 * (f - 1001), 0, 0)) for f in (1000, 1001, 1002))
    panning = small.cameras[0].model_copy(update={"keys": keys, "readout_time": 0.03})
    card = small.set.model_copy(update={"items": small.set.items[2:]})
    lamp = Light(name="dome", kind="sky", illuminance_lux=0.0)
    key = small.lights[0].model_copy(update={"size": (2.0, 2.0)})
    quiet = small.render.model_copy(update={"samples": 64, "bounces": 0, "passes": ("beauty",)})
    stage = small.model_copy(update={"cameras": (panning,), "set": card, "lights": (key, lamp), "rig": (), "render": quiet})
    shoot_stage(stage, tmp_path, renderer=renderer)
    picture = np.asarray(read_exr(pass_file(tmp_path, stage, panning, "beauty", 1001)).planes["G"], dtype=np.float64)
    level = picture[24:30, 46:50].mean()
    worst = 0.0
    for row in range(20, 34):
        late = (row / 53 - 0.5) * 0.03 * 24
        seen = cameras.record(cameras.at_frame(panning, 1001 + late))
        left, right = (float(seen.project(np.array([x, -0.01, 1.5]))[0]) for x in (-0.3, 0.3))
        middle = (picture[row] * np.arange(96)).sum() / picture[row].sum()
        worst = max(worst, abs(middle - (left + right) / 2))
    assert level > 0
    assert worst < 0.15


def test_a_camera_without_a_record_is_written_as_before_and_one_with_a_record_comes_back() -> None:
    assert {"lens", "sensor_gains", "grain"}.isdisjoint(StageCamera().model_dump(mode="json"))
    table = Table.over(("focus_distance",), {(float("inf"),): (50.0,), (1.0,): (54.0,)})
    stage = Stage(cameras=(camera(lens=Lens(pinhole_focal_length=table), grain=Stock()),))
    assert read_stage(stage.json_text()) == stage
    assert "Infinity" in json.dumps(stage.model_dump(mode="json"), allow_nan=False)


def test_distortion_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="a distortion of its own"):
        read_stage(
            {
                "cameras": [
                    {"lens": {"pinhole_focal_length": {"rows": [{"at": [], "values": [50]}]}}, "distortion": {"radial": [0.1]}}
                ]
            }
        )


def test_stray_light_on_pixels_that_are_not_square_is_refused_by_the_camera() -> None:
    view = view_of(camera(lens=BUSY, active_sensor_physical_dimensions=(56.0, 15.75)))
    with pytest.raises(BadInput, match="not square"):
        through_lens(rendered(view), view)


def test_a_rendered_card_lies_where_the_distorted_camera_sees_it(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    bent = small.cameras[0].model_copy(
        update={
            "distortion": BARREL,
            "pinhole_focal_length": 20.0,
            "sensor_gains": (Gain(iso=800, electrons_at_grey=400, read_noise=3),),
        }
    )
    stage = small.model_copy(update={"cameras": (bent,)})
    shot = shoot_stage(stage, tmp_path, renderer=renderer)
    assert shot.passes[-1] == "plate"

    def planes(kind: str) -> np.ndarray:
        return np.stack([np.asarray(p) for p in read_exr(pass_file(tmp_path, stage, bent, kind, 1001)).planes.values()], axis=-1)

    found = json.loads(pass_file(tmp_path, stage, bent, "records", 1001).read_text())
    seen = cameras.record(bent)
    origin, rays = seen.rays(np.stack(np.meshgrid(np.arange(96.0), np.arange(54.0)), axis=-1))
    hit = origin + rays * ((-0.01 - origin[1]) / rays[..., 1])[..., None]
    expected = (np.abs(hit[..., 0]) < 0.3) & (hit[..., 2] > 1.2) & (hit[..., 2] < 1.8)
    card = planes("object_id")[..., 0] == found["object_ids"]["card"]
    wire = planes("mattes/wire")[..., 0] > 0
    assert expected.sum() > 150
    # The edge's pixels are a matter of the sample's place.
    assert ((card != expected) & ~wire).sum() < 30
    beauty, groups = planes("beauty"), [planes(f"groups/{p.name}") for p in (tmp_path / "A" / "groups").iterdir()]
    assert np.abs(np.sum(groups, axis=0) - beauty).max() < 1e-5 * np.percentile(beauty, 99)
    assert beauty[-1, [0, -1]].min() > 0
    assert found["lens"]["applied"]["operations"] == ["geometry"]
    assert np.std(planes("plate") - beauty) > 0


def test_the_ray_tracer_adds_no_falloff_of_its_own(renderer: Renderer, tmp_path: Path) -> None:
    sky = Light(name="dome", kind="sky", illuminance_lux=500.0)
    eye = StageCamera(active_sensor_resolution=(48, 27), pinhole_focal_length=14.0, rotation=(0, 80, 0))
    stage = Stage.model_validate({"lights": [sky], "cameras": [eye], "render": {"samples": 1, "passes": ["beauty"]}})
    shoot_stage(stage, tmp_path, renderer=renderer)
    green = np.asarray(read_exr(pass_file(tmp_path, stage, eye, "beauty", 1001)).planes["G"])
    assert green.min() == pytest.approx(float(green.max()), rel=1e-3)
