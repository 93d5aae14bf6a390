"""Lamps solved from a plate are the lamps that lit it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.optics.sensor import Gain
from answerprint.production import BadInput
from answerprint.simulation.inverse_lighting import as_solved, rendered_colours, solve_lighting
from answerprint.simulation.light import light_colour, lux_at_aim
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import Light, Stage

Picture = np.ndarray


def lit(seed: int = 1, count: int = 3) -> dict[str, Picture]:
    draw = np.random.default_rng(seed)
    return {
        f"lamp{n}": np.repeat(np.repeat(draw.gamma(0.7, 0.3, (10, 12, 3)), 4, axis=0), 4, axis=1).astype(np.float32)
        for n in range(count)
    }


def test_gains_of_a_sum_come_back_and_a_lamp_that_is_off_is_off() -> None:
    groups = lit()
    gains = {"lamp0": (1.5, 1.2, 0.7), "lamp1": (0.25, 0.3, 0.4), "lamp2": (0.0, 0.0, 0.0)}
    plate = np.sum([groups[n] * np.array(g, dtype=np.float32) for n, g in gains.items()], axis=0)
    found = solve_lighting(plate, groups, block=4)
    for name, gain in gains.items():
        assert found.lights[name].gain == pytest.approx(gain, abs=1e-5)
    assert found.lights["lamp2"].stops is None
    assert found.residual < 1e-5


def test_the_truth_lies_within_the_stated_doubt() -> None:
    groups = lit()
    draw = np.random.default_rng(5)
    misses = []
    for _ in range(40):
        plate = groups["lamp0"] + 0.5 * groups["lamp1"] + groups["lamp2"]
        plate = (plate * (1 + 0.05 * draw.standard_normal(plate.shape))).astype(np.float32)
        found = solve_lighting(plate, groups, block=4).lights["lamp1"]
        misses += [(g - 0.5) / d for g, d in zip(found.gain, found.deviation, strict=True)]
    assert 0.6 < np.std(misses) < 1.5


def test_colour_temperature_and_stops_follow_from_the_gains() -> None:
    groups = lit(count=1)
    was, now = light_colour(5600), light_colour(3200)
    plate = groups["lamp0"] * np.float32(2 * np.array(now) / was)
    found = solve_lighting(plate, groups, block=4, rendered={"lamp0": was}).lights["lamp0"]
    assert found.stops == pytest.approx(1.0, abs=0.001)
    assert found.kelvin == pytest.approx(3200, rel=0.005)


def test_what_is_not_on_the_stage_is_left_out() -> None:
    groups = lit()
    plate = np.sum(list(groups.values()), axis=0)
    plate[10:20, 10:20] = 5.0
    where = np.ones(plate.shape[:2], dtype=bool)
    where[10:20, 10:20] = False
    assert solve_lighting(plate, groups, where=where, block=4).residual < 1e-5
    assert solve_lighting(plate, groups, block=4).residual > 0.1


def test_two_lamps_that_light_alike_are_told_by_the_condition() -> None:
    groups = lit(count=2)
    groups["twin"] = groups["lamp0"] * np.float32(1.001)
    assert solve_lighting(groups["lamp0"], groups, block=4).condition > 1000
    assert solve_lighting(groups["lamp0"], lit(count=2), block=4).condition < 10


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="no light group"):
        solve_lighting(lit()["lamp0"], {})
    with pytest.raises(BadInput, match="through the plate's camera"):
        solve_lighting(np.zeros((5, 5, 3), np.float32), lit())
    with pytest.raises(BadInput, match="are left to solve from"):
        solve_lighting(lit()["lamp0"], lit(), where=np.zeros((40, 48), dtype=bool))


def test_the_lamps_of_a_rendered_noisy_plate_are_found_within_two_percent_and_fifty_kelvin(
    renderer: Renderer, small: Stage, tmp_path: Path
) -> None:
    """The plate has other noise (seed, sensor), no wire, and lamps of other lux and colour than those it is solved with."""
    key, fill = small.lights
    real = (
        key.model_copy(update={"illuminance_lux": 170.0, "kelvin": 4000.0}),
        Light.model_validate({**fill.model_dump(), "stops": None, "illuminance_lux": 60.0, "kelvin": 3200.0}),
    )
    quiet = small.render.model_copy(update={"samples": 48, "passes": ("beauty", "groups")})
    eye = small.cameras[0].model_copy(update={"sensor_gains": (Gain(iso=800, electrons_at_grey=400, read_noise=4),)})
    known = small.model_copy(update={"render": quiet, "rig": ()})
    shot = known.model_copy(update={"lights": real, "seed": 99, "cameras": (eye,)})
    shoot_stage(known, tmp_path / "known", renderer=renderer)
    shoot_stage(shot, tmp_path / "shot", renderer=renderer)

    def picture(folder: str, stage: Stage, kind: str) -> Picture:
        planes = read_exr(pass_file(tmp_path / folder, stage, stage.cameras[0], kind, 1001)).planes
        return np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)

    groups = {name: picture("known", known, f"groups/{name}") for name in ("key", "fill")}
    found = solve_lighting(picture("shot", shot, "plate"), groups, rendered_colours(known.lights), block=4)
    solved = as_solved(known.lights, found)
    for lamp, truth in zip(solved, real, strict=True):
        assert lux_at_aim(lamp, solved) == pytest.approx(truth.illuminance_lux, rel=0.02)
        assert lamp.kelvin == pytest.approx(truth.kelvin, abs=50)
