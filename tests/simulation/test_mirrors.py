"""What a mirror of a set shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from answerprint.media.exr import read_exr
from answerprint.simulation.pieces import Item, Material, box
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.sets.registry import build
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import RenderSettings, SetPlan, Stage, StageCamera


def test_a_mirror_is_silvered_glass_and_shows_an_edge_behind_the_camera_sharp(renderer: Renderer, tmp_path: Path) -> None:
    lit = Material(kind="glow", colour=(1, 1, 1), nits=50.0, wear=0.0)
    place = SetPlan(
        items=(
            Item(name="mirror", parts=(box((3, 0.02, 3), "mirror", bevel=0.0),)),
            Item(name="panel", parts=(box((3, 0.02, 3), "lit", (1.5, -6, 0), bevel=0.0),)),
        ),
        materials={"mirror": build(SetPlan(family="interview-room", seed=1, time="day")).materials["mirror"], "lit": lit},
    )
    camera = StageCamera(active_sensor_resolution=(96, 54), translation=(0, -3, 1.5), pinhole_focal_length=200)
    stage = Stage(name="mirror", set=place, cameras=(camera,), render=RenderSettings(samples=16, passes=("beauty",)))
    shoot_stage(stage, tmp_path, renderer=renderer)
    seen = np.asarray(read_exr(pass_file(tmp_path, stage, camera, "beauty", 1001)).planes["G"], dtype=np.float32).mean(axis=0)
    most = seen.max()
    assert most > 0
    assert seen.min() < 0.02 * most
    assert ((seen > 0.05 * most) & (seen < 0.95 * most)).sum() <= 2
