"""What the renderer delivers, measured on very small pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from answerprint.media.exr import colour_tag, read_exr
from answerprint.production import BadInput
from answerprint.simulation.passes import relit
from answerprint.simulation.performers import Performer, Wardrobe
from answerprint.simulation.renderer import Renderer, RendererFault
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import CameraKey, SetPlan, Stage, StageCamera

Picture = NDArray[np.float32]


def picture(out: Path, stage: Stage, kind: str, frame: int = 1001, channels: str = "RGB") -> Picture:
    planes = read_exr(pass_file(out, stage, stage.cameras[0], kind, frame)).planes
    return np.stack([np.asarray(planes[c], dtype=np.float32) for c in channels], axis=-1)


def groups(out: Path, stage: Stage) -> dict[str, Picture]:
    return {p.name: picture(out, stage, f"groups/{p.name}") for p in (out / "A" / "groups").iterdir()}


@pytest.fixture(scope="module")
def shot(renderer: Renderer, small: Stage, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Stage]:
    out = tmp_path_factory.mktemp("shot")
    shoot_stage(small, out, renderer=renderer)
    return out, small


def test_light_groups_add_up_to_the_beauty(shot: tuple[Path, Stage]) -> None:
    beauty, total = picture(*shot, "beauty"), sum(groups(*shot).values())
    assert np.abs(total - beauty).max() < 1e-5 * np.percentile(beauty, 99)


def test_a_brighter_key_leaves_the_fill_as_it_was_and_relighting_predicts_it(
    shot: tuple[Path, Stage], renderer: Renderer, tmp_path: Path
) -> None:
    out, stage = shot
    key, fill = stage.lights
    lights = (key.model_copy(update={"illuminance_lux": 200}), fill.model_copy(update={"stops": -3}))
    brighter = stage.model_copy(update={"lights": lights})
    shoot_stage(brighter, tmp_path, renderer=renderer)
    was, now = groups(out, stage), groups(tmp_path, brighter)
    assert np.abs(now["fill"] - was["fill"]).max() < 1e-5 * was["fill"].max()
    predicted = relit(was, {"key": 2.0})
    assert np.abs(predicted - picture(tmp_path, brighter, "beauty")).max() < 1e-5 * predicted.max()


def test_a_key_that_is_switched_off_leaves_the_fill_as_it_was(shot: tuple[Path, Stage], renderer: Renderer, tmp_path: Path) -> None:
    out, stage = shot
    lux = (0.0, 25.0)
    lights = tuple(
        lamp.model_copy(update={"illuminance_lux": level, "stops": None}) for lamp, level in zip(stage.lights, lux, strict=True)
    )
    dark = stage.model_copy(update={"lights": lights})
    shoot_stage(dark, tmp_path, renderer=renderer)
    was, now = groups(out, stage), groups(tmp_path, dark)
    assert now["key"].max() < 1e-9
    assert np.abs(now["fill"] - was["fill"]).max() < 1e-5 * was["fill"].max()


def test_two_renders_of_one_document_are_equal(shot: tuple[Path, Stage], renderer: Renderer, tmp_path: Path) -> None:
    out, stage = shot
    shoot_stage(stage, tmp_path, renderer=renderer)
    first, second = picture(out, stage, "beauty"), picture(tmp_path, stage, "beauty")
    assert np.abs(first - second).max() < 1e-5 * first.max()


def test_a_card_has_the_value_that_its_lux_and_the_exposure_give(shot: tuple[Path, Stage]) -> None:
    out, stage = shot
    key = picture(out, stage, "groups/key")[25:29, 52:56].mean()
    record = json.loads(pass_file(out, stage, stage.cameras[0], "records", 1001).read_text())
    # The key meets the card head on at 100 lux; bounce from wall and floor adds a little, so the value may only be above.
    expected = 0.18 * 100 * record["exposure"]["scene_linear_per_lux"]
    assert expected * 0.98 < key < expected * 1.12


def test_depth_is_metres_along_the_axis(shot: tuple[Path, Stage]) -> None:
    depth = picture(*shot, "depth", channels="Z")[..., 0]
    assert depth[27, 54] == pytest.approx(2.99, abs=0.002)
    assert depth[27, 5] == pytest.approx(4.95, abs=0.002)


def test_the_card_looks_towards_the_camera(shot: tuple[Path, Stage]) -> None:
    assert picture(*shot, "normal", channels="XYZ")[27, 54] == pytest.approx([0, -1, 0], abs=0.05)


def test_the_wire_is_in_the_picture_and_not_in_the_clean_plate(shot: tuple[Path, Stage]) -> None:
    beauty, clean = picture(*shot, "beauty"), picture(*shot, "clean")
    matte = picture(*shot, "mattes/wire", channels="Y")[..., 0]
    moved = np.abs(beauty - clean).max(axis=-1) > 0.01 * np.percentile(beauty, 99)
    assert matte.max() > 0.9
    assert moved[matte > 0.5].mean() > 0.8


def test_a_beauty_says_that_it_is_acescg(shot: tuple[Path, Stage]) -> None:
    out, stage = shot
    header = read_exr(pass_file(out, stage, stage.cameras[0], "beauty", 1001)).header
    assert colour_tag(header.attributes) == "lin_ap1_scene"
    assert header.attributes["chromaticities"] == pytest.approx(
        (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767), abs=1e-6
    )


def test_provenance_says_generated_and_names_no_learned_weight(shot: tuple[Path, Stage]) -> None:
    record = json.loads((shot[0] / "provenance.json").read_text())
    assert record["source"] == "generated"
    assert record["learned_weights"] == []
    assert record["renderer"]["version"].startswith("5.0.1")


def test_finished_frames_are_kept_and_only_the_missing_one_is_rendered(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    stage = small.model_copy(
        update={"frame_count": 2, "render": small.render.model_copy(update={"passes": ("beauty",), "samples": 1})}
    )
    shoot_stage(stage, tmp_path, renderer=renderer)
    kept = pass_file(tmp_path, stage, stage.cameras[0], "beauty", 1001)
    before = kept.stat().st_mtime_ns
    pass_file(tmp_path, stage, stage.cameras[0], "records", 1002).unlink()
    again = shoot_stage(stage, tmp_path, renderer=renderer)
    assert again.rendered == 1
    assert kept.stat().st_mtime_ns == before
    assert not list(tmp_path.glob(".rendering-*"))


def test_a_folder_of_another_document_is_left_alone(shot: tuple[Path, Stage], renderer: Renderer) -> None:
    out, stage = shot
    with pytest.raises(BadInput, match="another stage document"):
        shoot_stage(stage.model_copy(update={"seed": 9}), out, renderer=renderer)


def test_frames_begun_with_another_filter_are_not_finished_with_this_one(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    render = small.render.model_copy(update={"passes": ("beauty",), "samples": 1})
    stage = small.model_copy(update={"frame_count": 2, "render": render})
    shoot_stage(stage, tmp_path, renderer=renderer)
    origin = json.loads((tmp_path / "provenance.json").read_text())
    (tmp_path / "provenance.json").write_text(json.dumps(origin | {"denoiser": "answerprint feature filter 0"}))
    shoot_stage(stage, tmp_path, renderer=renderer)
    kept = pass_file(tmp_path, stage, stage.cameras[0], "beauty", 1001)
    before = kept.read_bytes()
    pass_file(tmp_path, stage, stage.cameras[0], "records", 1002).unlink()
    with pytest.raises(BadInput, match="holds frames made with answerprint feature filter 0, which is"):
        shoot_stage(stage, tmp_path, renderer=renderer)
    assert kept.read_bytes() == before


def test_an_error_inside_the_renderer_is_one_line_and_it_goes_on(renderer: Renderer) -> None:
    with pytest.raises(RendererFault, match="the renderer failed: KeyError"):
        renderer.ask({"do": "build", "groups": []}, 30)


def test_a_crash_of_the_renderer_is_one_line(renderer: Renderer) -> None:
    with Renderer() as doomed:
        doomed._process.kill()
        with pytest.raises(RendererFault, match="ended by the system"):
            doomed.ask({"do": "frame"}, 30)


def test_a_renderer_that_hangs_is_ended(renderer: Renderer, small: Stage) -> None:
    from answerprint.simulation.order import Shoot

    with Renderer() as slow, pytest.raises(RendererFault, match="did not answer within"):
        slow.ask(Shoot(small).build_order(1), 0.0001)


def test_without_the_environment_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANSWERPRINT_SIMULATION", str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="make simulation"):
        Renderer()


def test_an_environment_that_was_found_not_to_start_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    (tmp_path / ".does-not-start").touch()
    monkeypatch.setenv("ANSWERPRINT_SIMULATION", str(tmp_path))
    with pytest.raises(BadInput, match="did not start"):
        Renderer()


def test_a_renderer_that_crashed_is_started_anew_and_gives_the_same_picture(shot: tuple[Path, Stage], tmp_path: Path) -> None:
    out, small = shot
    with Renderer() as frail:
        kill_at = iter([False, True, False, False, False, False])
        ask = frail.ask

        def asked(order: dict[str, object], timeout_s: float) -> dict[str, object]:
            if next(kill_at):
                frail._process.kill()
            return ask(order, timeout_s)

        frail.ask = asked  # type: ignore[method-assign]
        assert shoot_stage(small, tmp_path, renderer=frail).rendered == 1
    first, second = picture(out, small, "beauty"), picture(tmp_path, small, "beauty")
    assert np.abs(first - second).max() < 1e-5 * first.max()


def test_kept_data_change_no_pixel_of_beauty_or_clean_plate(
    shot: tuple[Path, Stage], renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from answerprint.simulation.order import Shoot

    out, stage = shot
    make = Shoot.build_order
    monkeypatch.setattr(Shoot, "build_order", lambda self, threads: {**make(self, threads), "keep": False})
    shoot_stage(stage, tmp_path, renderer=renderer)
    for kind in ("beauty", "clean"):
        first, second = picture(out, stage, kind), picture(tmp_path, stage, kind)
        assert np.abs(first - second).max() < 1e-5 * first.max()


def test_motion_vectors_point_where_things_are_in_the_next_frame(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    camera = small.cameras[0]
    keys = tuple(CameraKey(frame=f, translation=(0.1 * (f - 1001), -3, 1.5 + 0.05 * (f - 1001))) for f in (1000, 1001, 1002))
    moving = small.model_copy(
        update={
            "cameras": (camera.model_copy(update={"keys": keys}),),
            "render": small.render.model_copy(update={"passes": ("beauty", "vectors"), "samples": 1}),
        }
    )
    shoot_stage(moving, tmp_path, renderer=renderer)
    planes = read_exr(pass_file(tmp_path, moving, moving.cameras[0], "vectors", 1001)).planes
    # The card is 2.99 m away: the camera goes right and up by 0.1 and 0.05 m, so it goes left and down in the picture.
    pixels = 35 / 28 * 96 / 2.99
    assert planes["forward.X"][27, 50] == pytest.approx(-0.1 * pixels, rel=0.03)
    assert planes["forward.Y"][27, 50] == pytest.approx(0.05 * pixels, rel=0.03)
    assert planes["backward.X"][27, 50] == pytest.approx(0.1 * pixels, rel=0.03)
    assert planes["backward.Y"][27, 50] == pytest.approx(-0.05 * pixels, rel=0.03)


@pytest.mark.parametrize(("focal", "expected"), [(24.0, "FS"), (58.0, "MS"), (150.0, "CU")])
def test_the_record_says_how_large_a_performer_is_and_where_their_eyes_are(
    renderer: Renderer, small: Stage, tmp_path: Path, focal: float, expected: str
) -> None:
    anna = Performer(name="anna", mark=(0, 1.0), heading=180)
    camera = small.cameras[0].model_copy(
        update={"pinhole_focal_length": focal, "translation": (0, -3.4, 1.35), "look_at": (0, 1.0, 0.9 if focal < 30 else 1.55)}
    )
    stage = small.model_copy(
        update={
            "set": small.set.model_copy(update={"items": small.set.items[:2]}),
            "performers": (anna,),
            "cameras": (camera,),
            "rig": (),
            "render": small.render.model_copy(update={"passes": ("beauty", "mattes"), "samples": 1}),
        }
    )
    shoot_stage(stage, tmp_path, renderer=renderer)
    record = json.loads(pass_file(tmp_path, stage, camera, "records", 1001).read_text())["performers"]["anna"]
    assert record["shot_size"] == expected
    assert 1.5 < record["eyes"][2] < 1.65
    assert -0.005 < record["low"][2] < 0.03
    matte = picture(tmp_path, stage, "mattes/anna", channels="Y")[..., 0]
    x, y = (round(v) for v in record["eyes_pixel"])
    assert matte[y, x] > 0.5


def test_a_jacket_is_open_over_what_is_worn_below_it_and_a_jumper_is_not(small: Stage, renderer: Renderer, tmp_path: Path) -> None:
    shown = {}
    tops: tuple[Literal["jacket", "jumper"], ...] = ("jacket", "jumper")
    for top in tops:
        who = Performer(name="anna", heading=180.0, hair="none", wardrobe=Wardrobe(top=top, top_colour=(0.03, 0.03, 0.035)))
        camera = StageCamera(active_sensor_resolution=(48, 48), active_sensor_physical_dimensions=(24, 24), translation=(0, -3, 1.25),
                             look_at=(0, 0, 1.25), pinhole_focal_length=60)  # fmt: skip
        settings = small.render.model_copy(update={"passes": ("albedo",)})
        stage = small.model_copy(
            update={"set": SetPlan(family="none"), "rig": (), "performers": (who,), "cameras": (camera,), "render": settings}
        )
        shoot_stage(stage, tmp_path / top, renderer=renderer)
        shown[top] = picture(tmp_path / top, stage, "albedo", channels="G")[17:25, 18:30]
    chest = shown["jacket"]
    assert chest.max() > 8 * np.median(chest)
    assert shown["jumper"].max() < 2 * np.median(shown["jumper"])
