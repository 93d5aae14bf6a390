"""Model files of the studio on the stage: what the truth passes say of them."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.simulation.light import acescg
from answerprint.simulation.pieces import Item
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import Light, RenderSettings, SetPlan, Stage, StageCamera

PAINT = (0.5, 0.05, 0.05)
"""Base colour of the card, linear Rec.709."""


def card_gltf(path: Path) -> Path:
    """Two upright triangles of half a metre, each a mesh of its own, as a glTF (Y up) with its data inside."""
    corners = [(-0.25, 0.0, 0.0), (0.25, 0.0, 0.0), (0.25, 0.5, 0.0), (-0.25, 0.5, 0.0)]
    data = b"".join(struct.pack("<3f", *c) for c in corners) + struct.pack("<6H", 0, 1, 2, 0, 2, 3)
    positions = {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": [-0.25, 0, 0], "max": [0.25, 0.5, 0]}
    halves = [{"bufferView": 1, "byteOffset": at, "componentType": 5123, "count": 3, "type": "SCALAR"} for at in (0, 6)]
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0}, {"mesh": 1}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": half, "material": 0}]} for half in (1, 2)],
        "materials": [{"doubleSided": True, "pbrMetallicRoughness": {"baseColorFactor": [*PAINT, 1], "metallicFactor": 0}}],
        "accessors": [positions, *halves],
        "bufferViews": [{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 12}],
        "buffers": [{"byteLength": 60, "uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode()}],
    }
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def shot(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Passes of one small frame of the card, by name."""
    folder = tmp_path_factory.mktemp("card")
    stage = Stage(
        name="card",
        set=SetPlan(items=(Item(name="card", file=card_gltf(folder / "card.gltf")),)),
        lights=(Light(name="key", translation=(0, -3, 1), aim=(0, 0, 0.2), illuminance_lux=200),),
        cameras=(StageCamera(active_sensor_resolution=(48, 27), translation=(0, -1.2, 0.25)),),
        render=RenderSettings(samples=4, bounces=1, passes=("beauty", "albedo", "object_id", "mattes"), mattes=("card",)),
    )
    shoot_stage(stage, folder / "out", renderer=renderer)
    kinds = ("albedo", "object_id", "mattes/card")
    found = {kind: read_exr(folder / "out" / "A" / kind / "card.1001.exr").planes for kind in kinds}
    return {
        kind: np.stack([np.asarray(planes[c], dtype=np.float64) for c in sorted(planes, reverse=True)], axis=-1)
        for kind, planes in found.items()
    }


def test_a_model_of_several_parts_has_one_matte(shot: dict[str, np.ndarray]) -> None:
    seen = shot["object_id"][..., 0] == 1
    matte = shot["mattes/card"][..., 0]
    assert seen.mean() > 0.1
    assert matte[seen].mean() > 0.95
    assert matte.sum() == pytest.approx(seen.sum(), rel=0.03)


def test_a_models_colours_are_brought_into_the_working_space(shot: dict[str, np.ndarray]) -> None:
    found = np.median(shot["albedo"][shot["object_id"][..., 0] == 1], axis=0)
    # Glossy reflection takes a few per cent of the diffuse colour, of all channels alike.
    assert found / found.max() == pytest.approx(np.array(acescg(PAINT)) / max(acescg(PAINT)), abs=0.02)
