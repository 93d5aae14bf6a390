"""Relight by geometry on a ball before a wall, lit by two lamps whose light is written down here independently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from answerprint.generator.light_geometry import RigLight, SeenSurface, direction_of, solve_strengths
from answerprint.generator.relight_geometry import MOST_STOPS, RelightGeometry, RelightGeometryParameters
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.optics.camera import Camera
from answerprint.production import BadInput, FrameRange

WIDTH, HEIGHT = 192, 108
CAMERA = Camera(
    active_sensor_resolution=(WIDTH, HEIGHT), active_sensor_physical_dimensions=(28.0, 15.75), pinhole_focal_length=35.0
)
CENTRE, RADIUS, WALL = np.array([0.0, 2.0, 0.0]), 0.3, 3.5
KEY, FILL = np.array([-1.5, 0.2, 0.8]), np.array([1.5, 0.2, 0.3])


class Still:
    """One frame of anything."""

    count, clip, digest, camera = 1, "ball", "ball", None

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture
        self.height, self.width = picture.shape[:2]

    def read(self, index: int) -> np.ndarray:
        return self.picture.copy()


def ball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, points and normals of a ball before a wall, by intersection; the camera looks along +y."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    origin, rays = CAMERA.rays(np.stack([x, y], axis=-1))
    middle = rays @ (CENTRE - origin)
    inside = middle**2 - ((CENTRE - origin) ** 2).sum() + RADIUS**2
    on_ball = inside > 0
    reach = np.where(on_ball, middle - np.sqrt(np.maximum(inside, 0)), WALL / rays[..., 1])
    points = origin + rays * reach[..., None]
    normals = np.where(on_ball[..., None], (points - CENTRE) / RADIUS, np.array([0.0, -1.0, 0.0]))
    return points[..., 1].astype(np.float32), points, normals


def lit(strength: dict[str, float]) -> np.ndarray:
    """A grey set under both lamps as points, Lambert's law, with a little light from everywhere."""
    _, points, normals = ball()
    total = np.full(points.shape[:2], 0.02)
    for name, place in (("key", KEY), ("fill", FILL)):
        away = place - points
        distance = np.linalg.norm(away, axis=-1)
        total += strength[name] * np.maximum((normals * away).sum(axis=-1) / distance, 0) / distance**2
    return np.repeat((0.3 * total)[..., None], 3, axis=2).astype(np.float32)


def rig(**gains: float) -> tuple[RigLight, ...]:
    """Both lamps as small softboxes."""
    aim = (0.0, 2.0, 0.0)
    return tuple(
        RigLight(id=n, position=(float(p[0]), float(p[1]), float(p[2])), aim=aim, size=0.1, lux=lux, gain_stops=gains.get(n, 0.0))
        for n, p, lux in (("key", KEY, 1.0 / 4.12), ("fill", FILL, 0.3 / 4.12))
    )


def relit(**settings: Any) -> np.ndarray:
    """The operation on the ball."""
    operation, parameters = RelightGeometry(), RelightGeometryParameters(camera=CAMERA, **({"rig": rig()} | settings))
    inputs = {"plate": Still(lit({"key": 1.0, "fill": 0.3})), "depth": Still(ball()[0])}
    analysis = operation.analyse(inputs, parameters, SeededContext(0))
    result = next(iter(operation.render(Chunk(FrameRange(0, 1), inputs), analysis, parameters, SeededContext(0))))
    assert result.fill is not None
    return np.asarray(result.fill)


def off(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean error on the ball in stops."""
    on_ball = ball()[0] < 2.2
    return float(np.mean(np.abs(np.log2((made + 1e-4) / (truth + 1e-4)))[on_ball]))


def test_another_ratio_comes_nearer_to_the_truth_on_the_ball_than_any_gain() -> None:
    plate, truth = lit({"key": 1.0, "fill": 0.3}), lit({"key": 0.35, "fill": 1.1})
    gains = np.exp2(np.arange(-2, 2, 0.05))
    best = min(off(plate * np.float32(gain), truth) for gain in gains)
    made = off(relit(rig=rig(key=np.log2(0.35), fill=np.log2(1.1 / 0.3))), truth)
    assert made < 0.7 * best


def test_lamps_as_they_were_filmed_touch_nothing() -> None:
    assert relit().shape == (1, 1, 3)


def test_no_pixel_changes_by_more_than_two_stops() -> None:
    stops = np.log2(relit(rig=rig(key=-8.0, fill=-8.0)) / lit({"key": 1.0, "fill": 0.3}))
    assert np.abs(stops).max() <= MOST_STOPS + 1e-3


def test_a_wider_key_to_fill_ratio_darkens_the_fill_side_of_the_ball() -> None:
    plate, made = lit({"key": 1.0, "fill": 0.3}), relit(key_fill_ratio=4.0)
    gain = np.log2(made / plate).mean(axis=2)
    assert gain[HEIGHT // 2, WIDTH // 2 - 16] > gain[HEIGHT // 2, WIDTH // 2 + 16] + 0.3


def test_a_key_asked_for_at_an_azimuth_and_height_stands_there() -> None:
    about = np.array([0.0, 2.0, 0.0])
    placed = rig()[0].placed(40.0, 25.0, about, CAMERA)
    assert direction_of(placed, about, CAMERA) == pytest.approx((40.0, 25.0), abs=1e-6)
    assert np.linalg.norm(np.array(placed.position) - about) == pytest.approx(np.linalg.norm(KEY - about))


def test_a_key_from_the_other_side_lights_the_other_side() -> None:
    plate, made = lit({"key": 1.0, "fill": 0.3}), relit(key_azimuth=45.0)
    gain = np.log2(made / plate).mean(axis=2)
    assert gain[HEIGHT // 2, WIDTH // 2 + 18] > 0.3 > -0.3 > gain[HEIGHT // 2, WIDTH // 2 - 18]


def test_a_beam_lights_nothing_outside_itself() -> None:
    surface = SeenSurface(ball()[0], CAMERA)
    narrow = RigLight(id="back", position=(0.0, 0.0, 0.0), aim=(0.0, 2.0, 0.0), size=0.1, beam=10.0)
    # The light from everywhere is the same over a wall that faces the camera; the beam's own is 18 cm wide on the ball.
    light = surface.shading(narrow)
    corner = light[2, 2]
    assert light[HEIGHT // 2, WIDTH // 2] > 3 * corner
    assert light[2:8, 2:40] == pytest.approx(corner, rel=0.02)


def test_lamps_that_all_have_a_reading_keep_their_proportion_before_a_set_painted_like_light() -> None:
    plate = lit({"key": 1.0, "fill": 0.3}) * np.linspace(0.3, 1.5, WIDTH, dtype=np.float32)[None, :, None]
    surface = SeenSurface(ball()[0], CAMERA)
    shadings = [surface.shading(lamp) for lamp in rig()]
    told = np.array([lamp.lux / surface.at_aim(lamp) for lamp in rig()])
    strengths, _ = solve_strengths(plate, shadings, told)
    held = (strengths[0] / strengths[1]) / (told[0] / told[1])
    assert held == pytest.approx(np.ones(3), rel=0.1)
    unread, _ = solve_strengths(plate, shadings, np.array([told[0], 0.0]))
    assert np.abs(unread[0] / unread[1] / (told[0] / told[1]) - 1).max() > 0.3


def test_without_a_rig_the_fault_says_what_to_give() -> None:
    with pytest.raises(BadInput, match="there are no lamps"):
        relit(rig=())
