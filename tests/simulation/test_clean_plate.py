"""What the crew's things change lies under their mattes; what only their shadow and bounce change is listed where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.media.exr import read_exr
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Lens
from answerprint.optics.table import Table
from answerprint.simulation.clean_plate import changed, smooth_pair, spill
from answerprint.simulation.generate import generate
from answerprint.simulation.order import Shoot
from answerprint.simulation.passes import Rendered
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import FAMILIES, RigObject, Stage

BENT = Lens(
    pinhole_focal_length=Table.constant(28.0),
    distortion=DistortionTable(settings=(Setting(model=Distortion(radial=(-0.2, 0.03))),)),
    lateral_colour=Table.constant(1.004, 0.0, 0.0, 0.996, 0.0, 0.0),
)


def test_a_shadow_beside_the_matte_is_listed_with_its_box_size_and_change() -> None:
    clean = np.full((20, 30, 3), 0.4, dtype=np.float32)
    beauty, matte = clean.copy(), np.zeros((20, 30, 1), dtype=np.float32)
    beauty[2:18, 10] = 0.05
    matte[2:18, 10] = 1
    beauty[15:18, 20:25] *= 0.9
    beauty[1, 1] *= 1.2
    found = spill(beauty, clean, matte)
    assert found["regions"][0] == {"pixels": 15, "box": [20, 15, 25, 18], "mean_change": pytest.approx(-0.1)}
    assert found["spill"] == {"pixels": 16, "box": [1, 1, 25, 18], "mean_change": pytest.approx((-1.5 + 0.2) / 16)}
    assert found["outside_matte_share"] == 16 / 600
    assert found["changed_share"] == 32 / 600


def test_spill_beyond_the_listed_regions_is_counted() -> None:
    clean = np.full((20, 30, 3), 0.4, dtype=np.float32)
    beauty = clean.copy()
    beauty[::4, ::4] = 0.5
    found = spill(beauty, clean, np.zeros((20, 30, 1), dtype=np.float32), most=6)
    assert len(found["regions"]) == 6
    assert (found["regions_left_out"], found["pixels_left_out"]) == (34, 34)


def test_without_any_change_nothing_is_listed() -> None:
    clean = np.full((8, 8, 3), 0.4, dtype=np.float32)
    found = spill(clean, clean, np.zeros((8, 8, 1), dtype=np.float32))
    assert found["spill"] == {"pixels": 0, "box": None, "mean_change": 0.0}
    assert found["regions"] == []


def test_the_filter_takes_nothing_of_a_wire_into_the_pixels_beside_its_matte() -> None:
    flat: dict[str, Any] = {"normal": (0, 0, 1), "albedo": (0.5, 0.5, 0.5), "depth": (3.0,)}
    data = {name: np.tile(np.float32(value), (20, 20, 1)) for name, value in flat.items()}
    wall = np.random.default_rng(1).gamma(9, 0.02, (20, 20, 3)).astype(np.float32)
    matte = np.zeros((20, 20, 1), np.float32)
    matte[:, 10] = 0.1
    picture = np.where(matte > 0, np.float32(5), wall)
    rendered = Rendered(picture, {"key": picture.copy()}, dict(data), {"wire": matte})
    clean = Rendered(wall, {"key": wall.copy()}, dict(data), {})
    smooth_pair(rendered, clean, ["wire"])
    assert not changed(rendered.beauty, clean.beauty)[matte[..., 0] == 0].any()
    assert rendered.groups["key"] == pytest.approx(rendered.beauty)
    assert rendered.beauty[:, 10].min() > clean.beauty.max()


def test_where_two_things_touch_and_a_ray_s_last_bit_told_them_apart_the_clean_plate_counts_and_a_shadow_stays() -> None:
    wall, matte = np.full((20, 40, 3), 0.4, dtype=np.float32), np.zeros((20, 40, 1), dtype=np.float32)
    matte[:, 3] = 1
    data = {
        "albedo": wall.copy(),
        "normal": wall.copy(),
        "depth": wall[..., :1].copy(),
        "material_id": np.ones((20, 40, 1), np.float32),
    }
    picture, albedo = wall.copy(), wall.copy()
    picture[10:12, 14:17], albedo[10:12, 14:17] = 0.1, 0.2
    picture[:, 28:34] = 0.3
    rendered = Rendered(picture, {"key": picture.copy()}, data | {"albedo": albedo}, {"wire": matte})
    clean = Rendered(wall, {"key": wall.copy()}, dict(data), {})
    smooth_pair(rendered, clean, ["wire"])
    moved = changed(rendered.beauty, clean.beauty)
    assert not moved[:, 5:20].any()
    assert moved[:, 30:32].all()
    assert rendered.groups["key"] == pytest.approx(rendered.beauty)


def crew(stage: Stage) -> tuple[RigObject, ...]:
    """A wire, a boom, a stand, a mark and a tracker in front of the camera, some of them across whoever stands there."""
    camera = stage.cameras[0]
    start, target = np.array(camera.translation), np.array(camera.look_at or (0, 0, 1.5))
    ahead = (target - start) / np.linalg.norm(target - start)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)

    def at(metres: float, aside: float, up: float, floor: bool = False) -> tuple[float, float, float]:
        x, y, z = (float(v) for v in start + ahead * metres + right * aside)
        return x, y, 0.002 if floor else z + up

    return (
        RigObject(name="wire", points=(at(2, -0.6, 1.2), at(2.2, 0.1, -0.3)), diameter=0.004, drift=(0.6, 0, 0)),
        RigObject(name="boom", kind="boom", points=(at(1.5, 1.5, 0.8), at(2.2, 0.3, 0.45)), diameter=0.03),
        RigObject(name="stand", kind="stand", points=(at(3, -0.9, 0, True),)),
        RigObject(name="mark", kind="mark", points=(at(3, 0.4, 0, True),), colour=(0.8, 0.1, 0.05)),
        RigObject(name="ball", kind="tracker", points=(at(1.6, 0.5, -0.2),), diameter=0.05, colour=(0.1, 0.8, 0.1)),
    )


def staged(stage: Stage, lens: Lens | None, **render: Any) -> Stage:
    camera = stage.cameras[0].model_copy(update={"active_sensor_resolution": (96, 54), "t_stop": 1.4, "lens": lens})
    settings: dict[str, Any] = {
        "samples": 4,
        "bounces": 0,
        "denoise": "none",
        "passes": ("beauty", "groups", "mattes", "clean"),
        **render,
    }
    return stage.model_copy(update={"cameras": (camera,), "rig": crew(stage), "render": stage.render.model_copy(update=settings)})


def planes(out: Path, stage: Stage, kind: str) -> NDArray[np.float32]:
    file = read_exr(pass_file(out, stage, stage.cameras[0], kind, 1001))
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in file.planes.values()], axis=-1)


def missed(stage: Stage, out: Path, renderer: Renderer) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the picture differs from its clean plate outside all mattes, and the mattes, when the crew's things are seen and nothing else.

    They throw no shadow and bounce no light: what differs is what they cover.
    """
    whole = Shoot.build_order

    def only_seen(self: Shoot, threads: int) -> dict[str, Any]:
        order = whole(self, threads)
        return {**order, "rig": [{**thing, "only_seen": True} for thing in order["rig"]]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shoot, "build_order", only_seen)
        shoot_stage(stage, out, renderer=renderer)
    under = np.sum([planes(out, stage, f"mattes/{rig.name}") for rig in stage.rig], axis=0)[..., 0] > 0
    moved = changed(planes(out, stage, "beauty"), planes(out, stage, "clean"))
    assert (moved & under).sum() > 0.3 * under.sum() > 30
    return moved & ~under, under


