"""A change of light asks for no new stage, and its pictures are those of a stage built for it, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.simulation.performers import Performer
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import Light, LightKey, Stage


class Watched:
    """A renderer whose orders are counted by their kind."""

    def __init__(self, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        ask = renderer.ask

        def watched(order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
            self.asked.append(order["do"])
            return ask(order, timeout_s)

        monkeypatch.setattr(renderer, "ask", watched)
        self.renderer = renderer

    def shot(self, stage: Stage, out: Path) -> dict[str, bytes]:
        """Every plane of every picture of a stage, by its place."""
        shoot_stage(stage, out, renderer=self.renderer)
        found = {}
        for path in sorted(out.rglob("*.exr")):
            for channel, plane in read_exr(path).planes.items():
                found[f"{path.relative_to(out)} {channel}"] = np.asarray(plane).tobytes()
        return found


@pytest.fixture
def watched(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(renderer, monkeypatch)


def lit(stage: Stage, **changes: object) -> Stage:
    """The stage with its key changed."""
    key: Light = stage.lights[0].model_copy(update=changes)
    return stage.model_copy(update={"lights": (key, *stage.lights[1:])})


def afresh(watched: Watched, stage: Stage, out: Path) -> dict[str, bytes]:
    """What a new process makes of a stage."""
    watched.renderer.restart()
    return watched.shot(stage, out)


@pytest.mark.parametrize(
    "change",
    [
        {"illuminance_lux": 30.0, "kelvin": 3200.0},
        {"translation": (1.5, -1.5, 2.5), "aim": (0.0, 0.5, 1.0), "size": (1.0, 0.2), "beam": 60.0},
    ],
)
def test_another_light_on_a_stage_that_stands_builds_nothing_and_gives_the_same_picture(
    watched: Watched, small: Stage, tmp_path: Path, change: dict[str, Any]
) -> None:
    watched.shot(lit(small, kelvin=4000.0), tmp_path / "before")
    watched.asked.clear()
    relit = watched.shot(lit(small, **change), tmp_path / "relit")
    assert "build" not in watched.asked and "relight" in watched.asked
    assert relit == afresh(watched, lit(small, **change), tmp_path / "afresh")


def test_what_a_keyed_lamp_did_is_gone_with_its_keys(watched: Watched, small: Stage, tmp_path: Path) -> None:
    one = small.model_copy(update={"frame_count": 2})
    fading = (LightKey(frame=1001, stops=0), LightKey(frame=1002, stops=-3))
    watched.shot(lit(one, keys=fading), tmp_path / "keyed")
    plain = watched.shot(one, tmp_path / "plain")
    assert plain == afresh(watched, one, tmp_path / "afresh")


def test_what_drifted_is_back_in_its_place_when_it_no_longer_does(watched: Watched, small: Stage, tmp_path: Path) -> None:
    away = small.model_copy(update={"first_frame": 1001, "frame_count": 2})
    drifting = away.model_copy(update={"rig": (away.rig[0].model_copy(update={"drift": (6.0, 0.0, 0.0)}),)})
    watched.shot(drifting, tmp_path / "drifting")
    assert watched.shot(away, tmp_path / "still") == afresh(watched, away, tmp_path / "afresh")


@pytest.mark.parametrize("change", [{"kind": "bulb"}, {"name": "sun"}])
def test_another_kind_of_lamp_takes_a_new_build(watched: Watched, small: Stage, tmp_path: Path, change: dict[str, Any]) -> None:
    watched.shot(small, tmp_path / "before")
    watched.asked.clear()
    fill = small.lights[1].model_copy(update={"relative_to": None, "stops": 0.0, "illuminance_lux": 20.0})
    free = small.model_copy(update={"lights": (small.lights[0], fill)})
    watched.shot(lit(free, **change), tmp_path / "other")
    assert "build" in watched.asked


def test_kept_data_are_not_used_for_pictures_of_another_size(watched: Watched, small: Stage, tmp_path: Path) -> None:
    two = small.model_copy(update={"frame_count": 2})
    watched.shot(two, tmp_path / "before")
    watched.asked.clear()
    camera = two.cameras[0].model_copy(update={"active_sensor_resolution": (64, 36)})
    watched.shot(two.model_copy(update={"cameras": (camera,)}), tmp_path / "smaller")
    assert "build" in watched.asked


def test_another_camera_and_exposure_build_nothing(watched: Watched, small: Stage, tmp_path: Path) -> None:
    watched.shot(small, tmp_path / "before")
    watched.asked.clear()
    camera = small.cameras[0].model_copy(update={"translation": (0.5, -2.5, 1.2), "exposure_stops": -1.0})
    watched.shot(small.model_copy(update={"cameras": (camera,)}), tmp_path / "moved")
    assert set(watched.asked) == {"frame"}


def test_people_of_a_stage_before_are_on_the_next_as_if_made_for_it(watched: Watched, small: Stage, tmp_path: Path) -> None:
    anna = Performer(name="anna", mark=(0.3, -0.6), heading=160.0)
    # Without a clean plate the process stays, and what it knows.
    picture = small.render.model_copy(update={"passes": ("beauty", "groups")})
    before = small.model_copy(update={"performers": (anna,), "render": picture})
    watched.shot(before, tmp_path / "before")
    worn = anna.wardrobe.model_copy(update={"top_colour": (0.5, 0.1, 0.1)})
    plan = small.set.model_copy(update={"items": small.set.items[:2]})
    after = before.model_copy(update={"set": plan, "performers": (anna.model_copy(update={"wardrobe": worn}),)})
    assert watched.shot(after, tmp_path / "after") == afresh(watched, after, tmp_path / "afresh")
