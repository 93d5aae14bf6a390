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


def card_gltf(path: Path, nits: float = 0.0) -> Path:
    """Two upright triangles of half a metre, each a mesh of its own, as a glTF (Y up) with its data inside; they glow at some ``nits``."""
    corners = [(-0.25, 0.0, 0.0), (0.25, 0.0, 0.0), (0.25, 0.5, 0.0), (-0.25, 0.5, 0.0)]
    data = b"".join(struct.pack("<3f", *c) for c in corners) + struct.pack("<6H", 0, 1, 2, 0, 2, 3)
    positions = {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": [-0.25, 0, 0], "max": [0.25, 0.5, 0]}
    halves = [{"bufferView": 1, "byteOffset": at, "componentType": 5123, "count": 3, "type": "SCALAR"} for at in (0, 6)]
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0}, {"mesh": 1}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": half, "material": 0}]} for half in (1, 2)],
        "materials": [
            {
                "doubleSided": True,
                "pbrMetallicRoughness": {"baseColorFactor": [*PAINT, 1], "metallicFactor": 0},
                "emissiveFactor": [float(nits > 0)] * 3,
                "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": nits}},
            }
        ],
        "extensionsUsed": ["KHR_materials_emissive_strength"],
        "accessors": [positions, *halves],
        "bufferViews": [{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 12}],
        "buffers": [{"byteLength": 60, "uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode()}],
    }
    path.write_text(json.dumps(document))
    return path


def card_usd(path: Path, interpolation: str, colours: list[tuple[float, float, float]]) -> Path:
    """An upright square of half a metre, two triangles, without a material and with display colours, as USD (Z up)."""
    path.write_text(f"""#usda 1.0
(
    defaultPrim = "card"
    metersPerUnit = 1
    upAxis = "Z"
)
def Mesh "card"
{{
    int[] faceVertexCounts = [3, 3]
    int[] faceVertexIndices = [0, 1, 2, 0, 2, 3]
    point3f[] points = [(-0.25, 0, 0), (0.25, 0, 0), (0.25, 0, 0.5), (-0.25, 0, 0.5)]
    color3f[] primvars:displayColor = {colours} (
        interpolation = "{interpolation}"
    )
}}
""")
    return path


def passes_of_card(renderer: Renderer, file: Path, out: Path) -> dict[str, np.ndarray]:
    """Passes of one small frame of the card, by name."""
    stage = Stage(
        name="card",
        set=SetPlan(items=(Item(name="card", file=file, group="sign"),)),
        lights=(Light(name="key", translation=(0, -3, 1), aim=(0, 0, 0.2), illuminance_lux=200),),
        cameras=(StageCamera(active_sensor_resolution=(48, 27), translation=(0, -1.2, 0.25)),),
        render=RenderSettings(samples=4, bounces=1, passes=("beauty", "groups", "albedo", "object_id", "mattes"), mattes=("card",)),
    )
    shoot_stage(stage, out, renderer=renderer)
    kinds = ("beauty", "groups/key", "groups/sign", "albedo", "object_id", "mattes/card")
    found = {kind: read_exr(out / "A" / kind / "card.1001.exr").planes for kind in kinds}
    return {
        kind: np.stack([np.asarray(planes[c], dtype=np.float64) for c in sorted(planes, reverse=True)], axis=-1)
        for kind, planes in found.items()
    }


def hue(colours: np.ndarray) -> np.ndarray:
    """Colours (..., 3) over their largest channel: glossy reflection takes a few per cent of the diffuse colour, of all channels alike."""
    return colours / colours.max(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def shot(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Passes of the card as a glTF."""
    folder = tmp_path_factory.mktemp("card")
    return passes_of_card(renderer, card_gltf(folder / "card.gltf"), folder / "out")


def test_a_model_of_several_parts_has_one_matte(shot: dict[str, np.ndarray]) -> None:
    seen = shot["object_id"][..., 0] == 1
    matte = shot["mattes/card"][..., 0]
    assert seen.mean() > 0.1
    assert matte[seen].mean() > 0.95
    assert matte.sum() == pytest.approx(seen.sum(), rel=0.03)


def test_a_models_colours_are_brought_into_the_working_space(shot: dict[str, np.ndarray]) -> None:
    found = np.median(shot["albedo"][shot["object_id"][..., 0] == 1], axis=0)
    assert hue(found) == pytest.approx(hue(np.array(acescg(PAINT))), abs=0.02)


def test_what_glows_in_a_model_is_a_light_group_and_the_groups_add_up_to_the_beauty(renderer: Renderer, tmp_path: Path) -> None:
    glowing = passes_of_card(renderer, card_gltf(tmp_path / "sign.gltf", nits=80.0), tmp_path / "out")
    total = glowing["groups/key"] + glowing["groups/sign"]
    assert np.abs(total - glowing["beauty"]).max() < 1e-5 * np.percentile(glowing["beauty"], 99)
    inside = glowing["mattes/card"][..., 0] > 0.99
    assert glowing["groups/sign"][inside].min() > 0
    assert np.median(glowing["groups/sign"][inside][:, 1]) > np.median(glowing["groups/key"][inside][:, 1])


def test_a_model_that_does_not_glow_has_a_dark_group(shot: dict[str, np.ndarray]) -> None:
    assert not shot["groups/sign"].any()


@pytest.mark.parametrize(("interpolation", "count"), [("constant", 1), ("uniform", 2), ("vertex", 4), ("faceVarying", 6)])
def test_a_usd_thing_without_a_material_has_its_display_colour(
    renderer: Renderer, tmp_path: Path, interpolation: str, count: int
) -> None:
    passes = passes_of_card(renderer, card_usd(tmp_path / "card.usda", interpolation, [PAINT] * count), tmp_path / "out")
    found = np.median(passes["albedo"][passes["object_id"][..., 0] == 1], axis=0)
    assert hue(found) == pytest.approx(hue(np.array(acescg(PAINT))), abs=0.02)


def test_display_colours_differ_from_face_to_face(renderer: Renderer, tmp_path: Path) -> None:
    other = (0.05, 0.3, 0.5)
    passes = passes_of_card(renderer, card_usd(tmp_path / "card.usda", "uniform", [PAINT, other]), tmp_path / "out")
    found = hue(passes["albedo"][passes["mattes/card"][..., 0] > 0.99])
    for colour in (PAINT, other):
        near = np.abs(found - hue(np.array(acescg(colour)))).max(axis=-1) < 0.05
        assert near.mean() > 0.3
