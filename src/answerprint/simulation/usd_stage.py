"""A stage as a USD scene: centimetres, cameras with a sample for each frame, lights in UsdLux's units, the set as plain meshes.

UsdLux measures a light's intensity in cd/m2 of its surface where it is not normalised (openusd.org, "UsdLux: quantities and units"), a
normalised distant light in lux; focal length and aperture are tenths of a scene unit, with centimetres millimetres (UsdGeomCamera).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Literal

import numpy as np

from answerprint.production import BadInput
from answerprint.simulation import cameras, light
from answerprint.simulation.order import Shoot
from answerprint.simulation.pieces import Item, Material
from answerprint.simulation.poses import pose_at
from answerprint.simulation.stage import Light, StageCamera

UpAxis = Literal["Y", "Z"]
Way = list[tuple[StageCamera, float | None]]
_CM = 100.0
_ROOT = "/Stage"


def write_usd(shoot: Shoot, ways: dict[str, Way], path: Path, up: UpAxis) -> list[str]:
    """Write the stage of ``shoot`` with its cameras' ``ways``; returns what the scene does not carry, one line each.

    Raises BadInput without usd-core.
    """
    try:
        from pxr import Usd, UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise BadInput(path, "USD needs the extra 'spatial'", "pip install 'answerprint[spatial]'") from None
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageMetersPerUnit(stage, 1 / _CM)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z if up == "Z" else UsdGeom.Tokens.y)
    rate = float(shoot.stage.rate)
    stage.SetTimeCodesPerSecond(rate)
    stage.SetFramesPerSecond(rate)
    stage.SetStartTimeCode(shoot.stage.first_frame)
    stage.SetEndTimeCode(shoot.stage.frames[-1])
    root = UsdGeom.Xform.Define(stage, _ROOT)
    stage.SetDefaultPrim(root.GetPrim())
    if up == "Y":
        root.AddRotateXOp().Set(-90.0)
    notes: list[str] = []
    for label, way in ways.items():
        _camera(stage, shoot, label, way)
    for lamp in shoot.lights:
        notes += _lamp(stage, shoot, lamp)
    notes += _sky(stage, shoot)
    materials = {name: _material(stage, name, about) for name, about in shoot.materials.items()}
    for item in shoot.items:
        notes += _item(stage, item, materials)
    _performers(stage, shoot)
    stage.GetRootLayer().Export(str(path))
    return notes


def _camera(stage: Any, shoot: Shoot, label: str, way: Way) -> None:
    from pxr import Gf, Sdf, UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]

    camera = UsdGeom.Camera.Define(stage, _under("Cameras", label))
    first = way[0][0]
    width, height = first.active_sensor_physical_dimensions
    camera.CreateHorizontalApertureAttr(width)
    camera.CreateVerticalApertureAttr(height)
    camera.CreateClippingRangeAttr(Gf.Vec2f(5.0, 200_000.0))
    # Open and shut in frames about the moment of the sample, which lies in the middle of the exposure.
    camera.CreateShutterOpenAttr(-first.shutter_angle / 720.0)
    camera.CreateShutterCloseAttr(first.shutter_angle / 720.0)
    place, prim = camera.AddTransformOp(), camera.GetPrim()
    for frame, (state, focus) in zip(shoot.stage.frames, way, strict=True):
        matrix = np.eye(4)
        matrix[:3] = cameras.renderer_state(state, focus)["matrix"]
        matrix[:3, 3] *= _CM
        place.Set(Gf.Matrix4d(matrix.T.tolist()), frame)
        camera.CreateFocalLengthAttr().Set(state.pinhole_focal_length, frame)
        camera.CreateFStopAttr().Set(0.0 if focus is None else cameras.f_stop(state), frame)
        if focus is not None:
            camera.CreateFocusDistanceAttr().Set(focus * _CM, frame)
        right, above = state.projection_offset
        if right or above:
            # The window moves the other way from the axis that it is seen from.
            camera.CreateHorizontalApertureOffsetAttr().Set(-right, frame)
            camera.CreateVerticalApertureOffsetAttr().Set(-above, frame)
        prim.CreateAttribute("answerprint:tStop", Sdf.ValueTypeNames.Float).Set(state.t_stop, frame)
    prim.CreateAttribute("answerprint:isoSpeed", Sdf.ValueTypeNames.Float).Set(first.iso_speed)
    prim.CreateAttribute("answerprint:whiteBalance", Sdf.ValueTypeNames.Float).Set(first.white_balance_kelvin)
    prim.CreateAttribute("answerprint:shutterAngle", Sdf.ValueTypeNames.Float).Set(first.shutter_angle)
    prim.CreateAttribute("answerprint:distortion", Sdf.ValueTypeNames.String).Set(first.distortion.model_dump_json())


def _lamp(stage: Any, shoot: Shoot, lamp: Light) -> list[str]:
    from pxr import Gf, Sdf, UsdLux  # type: ignore[import-not-found, import-untyped, unused-ignore]

    kinds = {"fresnel": UsdLux.SphereLight, "bulb": UsdLux.SphereLight, "sun": UsdLux.DistantLight, "sky": UsdLux.DomeLight}
    made = kinds.get(lamp.kind, UsdLux.RectLight).Define(stage, _under("Lights", lamp.name))
    lamps = shoot.stage.lights if lamp in shoot.stage.lights else shoot.lights
    lux = light.lux_at_aim(lamp, lamps)
    made.CreateIntensityAttr(luminance(lamp, lux))
    for key in lamp.keys:
        made.GetIntensityAttr().Set(luminance(lamp, lux * 2.0 ** light.key_stops(lamp.keys, key.frame)), key.frame)
    made.CreateEnableColorTemperatureAttr(True)
    made.CreateColorTemperatureAttr(light.kelvin_behind_gel(lamp.kelvin, lamp.gel))
    made.CreateColorAttr(Gf.Vec3f(*light.gel_colour(lamp.gel)))
    if lamp.kind in ("fresnel", "bulb"):
        made.CreateRadiusAttr(_CM * max(lamp.size) / 2)
    elif lamp.kind == "sun":
        made.CreateAngleAttr(0.53)
        made.CreateNormalizeAttr(True)
    elif lamp.kind != "sky":
        made.CreateWidthAttr(_CM * lamp.size[0])
        made.CreateHeightAttr(_CM * lamp.size[1])
    if lamp.kind == "fresnel" or (lamp.kind == "softbox" and lamp.beam != 45.0):
        UsdLux.ShapingAPI.Apply(made.GetPrim()).CreateShapingConeAngleAttr(lamp.beam / 2)
    if lamp.kind != "sky":
        matrix = np.eye(4)
        matrix[:3] = light.facing(lamp.translation, lamp.aim)
        matrix[:3, 3] *= _CM
        made.AddTransformOp().Set(Gf.Matrix4d(matrix.T.tolist()))
    made.GetPrim().CreateAttribute("answerprint:illuminance_lux", Sdf.ValueTypeNames.Float).Set(lux)
    return [f"light {lamp.name}: its tint of {lamp.tint:+g} Duv is not carried"] if lamp.tint else []


def luminance(lamp: Light, lux: float) -> float:
    """What UsdLux calls the intensity of a lamp that gives ``lux`` at its aim: cd/m2 of its surface; of a sun lux."""
    if lamp.kind == "sun":
        return lux
    if lamp.kind == "sky":
        return lux / np.pi
    distance = float(np.linalg.norm(np.subtract(lamp.translation, lamp.aim)))
    if lamp.kind in ("fresnel", "bulb"):
        radius = max(max(lamp.size) / 2, 1e-3)
        return lux * distance**2 / (np.pi * radius**2)
    return light.power(lamp, lux) / (np.pi * lamp.size[0] * lamp.size[1])


def _sky(stage: Any, shoot: Shoot) -> list[str]:
    """The sky of the place or of the studio, unless a light of its own was written already."""
    from pxr import Gf, UsdLux  # type: ignore[import-not-found, import-untyped, unused-ignore]

    plan, sky = shoot.stage.set, shoot.place.sky
    if any(lamp.kind == "sky" for lamp in shoot.lights) or (plan.hdri is None and sky is None):
        return []
    dome = UsdLux.DomeLight.Define(stage, _under("Lights", "sky dome"))
    if plan.hdri is not None:
        dome.CreateTextureFileAttr(str(plan.hdri.resolve()))
        dome.CreateIntensityAttr(plan.hdri_nits)
        dome.AddRotateZOp().Set(plan.hdri_turn)
        return ["the environment picture is named by its path, not copied, and its turn was not compared"]
    assert sky is not None
    dome.CreateIntensityAttr(float(sky["radiance"]) * 2.0**plan.daylight_stops)
    dome.CreateColorAttr(Gf.Vec3f(*[float(v) for v in np.linalg.inv(light.REC709_TO_AP1) @ np.array(sky["zenith"])]))
    return ["the sky is an even dome of its zenith's colour; horizon, ground and clouds are not carried"]


def _material(stage: Any, name: str, about: Material) -> Any:
    from pxr import Gf, Sdf, UsdShade  # type: ignore[import-not-found, import-untyped, unused-ignore]

    path = _under("Materials", name)
    material, shader = UsdShade.Material.Define(stage, path), UsdShade.Shader.Define(stage, f"{path}/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    shines = about.kind in ("glow", "screen")
    shader.CreateInput("emissiveColor" if shines else "diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*about.colour))
    rough = 0.5 if about.roughness is None else about.roughness
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(rough)
    metal = float(about.kind == "metal") if about.metallic is None else about.metallic
    shader.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(metal)
    if about.kind in ("glass", "liquid"):
        shader.CreateInput("opacity", Sdf.ValueTypeNames.Float).Set(0.2)
    material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
    return material


def _item(stage: Any, item: Item, materials: dict[str, Any]) -> list[str]:
    """One thing: a mesh for each of its materials, or a reference to the studio's file."""
    from pxr import Gf, UsdGeom, UsdShade  # type: ignore[import-not-found, import-untyped, unused-ignore]

    path = _under("Set", item.name)
    thing = UsdGeom.Xform.Define(stage, path)
    thing.AddTranslateOp().Set(Gf.Vec3d(*[_CM * v for v in item.at]))
    thing.AddRotateXYZOp().Set(Gf.Vec3f(*item.turn))
    if item.file is not None:
        if item.file.suffix.lower() not in (".usd", ".usda", ".usdc", ".usdz"):
            return [f"thing {item.name}: {item.file.name} is no USD file; its place is there, import the file itself"]
        thing.AddScaleOp().Set(Gf.Vec3f(*[item.file_scale] * 3))
        UsdGeom.Xform.Define(stage, f"{path}/model").GetPrim().GetReferences().AddReference(str(item.file.resolve()))
        return [f"thing {item.name}: referenced by its path; USD does not convert its units or its up axis"]
    for name in dict.fromkeys(part.material for part in item.parts):
        points, counts, indices, start = [], [], [], 0
        for part in item.parts:
            if part.material != name:
                continue
            about = {"shape": part.shape, "at": part.at, "turn": part.turn, **part.figures}
            vertices, faces, _ = _shapes().of(about)
            points.append(np.asarray(vertices, dtype=np.float64) * _CM)
            counts += [len(face) for face in faces]
            indices += [start + int(i) for face in faces for i in face]
            start += len(vertices)
        mesh = UsdGeom.Mesh.Define(stage, f"{path}/{_valid(name)}")
        mesh.CreatePointsAttr(np.concatenate(points).astype(np.float32))
        mesh.CreateFaceVertexCountsAttr(counts)
        mesh.CreateFaceVertexIndicesAttr(indices)
        mesh.CreateSubdivisionSchemeAttr("none")
        if name in materials:
            UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(materials[name])
    return []


