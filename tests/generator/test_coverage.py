"""A new angle from real ones: depth, reprojection, performers within the limit, support, class, and the same bytes in any order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.cli.main import main
from answerprint.generator import coverage_people
from answerprint.generator.coverage import Coverage, CoverageParameters
from answerprint.generator.coverage_exposure import SceneLight
from answerprint.generator.coverage_scene import CoverageScene, Sighting
from answerprint.graph.contract import Chunk
from answerprint.graph.new_view import class_of
from answerprint.graph.runner import SeededContext
from answerprint.media.exr import read_exr
from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.stmap import grid
from answerprint.production import BadInput, FrameRange
from answerprint.spatial.reproject import laid
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import sweep
from answerprint.spatial.unseen import continued, hatch

WALL, BOX = 4.0, 2.6
"""Metres along Y from the cameras to a painted wall, and to a painted panel that stands before it."""
SIZE = (128, 72)


def standing(x: float, y: float = 0.0, size: tuple[int, int] = SIZE, **lens: object) -> Camera:
    """A camera at (x, y, 1.5) that looks at the middle of the panel."""
    pan = float(np.degrees(np.arctan2(x, BOX - y)))
    return Camera(
        active_sensor_resolution=size, active_sensor_physical_dimensions=(36.0, 36.0 * size[1] / size[0]), pinhole_focal_length=40.0,
        translation=(x, y, 1.5), rotation=(pan, 0.0, 0.0), **lens,
    )  # fmt: skip


def paint(x: np.ndarray, z: np.ndarray, seed: int) -> np.ndarray:
    """Smooth blotches of colour on a surface, the same from everywhere: light at (x, z) metres."""
    draw = np.random.default_rng(seed)
    out = np.full((*x.shape, 3), 0.22)
    for _ in range(60):
        fx, fz, phase = draw.uniform(-14, 14), draw.uniform(-14, 14), draw.uniform(0, 6)
        out += 0.02 * np.sin(fx * x + fz * z + phase)[..., None] * draw.uniform(-1, 1, 3)
    return out.clip(0.01)


def shot(camera: Camera, person: float | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture, depth, and matte of somebody who is a blue card at (person, 2.2 m)."""
    origin, rays = camera.rays(grid(camera.width, camera.height))
    forward = camera.world_to_camera[2]

    def cut(y: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        along = (y - origin[1]) / rays[..., 1]
        point = origin + rays * along[..., None]
        return point[..., 0], point[..., 2], ((point - origin) @ forward)

    x, z, depth = cut(WALL)
    picture = paint(x, z, 1)
    bx, bz, bdepth = cut(BOX)
    panel = (np.abs(bx) < 0.45) & (np.abs(bz - 1.5) < 0.3)
    picture, depth = np.where(panel[..., None], paint(bx, bz, 2) + np.array([0.2, 0, 0]), picture), np.where(panel, bdepth, depth)
    matte = np.zeros(depth.shape)
    if person is not None:
        px, pz, pdepth = cut(2.2)
        body = (np.abs(px - person) < 0.16) & (pz < 1.75)
        picture = np.where(body[..., None], paint(px - person, pz, 3) * [0.2, 0.3, 2.0], picture)
        depth, matte = np.where(body, pdepth, depth), body.astype(float)
    return picture.astype(np.float32), depth.astype(np.float32), matte.astype(np.float32)


def sighting(camera: Camera, name: str, moment: int | None = None, person: float | None = None, **more: object) -> Sighting:
    picture, _, matte = shot(camera, person)
    return Sighting(name, name, moment or 0, name, camera, lambda: picture.copy(), moment, lambda: matte, **more)  # type: ignore[arg-type]


def points() -> np.ndarray:
    """A scan of wall and panel."""
    x, z = np.meshgrid(np.linspace(-4, 4, 320), np.linspace(-1, 4, 200))
    wall = np.stack([x.ravel(), np.full(x.size, WALL), z.ravel()], axis=1)
    x, z = np.meshgrid(np.linspace(-0.45, 0.45, 60), np.linspace(1.2, 1.8, 40))
    return np.concatenate([wall, np.stack([x.ravel(), np.full(x.size, BOX), z.ravel()], axis=1)])


def made(scene: CoverageScene, target: Camera, **settings: object) -> list:
    operation, parameters = Coverage(), CoverageParameters(cameras=(target,), **{"frames": 1, "splats": False, **settings})  # type: ignore[arg-type]
    analysis = operation.analyse({"scene": scene, "plate": None}, parameters, SeededContext(0))
    frames = FrameRange(0, parameters.frames)
    return list(operation.render(Chunk(frames, {"scene": scene, "plate": None}), analysis, parameters, SeededContext(0)))


def decibel(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    return float(-10 * np.log10(((a - b)[where] ** 2).mean()))


REAL = (-0.5, -0.25, 0.2, 0.45)


@pytest.fixture(scope="module")
def bare() -> CoverageScene:
    return CoverageScene([sighting(standing(x), f"c{i}") for i, x in enumerate(REAL)], points(), "p")


def test_a_sweep_measures_distance_within_a_hundredth():
    views = [View(shot(standing(x))[0], standing(x)) for x in REAL]
    depth, truth = sweep(views[1], [views[0], *views[2:]], 1.5, 6.0), shot(standing(REAL[1]))[1]
    off = np.abs(depth.metres - truth) / truth
    assert np.median(off) < 0.01 and (off < 0.03).mean() > 0.85


def test_a_depth_laid_into_its_own_camera_is_itself():
    camera, depth = standing(0.1), shot(standing(0.1))[1]
    again = laid(camera, camera, depth)
    known = np.isfinite(again)
    assert known.mean() > 0.9 and np.abs(again - depth)[known].max() < 1e-3


def test_an_angle_between_cameras_is_the_set_as_it_would_have_been_filmed(bare):
    target = standing(0.0)
    (result,) = made(bare, target)
    truth, _, _ = shot(target)
    assert decibel(result.fill, truth, result.support > 0) > 34 and (result.support > 0).mean() > 0.9


def test_the_lens_of_the_new_camera_is_on_its_picture(bare):
    target = standing(0.0, distortion=Distortion(radial=(-0.25,)))
    (result,) = made(bare, target)
    assert decibel(result.fill, shot(target)[0], result.support > 0) > 32


def test_what_nobody_saw_has_no_support_and_is_hatched(bare):
    target = standing(1.6)
    (result,) = made(bare, target)
    _, depth, _ = shot(target)
    origin, rays = target.rays(grid(*SIZE))
    place = origin + rays * (depth / (rays @ target.world_to_camera[2]))[..., None]
    seen = np.zeros(depth.shape, bool)
    for x in REAL:
        camera = standing(x)
        pixels = camera.project(place)
        inside = camera.inside(pixels)
        own = shot(camera)[1]
        column, row = (np.round(np.nan_to_num(pixels[..., i])).astype(int).clip(0, SIZE[i] - 1) for i in (0, 1))
        seen |= inside & (camera.depth(place) < own[row, column] * 1.02)
    found = result.support > 0
    assert (found & seen).sum() / (found | seen).sum() > 0.9
    assert result.layers["unseen"][~found].any() and not result.layers["unseen"][found].any()


def with_person(limit: float, target: Camera, **settings: object):
    scene = CoverageScene(
        [sighting(standing(x), f"set{i}") for i, x in enumerate(REAL)]
        + [sighting(standing(x), name, 0, 0.05) for x, name in ((-0.25, "A"), (0.2, "B"))],
        points(), "p",
    )  # fmt: skip
    return made(scene, target, limit_deg=limit, **settings)[0]


def test_a_performer_within_the_limit_is_real_pixels_in_their_place_and_class_d():
    target = standing(0.0)
    result = with_person(8.0, target)
    truth, _, matte = shot(target, 0.05)
    there = result.layers["performers"] > 0.5
    assert (there & (matte > 0.5)).sum() / (there | (matte > 0.5)).sum() > 0.85
    assert decibel(result.fill, truth, there & (matte > 0.5)) > 25 and class_of(result) == "D"


def test_beyond_the_limit_the_set_stands_alone_and_is_class_a():
    result = with_person(2.0, standing(0.0))
    assert result.figures["performers_left_out"] == 1 and class_of(result) == "A"
    truth, _, _ = shot(standing(0.0))
    assert decibel(result.fill, truth, result.support > 0) > 30


def test_the_set_alone_can_be_asked_for():
    assert class_of(with_person(8.0, standing(0.0), performers="background")) == "A"


def test_defocus_follows_distance(bare):
    sharp, soft = (
        made(bare, standing(0.0), **more)[0]
        for more in ({"focal_length": 90.0}, {"focal_length": 90.0, "t_stop": 1.0, "focus": BOX})
    )
    moved = np.abs(soft.fill - sharp.fill).mean(axis=2)
    near = np.abs(sharp.layers["depth"] - BOX) < 0.1
    inner = cv2.erode(near.astype(np.uint8), np.ones((13, 13))) > 0
    far = np.abs(sharp.layers["depth"] - WALL) < 0.4
    assert inner.any() and moved[inner].mean() < 0.1 * moved[far].mean()


def noisy(x: float, name: str) -> Sighting:
    draw = np.random.default_rng(int(1000 + 100 * x))
    grain = draw.normal(0, 0.015, (*SIZE[::-1], 3)).astype(np.float32)
    return replace(sighting(standing(x), name), picture=lambda: shot(standing(x))[0] + grain)


def test_a_set_of_splats_and_real_pixels_is_near_the_truth_and_names_all_its_sources():
    scene = CoverageScene([noisy(x, f"c{i}") for i, x in enumerate((-0.7, -0.5, -0.25, 0.2, 0.45))], points(), "p")
    target = standing(-0.05)
    (result,) = made(scene, target, splats=True)
    assert decibel(result.fill, shot(target)[0], result.support > 0) > 35 and len(result.sources) == 5


def test_who_is_found_in_a_part_of_the_picture_alone_is_in_the_matte(monkeypatch):
    def narrow_only(run: list[Sighting]) -> list[np.ndarray | None]:
        """A network that finds a bright column in narrow pictures alone."""
        pictures = [one.picture() for one in run]
        return [None if p.shape[1] > 100 else np.where(p[..., 0] > 3, 255, 0).astype(np.uint8) for p in pictures]

    picture = np.zeros((*SIZE[::-1], 3), np.float32)
    picture[:, 90:96] = 4
    monkeypatch.setattr(coverage_people, "_mattes", narrow_only)
    (matte,) = coverage_people._looked_twice([replace(sighting(standing(0.0), "c"), picture=lambda: picture)])
    assert matte is not None and (matte > 0).any(axis=0).nonzero()[0].tolist() == list(range(90, 96))


def filmed_twice(sigma: float) -> CoverageScene:
    """Each camera with two frames, one after the other, of a sensor's noise."""

    def frame(x: float, number: int) -> Sighting:
        draw = np.random.default_rng([number, int(100 * (x + 1))])
        noise = draw.normal(0, sigma, (*SIZE[::-1], 3)).astype(np.float32)
        return replace(
            sighting(standing(x), f"c{x}"), frame=number, name=f"c{x}.{number}", picture=lambda: shot(standing(x))[0] + noise
        )

    return CoverageScene([frame(x, number) for x in REAL for number in (0, 1)], points(), "p")


def test_grain_that_averaging_took_is_put_back_as_strong_as_it_was_filmed():
    smooth, grained = (made(filmed_twice(0.02), standing(0.0), grain=grain)[0] for grain in (0.0, 1.0))
    added = grained.fill - smooth.fill
    assert not smooth.layers["grain"].any() and np.allclose(added, grained.layers["grain"], atol=1e-5)
    # What is left of the noise of two averaged frames, fetched from a few cameras, and what was added, together.
    left = smooth.fill - made(filmed_twice(0.0), standing(0.0), grain=0.0)[0].fill
    there = grained.support > 0
    assert abs(np.hypot(np.std(added[there]), np.std(left[there])) / 0.02 - 1) < 0.25


def test_splats_fitted_twice_are_the_same_bytes(bare):
    one, other = (made(bare, standing(0.05), splats=True, time_budget=3.0)[0] for _ in range(2))
    assert one.fill.tobytes() == other.fill.tobytes()


def other_exposure(gain: np.ndarray, power: float) -> CoverageScene:
    """Four cameras whose lens darkens towards the corners; two of them of another exposure and colour."""

    def filmed(x: float, times: np.ndarray) -> Sighting:
        camera = standing(x)
        return replace(sighting(camera, f"c{x}"), picture=lambda: SceneLight({}, power).seen(shot(camera)[0], camera) * times)

    return CoverageScene([filmed(x, gain if x > 0 else np.ones(3, np.float32)) for x in REAL], points(), "p")


@pytest.mark.parametrize("splats", [False, True])
def test_a_camera_of_another_exposure_and_colour_does_not_show_in_the_picture(splats):
    gain, target = np.array([1.4, 1.2, 0.8], np.float32), standing(-0.05)
    (result,) = made(other_exposure(gain, 0.0), target, splats=splats, time_budget=4.0)
    there = result.support > 0
    left, right = (result.fill[:, half][there[:, half]].mean(axis=0) / shot(target)[0][:, half][there[:, half]].mean(axis=0)
                   for half in (slice(0, 64), slice(64, 128)))  # fmt: skip
    assert np.allclose(left, right, rtol=0.02)
    assert np.allclose(left, 1, rtol=0.02) or np.allclose(left, gain, rtol=0.02)


def test_the_falloff_of_a_lens_is_found_in_the_pictures_and_put_on_the_new_one():
    scene, target = other_exposure(np.ones(3, np.float32), 4.0), standing(0.0)
    analysis = Coverage().analyse(
        {"scene": scene, "plate": None}, CoverageParameters(cameras=(target,), splats=False), SeededContext(0)
    )
    assert abs(analysis.facts["falloff_power"] - 4) < 0.5
    (result,) = made(scene, target)
    truth = SceneLight({}, 4.0).seen(shot(target)[0], target)
    assert decibel(result.fill, truth, result.support > 0) > 34


def test_the_same_budget_gives_the_same_bytes(bare):
    one, other = (made(bare, standing(0.05), time_budget=1.0)[0] for _ in range(2))
    assert one.fill.tobytes() == other.fill.tobytes()


def test_frames_are_the_same_in_any_order():
    scene = CoverageScene([sighting(standing(x), f"c{i}") for i, x in enumerate(REAL[:3])], points(), "p")
    operation, parameters = Coverage(), CoverageParameters(cameras=(standing(0.0), standing(0.1)), frames=2, splats=False)
    analysis = operation.analyse({"scene": scene}, parameters, SeededContext(0))

    def render(a: int, b: int) -> list:
        return list(Coverage().render(Chunk(FrameRange(a, b), {"scene": scene}), analysis, parameters, SeededContext(0)))

    assert render(0, 2)[1].fill.tobytes() == render(1, 2)[0].fill.tobytes()


def test_cameras_too_far_apart_without_a_scan_are_refused():
    with pytest.raises(BadInput, match="there is no scan"):
        made(CoverageScene([sighting(standing(x), f"c{x}") for x in (-2.5, 2.5)]), standing(0.0))


def test_a_hatch_lies_on_unseen_pixels_alone_and_no_detail_is_made_up():
    unseen = np.zeros((60, 80), bool)
    unseen[20:40, 30:60] = True
    picture = np.full((60, 80, 3), 0.3, np.float32)
    picture[unseen] = 0
    assert hatch(unseen)[unseen].mean() > 0.2 and not hatch(unseen)[~unseen].any()
    assert np.allclose(continued(picture, unseen)[unseen], 0.3, atol=0.02)


def written(folder: Path) -> Path:
    """A scene of stills as people have it: transforms.json, PNG pictures, a point cloud, and a new camera."""
    frames = []
    for i, x in enumerate(REAL):
        camera = standing(x)
        codes = np.round((np.clip(shot(camera)[0], 0, 1) ** (1 / 2.4)) * 65535).astype(np.uint16)
        (folder / "pictures").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "pictures" / f"{i:02d}.png"), codes[..., ::-1])
        frames.append(said(camera, file_path=f"pictures/{i:02d}.png"))
    (folder / "transforms.json").write_text(json.dumps({"frames": frames}))
    (folder / "target.json").write_text(json.dumps({"frames": [said(standing(0.0)), said(standing(0.1))]}))
    return folder