@pytest.mark.parametrize(
    ("lens", "render"),
    [(None, {"motion_blur": True}), (BENT, {}), (BENT, {"denoise": "features"})],
    ids=["blurred", "bent and parted", "smoothed"],
)
def test_mattes_cover_every_pixel_that_wire_boom_stand_mark_and_tracker_change(
    renderer: Renderer, small: Stage, tmp_path: Path, lens: Lens | None, render: dict[str, Any]
) -> None:
    near = small.cameras[0].model_copy(update={"focus_distance": 1.2, "look_at": (0, 0, 1.2)})
    stage = staged(small.model_copy(update={"cameras": (near,)}), lens, **render)
    outside, _ = missed(stage, tmp_path, renderer)
    assert not outside.any()


def test_a_clean_plate_has_the_pictures_own_noise_in_a_room_of_many_lamps(renderer: Renderer, tmp_path: Path) -> None:
    stage = staged(generate("living-room", 3), None, samples=2)
    outside, _ = missed(stage, tmp_path, renderer)
    assert not outside.any()


@pytest.mark.slow
@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize("family", FAMILIES)
def test_in_every_family_by_day_and_night_mattes_cover_what_the_crews_things_change(
    renderer: Renderer, tmp_path: Path, family: Any, time: str
) -> None:
    ways: list[tuple[Lens | None, dict[str, Any]]]
    ways = [(None, {}), (None, {"motion_blur": True}), (BENT, {"denoise": "features"}), (None, {"samples": 32})]
    for number, (lens, render) in enumerate(ways):
        stage = staged(generate(family, 5, time), lens, **render)
        outside, under = missed(stage, tmp_path / str(number), renderer)
        # A lone pixel far away, where a path of light was decided by the last bit, is light and no matte's business.
        beside = ndimage.binary_dilation(under, iterations=8)
        assert not (outside & beside).any()
        assert outside.sum() <= 3


def test_all_that_a_shadow_changes_outside_the_mattes_is_in_the_record(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    stage = staged(small, None, bounces=2)
    shoot_stage(stage, tmp_path, renderer=renderer)
    record = json.loads(pass_file(tmp_path, stage, stage.cameras[0], "records", 1001).read_text())["clean_plate"]
    under = np.sum([planes(tmp_path, stage, f"mattes/{rig.name}") for rig in stage.rig], axis=0)[..., 0] > 0
    outside = changed(planes(tmp_path, stage, "beauty"), planes(tmp_path, stage, "clean")) & ~under
    assert outside.sum() > 20
    listed = sum(region["pixels"] for region in record["regions"]) + record["pixels_left_out"]
    assert listed == record["spill"]["pixels"] == outside.sum()
    y, x = np.nonzero(outside)
    assert record["spill"]["box"] == [x.min(), y.min(), x.max() + 1, y.max() + 1]