def _performers(stage: Any, shoot: Shoot) -> None:
    """A capsule of each performer's height that goes where they go."""
    from pxr import Gf, UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]

    for performer in shoot.stage.performers:
        radius, height = 20.0, _CM * performer.build.height
        marker = UsdGeom.Capsule.Define(stage, _under("Performers", performer.name))
        marker.CreateRadiusAttr(radius)
        marker.CreateHeightAttr(height - 2 * radius)
        marker.CreateAxisAttr(UsdGeom.Tokens.z)
        place, turn = marker.AddTranslateOp(), marker.AddRotateZOp()
        for frame in shoot.stage.frames:
            pose = pose_at(performer, frame, float(shoot.stage.rate), shoot.place.marks)
            place.Set(Gf.Vec3d(_CM * pose["at"][0], _CM * pose["at"][1], _CM * pose["floor"] + height / 2), frame)
            turn.Set(float(pose["heading"]), frame)


def _under(group: str, name: str) -> str:
    return f"{_ROOT}/{group}/{_valid(name)}"


def _valid(name: str) -> str:
    """The name as USD allows it; two names that differ stay different."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else f"_{ord(c):x}_" if not c.isspace() else "_" for c in name)
    return plain if not plain[:1].isdigit() else f"_{plain}"


@cache
def _shapes() -> Any:
    """The plain solids as the renderer builds them: a file of numpy alone that lies on its side of the boundary."""
    file = Path(str(files("answerprint.simulation"))) / "worker" / "shapes.py"
    spec = spec_from_file_location("answerprint_stage_shapes", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
