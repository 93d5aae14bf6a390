"""A renderer that the rendered tests share, and a small stage."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest

from answerprint.production import BadInput
from answerprint.simulation.pieces import Item, Material, box
from answerprint.simulation.renderer import Renderer, interpreter
from answerprint.simulation.stage import Light, RenderSettings, RigObject, SetPlan, Stage, StageCamera


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    """One renderer process for all tests; they are skipped, with the reason, where its environment is missing."""
    try:
        interpreter()
    except BadInput as missing:
        pytest.skip(str(missing))
    with Renderer() as running:
        yield running


@pytest.fixture(scope="session")
def measured() -> Callable[[str], Any]:
    """What a program says (JSON) beside the renderer's own modules, whose folder is its argument; skipped where their environment is missing."""
    try:
        python = interpreter()
    except BadInput as missing:
        pytest.skip(str(missing))
    worker = str(files("answerprint.simulation").joinpath("worker"))

    def run(program: str) -> Any:
        return json.loads(
            subprocess.run([str(python), "-I", "-c", program, worker], capture_output=True, text=True, check=True).stdout
        )

    return run


@pytest.fixture(scope="session")
def small() -> Stage:
    """A grey card in front of a wall, a key and a fill, a wire; 96x54 and 4 samples."""
    return Stage(
        name="small",
        set=SetPlan(
            items=(
                Item(name="floor", parts=(box((6, 6, 0.1), "wood", (0, 0, -0.1)),)),
                Item(name="wall", parts=(box((6, 0.1, 3), "paint", (0, 2, 0)),)),
                Item(name="card", parts=(box((0.6, 0.02, 0.6), "grey", (0, 0, 1.2), bevel=0.0),)),
            ),
            materials={
                "wood": Material(kind="planks", colour=(0.35, 0.2, 0.1), colour2=(0.2, 0.1, 0.05)),
                "paint": Material(kind="paint", colour=(0.4, 0.5, 0.45)),
                "grey": Material(kind="plastic", colour=(0.18, 0.18, 0.18), roughness=1.0, wear=0.0),
            },
        ),
        lights=(
            Light(name="key", kind="softbox", translation=(0, -2.5, 1.5), aim=(0, 0, 1.5), illuminance_lux=100, size=(0.5, 0.5)),
            Light(name="fill", kind="bulb", translation=(2, -2, 2), aim=(0, 0, 1.5), stops=-2, size=(0.1, 0.1)),
        ),
        cameras=(StageCamera(active_sensor_resolution=(96, 54), translation=(0, -3, 1.5)),),
        rig=(RigObject(name="wire", points=((-0.5, -0.3, 2.6), (-0.1, -0.2, 1.4)), diameter=0.03),),
        render=RenderSettings(samples=4, bounces=1),
    )
