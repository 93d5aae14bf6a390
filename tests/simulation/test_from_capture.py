"""A stage out of a production's own records, measured against the room and the cameras that they were made of."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.lights.record import LightRecord
from answerprint.ingest.lights.sheets import read_gaffers_list
from answerprint.ingest.tracking.read import read_track
from answerprint.media.exr import read_exr
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.originals import camera_of, focus_at
from answerprint.sample.stage_production.setups import CLIPS, RATE, room, stages
from answerprint.sample.stage_production.tracking import lag_of
from answerprint.simulation import cameras
from answerprint.simulation.from_capture import CapturedCamera, stage_from_capture
from answerprint.simulation.order import Shoot
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.scanned_room import ScannedRoom, understand
from answerprint.simulation.sets.registry import build
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import RenderSettings, Stage, read_stage
from answerprint.spatial.poses import opening, per_frame

MATERIAL = Path(__file__).resolve().parents[2] / "examples" / "stage" / "material"
SIZE = (960, 540)


@pytest.fixture(scope="module")
def scanned() -> ScannedRoom:
    points = open_scan(MATERIAL / "lidar" / "living_room.e57").points()
    return understand(points.xyz, points.colour)


def captured(number: int) -> CapturedCamera:
    """A clip's camera as a production has it: the tracker's file, brought to one pose a frame, its known lag taken off."""
    clip = CLIPS[number]
    track = read_track(MATERIAL / "tracking" / f"{clip.name}.opentrackio.json")
    count = stages()[clip.shot].frame_count
    late = lag_of(clip) / float(RATE)
    posed = per_frame(track, range(count), Fraction(RATE), start=opening(track, clip.start), latency_s=late)
    return CapturedCamera(clip.camera, posed, SIZE, lens.LENS)


def test_walls_floor_and_ceiling_stand_where_the_room_has_them_within_five_millimetres(scanned: ScannedRoom) -> None:
    width, depth, height = build(room()).size
    found = {(plane.kind, *np.round(plane.normal).astype(int)): abs(plane.offset) for plane in scanned.planes}
    truth = {
        ("floor", 0, 0, 1): 0.0,
        ("ceiling", 0, 0, -1): height,
        ("wall", 1, 0, 0): width / 2,
        ("wall", -1, 0, 0): width / 2,
        ("wall", 0, 1, 0): depth / 2,
        ("wall", 0, -1, 0): depth / 2,
    }
    assert found.keys() == truth.keys()
    assert max(abs(found[key] - truth[key]) for key in truth) < 0.005


def test_every_end_of_a_wall_is_the_end_of_another_one(scanned: ScannedRoom) -> None:
    ends = [(number, np.array(p.corners[at])) for number, p in enumerate(scanned.planes) if p.kind == "wall" for at in (0, 3)]
    for number, end in ends:
        assert min(np.linalg.norm(end - other) for another, other in ends if another != number) < 1e-6


def test_what_stands_in_the_room_becomes_blocks_inside_its_walls(scanned: ScannedRoom) -> None:
    assert len(scanned.colours) > 5
    inside = [plane.distance(scanned.blocks) > -0.25 for plane in scanned.planes]
    assert np.all(inside, axis=0).mean() > 0.95


@pytest.mark.parametrize("number", range(len(CLIPS)))
def test_a_point_of_the_room_lands_within_half_a_pixel_of_where_the_real_camera_saw_it(number: int) -> None:
    clip = CLIPS[number]
    made = stage_from_capture("scene 21", None, [captured(number)]).stage.cameras[0]
    truth = stages()[clip.shot]
    points = np.random.default_rng(2).uniform([-2, -2, 0], [2, 2, 2.8], (300, 3))
    worst = []
    for step in range(0, truth.frame_count, 3):
        real = cameras.record(cameras.at_frame(camera_of(clip), truth.first_frame + step))
        ours = cameras.record(cameras.at_frame(made, 1001 + step))
        bent = lens.LENS.distortion_at(lens.state(clip.zoom, focus_at(clip, truth.first_frame + step), 2.8))
        frame = {"active_sensor_resolution": SIZE, "active_sensor_physical_dimensions": lens.SENSOR_MM}
        real = real.model_copy(update={**frame, "distortion": bent})
        a, b = real.project(points), ours.project(points)
        seen = real.inside(a, margin=0)
        worst.append(float(np.median(np.linalg.norm(a - b, axis=-1)[seen])))
    assert np.median(worst) < 0.5
    assert max(worst) < 1.0


def test_lamps_hang_where_the_plot_has_them_with_the_lux_that_the_gaffer_wrote() -> None:
    records = read_gaffers_list(MATERIAL / "paper" / "lighting_plot.csv")
    found = stage_from_capture("scene 21", None, [captured(0)], records)
    key = next(lamp for lamp in found.stage.lights if lamp.name == "AB1-key")
    assert key.translation == (-1.7, -1.5, 2.35)
    assert (key.illuminance_lux, key.kelvin, key.kind) == (105.0, 5200.0, "softbox")
    assert any("AB1-key" in line and "points" in line for line in found.assumed)


def test_a_lamp_of_known_flux_gives_the_lux_of_its_cone() -> None:
    record = LightRecord(id="7", position=(0, 0, 3), direction=(0, 0, -1), luminous_flux_lm=1000, beam_degree=60, cct_kelvin=3200)
    found = stage_from_capture("x", None, [captured(0)], [record])
    lamp = found.stage.lights[0]
    away = 3 - lamp.aim[2]
    assert lamp.illuminance_lux == pytest.approx(1000 / (2 * np.pi * (1 - np.cos(np.radians(30)))) / away**2)


def test_what_nobody_wrote_down_is_listed_as_assumed() -> None:
    found = stage_from_capture("x", None, [captured(0)], [LightRecord(id="1", position=(0, 0, 3)), LightRecord(id="2")])
    said = " / ".join(found.assumed)
    for what in ("lamp 1: nobody says where it points", "how bright", "colour temperature", "lamp 2: nobody says where it hangs"):
        assert what in said


def test_without_any_pose_it_is_refused() -> None:
    lost = CameraTrack.of([Fraction(0), Fraction(1, 24)])
    with pytest.raises(BadInput, match="no camera with a pose"):
        stage_from_capture("x", None, [CapturedCamera("A", lost, SIZE)])


def test_a_scan_without_points_or_floor_is_refused() -> None:
    with pytest.raises(BadInput, match="has 10 points"):
        understand(np.zeros((10, 3)))
    with pytest.raises(BadInput, match="no level surface"):
        understand(np.random.default_rng(1).uniform(-5, 5, (5000, 3)))


def test_the_document_reads_back_and_can_be_built(scanned: ScannedRoom) -> None:
    stage = stage_from_capture("scene 21", scanned, [captured(0), captured(1)]).stage
    assert read_stage(stage.json_text()) == stage
    assert Shoot(stage).build_order(1)["items"]


def test_the_rendered_depth_of_the_scanned_room_is_the_real_rooms(renderer: Renderer, scanned: ScannedRoom, tmp_path: Path) -> None:
    eye = captured(0)
    small = CapturedCamera("A", eye.track, (96, 54))
    made = stage_from_capture("scanned", scanned, [small]).stage
    bare = RenderSettings(samples=1, bounces=0, passes=("beauty", "depth"))
    ours = made.model_copy(update={"render": bare, "frame_count": 1})
    real = Stage(name="real", set=room(), cameras=ours.cameras, render=bare)
    depths = []
    for stage in (ours, real):
        shoot_stage(stage, tmp_path / stage.name, renderer=renderer)
        depths.append(np.asarray(read_exr(pass_file(tmp_path / stage.name, stage, stage.cameras[0], "depth", 1001)).planes["Z"]))
    apart = np.abs(depths[0] - depths[1])
    # What no scanner saw is not there.
    assert np.median(apart) < 0.005
    assert (apart < 0.16).mean() > 0.92