def said(camera: Camera, **more: object) -> dict:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = camera.world_to_camera.T @ np.diag([1, -1, -1]), camera.position
    k = camera.matrix
    return {"w": camera.width, "h": camera.height, "fl_x": k[0, 0], "fl_y": k[1, 1], "cx": k[0, 2] + 0.5, "cy": k[1, 2] + 0.5,
            "transform_matrix": matrix.tolist(), **more}  # fmt: skip


def test_the_command_makes_a_path_of_a_new_camera_with_its_proof(tmp_path, capsys):
    folder = written(tmp_path)
    code = main(["apply", "coverage", "--plate", str(folder / "pictures"), "--scene", str(folder / "transforms.json"), "--camera",
                 str(folder / "target.json"), "--out", str(tmp_path / "out"), "--set", "height=54", "--set", "splats=false", "--json", "-q"])  # fmt: skip
    document = json.loads(capsys.readouterr().out)
    assert code == 0 and document["frames"] == 2 and document["class"]["A"] == 2 and document["support_share"] > 0.9
    layers = read_exr(next((tmp_path / "out" / "layers").glob("*.exr"))).planes
    assert {"support.Y", "unseen.Y", "performers.Y", "depth.Y"} <= set(layers) and layers["support.Y"].shape == (54, 96)
    assert main(["verify", str(tmp_path / "out"), "-q"]) in (0, 3)


@pytest.mark.parametrize(
    ("target", "reason"),
    [({"frames": []}, "OpenTrackIO|Field|field|holds no"), ([], "holds no camera")],
)
def test_a_camera_that_is_none_is_refused_in_one_line(tmp_path, capsys, target, reason):
    folder = written(tmp_path)
    (folder / "target.json").write_text(json.dumps(target))
    code = main(["apply", "coverage", "--plate", str(folder / "pictures"), "--scene", str(folder / "transforms.json"), "--camera",
                 str(folder / "target.json"), "--out", str(tmp_path / "out"), "-q"])  # fmt: skip
    assert code == 2 and len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_missing_picture_is_named(tmp_path, capsys):
    folder = written(tmp_path)
    (folder / "pictures" / "02.png").rename(folder / "elsewhere.png")
    code = main(["apply", "coverage", "--plate", str(folder / "pictures"), "--scene", str(folder), "--camera",
                 str(folder / "target.json"), "--out", str(tmp_path / "out"), "-q"])  # fmt: skip
    assert code == 2 and "02.png" in capsys.readouterr().err
