"""What is written for Unreal, read back with usd-core, and its script run against a stand-in with Unreal's published names only."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.ingest.tracking.usd_camera import read_usd
from answerprint.media.exr import read_exr
from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.distortion import Distortion
from answerprint.optics.track import axes_from_angles
from answerprint.optics.ulens import read_ulens
from answerprint.production import BadInput
from answerprint.simulation import cameras
from answerprint.simulation.performers import Performer
from answerprint.simulation.pieces import Item
from answerprint.simulation.stage import CameraKey, Light, SetPlan, Stage, StageCamera
from answerprint.simulation.unreal import unreal_pose, write_unreal
from answerprint.simulation.usd_stage import luminance


@pytest.fixture
def moving(small: Stage) -> Stage:
    """The small stage with a crane move, a zoom, a rack focus and a performer; five frames."""
    keys = (
        CameraKey(frame=1001, translation=(0.0, -3.0, 1.5), pinhole_focal_length=24.0, focus_distance=3.0),
        CameraKey(frame=1005, translation=(1.2345, -2.0, 2.5), pinhole_focal_length=75.0, focus_distance=1.25),
    )
    camera = StageCamera(look_at=(0, 0, 1.2), rotation=(0, 0, 7.0), keys=keys, shutter_angle=172.8, f_stop=2.0)
    return small.model_copy(
        update={"cameras": (camera,), "frame_count": 5, "performers": (Performer(name="anna", mark=(0.5, 0.5)),)}
    )


@pytest.mark.parametrize("up", ["Y", "Z"])
def test_cameras_come_back_from_usd_within_a_tenth_of_a_millimetre_and_with_their_focal_lengths(
    moving: Stage, tmp_path: Path, up: Any
) -> None:
    track = read_usd(write_unreal(moving, tmp_path, up).stage)
    states = [cameras.at_frame(moving.cameras[0], frame) for frame in moving.frames]
    assert np.abs(track.translation - np.array([s.translation for s in states])).max() < 1e-4
    turned = axes_from_angles(track.rotation)
    assert np.abs(turned - axes_from_angles(np.array([s.rotation for s in states]))).max() < 1e-6
    assert track.focal_length_mm == pytest.approx([s.pinhole_focal_length for s in states], abs=1e-4)
    assert track.focus_distance_m == pytest.approx([s.focus_distance for s in states], abs=1e-4)
    assert track.sensor_mm == pytest.approx((28.0, 15.75))


def test_the_scene_is_in_centimetres_with_the_true_shutter_and_rate(moving: Stage, tmp_path: Path) -> None:
    from pxr import Usd, UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]

    stage = Usd.Stage.Open(str(write_unreal(moving, tmp_path).stage))
    assert UsdGeom.GetStageMetersPerUnit(stage) == 0.01
    assert UsdGeom.GetStageUpAxis(stage) == "Z"
    assert (stage.GetTimeCodesPerSecond(), stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (24, 1001, 1005)
    camera = UsdGeom.Camera(stage.GetPrimAtPath("/Stage/Cameras/A"))
    assert camera.GetShutterCloseAttr().Get() - camera.GetShutterOpenAttr().Get() == pytest.approx(172.8 / 360)
    assert camera.GetFStopAttr().Get(1003) == pytest.approx(2.0)
    boxes = UsdGeom.BBoxCache(Usd.TimeCode(1001), ["default"])
    card = boxes.ComputeWorldBound(stage.GetPrimAtPath("/Stage/Set/card")).ComputeAlignedRange()
    assert list(card.GetMin()) == pytest.approx([-30, -1, 120], abs=0.01)
    assert list(card.GetMax()) == pytest.approx([30, 1, 180], abs=0.01)
    anna = boxes.ComputeWorldBound(stage.GetPrimAtPath("/Stage/Performers/anna")).ComputeAlignedRange()
    assert anna.GetMax()[2] == pytest.approx(172.0, abs=0.01)


def test_lights_keep_temperature_gel_and_place_and_their_luminance_gives_the_lux(small: Stage, tmp_path: Path) -> None:
    from pxr import Usd, UsdLux  # type: ignore[import-not-found, import-untyped, unused-ignore]

    key = Light(
        name="key",
        kind="panel",
        translation=(0, -3, 1),
        aim=(0, 0, 1),
        illuminance_lux=200,
        kelvin=5600,
        gel="full-cto",
        size=(1.0, 0.5),
    )
    stage = small.model_copy(update={"lights": (key,)})
    scene = Usd.Stage.Open(str(write_unreal(stage, tmp_path).stage))
    lamp = UsdLux.RectLight(scene.GetPrimAtPath("/Stage/Lights/key"))
    assert lamp.GetColorTemperatureAttr().Get() == pytest.approx(1e6 / (1e6 / 5600 + 159))
    assert lamp.GetWidthAttr().Get() == pytest.approx(100.0)
    nits = lamp.GetIntensityAttr().Get()
    x, y = np.meshgrid(np.linspace(-0.495, 0.495, 100), np.linspace(-0.2475, 0.2475, 100))
    r2 = x**2 + y**2 + 9.0
    assert nits * float((9.0 / r2**2).mean()) * 0.5 == pytest.approx(200, rel=0.01)
    matrix = np.array(lamp.GetLocalTransformation()).T
    assert matrix[:3, 3] == pytest.approx([0, -300, 100])
    assert -matrix[:3, 2] == pytest.approx([0, 1, 0])
    bulb = Light(name="b", kind="bulb", translation=(0, 0, 3), aim=(0, 0, 1), illuminance_lux=50, size=(0.2, 0.2))
    assert luminance(bulb, 50) * np.pi * 0.1**2 / 2**2 == pytest.approx(50)


def test_a_lens_that_bends_has_a_ulens_with_its_distortion(moving: Stage, tmp_path: Path) -> None:
    bent = moving.cameras[0].model_copy(update={"distortion": Distortion(radial=(-0.1, 0.02))})
    written = write_unreal(moving.model_copy(update={"cameras": (bent,)}), tmp_path)
    lens, sensor = read_ulens(written.lenses[0])
    assert sensor.dimensions == pytest.approx((28.0, 15.75))
    assert lens.distortion is not None
    assert lens.distortion.settings[0].model.numbers()[:2] == pytest.approx([-0.1, 0.02])
    assert {round(row.values[0], 3) for row in lens.pinhole_focal_length.rows} >= {24.0, 75.0}


def test_a_lens_that_ulens_cannot_carry_becomes_stmaps_and_that_is_said(small: Stage, tmp_path: Path) -> None:
    bent = small.cameras[0].model_copy(update={"distortion": Anamorphic(x=(0.02, 0, 0, 0, 0), half_diagonal=0.5)})
    written = write_unreal(small.model_copy(update={"cameras": (bent,)}), tmp_path)
    assert [path.name for path in written.lenses] == ["small.A.undistort.exr", "small.A.distort.exr"]
    assert "does not carry its distortion" in written.notes[0]
    middle = read_exr(written.lenses[1]).planes["R"][27, 47:49].mean()
    assert middle == pytest.approx(0.5, abs=1e-3)


def test_what_the_scene_does_not_carry_is_listed(small: Stage, tmp_path: Path) -> None:
    model = tmp_path / "chair.glb"
    model.write_bytes(b"glTF")
    things = SetPlan(items=(Item(name="chair", file=model),))
    tinted = small.lights[0].model_copy(update={"tint": 0.01})
    notes = write_unreal(small.model_copy(update={"set": things, "lights": (tinted,)}), tmp_path / "out").notes
    assert any("chair.glb is no USD file" in note for note in notes)
    assert any("its tint" in note for note in notes)


def test_unreals_rotator_looks_where_the_camera_looks_mirrored_in_y() -> None:
    camera = StageCamera(translation=(1.0, 2.0, 3.0), rotation=(35.0, -20.0, 12.0))
    place, (roll, pitch, yaw) = unreal_pose(camera)
    assert place == pytest.approx([100, -200, 300])
    r, p, y = np.radians([roll, pitch, yaw])
    forward = [np.cos(p) * np.cos(y), np.cos(p) * np.sin(y), np.sin(p)]
    right = [
        np.sin(r) * np.sin(p) * np.cos(y) - np.cos(r) * np.sin(y),
        np.sin(r) * np.sin(p) * np.sin(y) + np.cos(r) * np.cos(y),
        -np.sin(r) * np.cos(p),
    ]
    axes = axes_from_angles(np.array(camera.rotation))
    assert forward == pytest.approx(axes[:, 1] * [1, -1, 1])
    assert right == pytest.approx(axes[:, 0] * [1, -1, 1])


# Names in Unreal's published Python interface (dev.epicgames.com, Python API 5.5), by what answers to them.
_PUBLISHED = {
    "unreal": "get_editor_subsystem log EditorActorSubsystem UsdStageActor CineCameraActor Vector FilePath AssetToolsHelpers AssetImportTask "
    "LevelSequence LevelSequenceFactoryNew FrameRate FrameNumber CameraFilmbackSettings CameraFocusMethod MovieScene3DTransformTrack "
    "MovieSceneFloatTrack MovieSceneCameraCutTrack MovieSceneKeyInterpolation EditorAssetLibrary",
    "CameraFocusMethod": "DISABLE MANUAL",
    "MovieSceneKeyInterpolation": "LINEAR",
    "object": "get_asset_tools create_asset import_asset_tasks save_loaded_asset spawn_actor_from_class set_actor_label set_editor_property "
    "get_editor_property get_cine_camera_component set_display_rate set_playback_start set_playback_end add_track add_possessable "
    "get_binding_id add_section set_range set_camera_binding_id get_all_channels add_key set_property_name_and_path",
}


class Named:
    """Answers to published names only, and writes down every call."""

    def __init__(self, kind: str, calls: list[tuple[str, tuple[Any, ...]]]) -> None:
        self.kind, self.calls = kind, calls

    def __getattr__(self, name: str) -> Any:
        if name not in _PUBLISHED.get(self.kind, _PUBLISHED["object"]).split():
            raise AttributeError(f"Unreal publishes no {self.kind}.{name}")
        return Named(name if self.kind == "unreal" else "object", self.calls) if name[0].isupper() else self._call(name)

    def _call(self, name: str) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            self.calls.append((name, given))
            return [Named("object", self.calls) for _ in range(10)] if name == "get_all_channels" else Named("object", self.calls)

        return called

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.calls.append((self.kind, given or tuple(named.values())))
        return Named("object", self.calls)


def test_the_script_runs_on_published_names_and_keys_every_frame(
    moving: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = moving.cameras[0].model_copy(update={"distortion": Distortion(radial=(-0.1,))})
    script = write_unreal(moving.model_copy(update={"cameras": (bent,)}), tmp_path).script
    calls: list[tuple[str, tuple[Any, ...]]] = []
    monkeypatch.setitem(sys.modules, "unreal", Named("unreal", calls))  # type: ignore[arg-type]
    text = script.read_text()
    exec(compile(text, str(script), "exec"), {"__file__": str(script), "__name__": "__main__"})
    keyed = [given for name, given in calls if name == "add_key"]
    # Six channels of place and turn, focal length, aperture and focus, on five frames.
    assert len(keyed) == (6 + 3) * 5
    assert [given[1] for given in keyed[6 * 5 : 7 * 5]] == pytest.approx([24.0, 36.75, 49.5, 62.25, 75.0])
    assert ("set_playback_end", (1006,)) in calls
    assert any(name == "set_editor_property" and given[0] == "filename" for name, given in calls)
    plan = json.loads((tmp_path / "small.sequence.json").read_text())
    assert plan["cameras"][0]["keys"][4]["location"] == pytest.approx([123.45, 200.0, 250.0])


def test_the_stand_in_refuses_what_unreal_does_not_publish() -> None:
    with pytest.raises(AttributeError, match=r"no unreal\.MovieSceneMagicTrack"):
        _ = Named("unreal", []).MovieSceneMagicTrack


def test_without_usd_core_the_extra_is_named(small: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(BadInput, match="spatial"):
        write_unreal(small, tmp_path)
