"""Background: the subject stays, its edge carries the new light, and what is put behind has the plate's grain."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import Clip, rendered, same_bytes, texture

from answerprint.generator.background import Background
from answerprint.generator.screen_key import key, without_spill
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.loose import LooseOrder, apply_operation
from answerprint.production import BadInput

P = Background.Parameters
H, W, COUNT = 96, 144, 4
GREEN = np.array([0.05, 0.5, 0.08], np.float32)


def alpha():
    plane = np.zeros((H, W), np.float32)
    cv2.circle(plane, (72, 50), 28, 1.0, -1)
    return cv2.GaussianBlur(plane, (0, 0), 1.5)


def subject():
    return texture(H, W, 3, 4.0).mean(axis=2, keepdims=True) * np.array([0.5, 0.3, 0.25], np.float32)


def shot(old):
    a = alpha()[..., None]
    return (subject() * a + old * (1 - a)).astype(np.float32)


def screen():
    """A green screen a third darker on the right."""
    return GREEN * np.linspace(1, 0.67, W, dtype=np.float32)[None, :, None] * np.ones((H, W, 1), np.float32)


def placed(plate, behind, parameters, matte=None, order=(0,), chunk=1):
    inputs = {"plate": Clip(plate), "background": Clip(behind, "background")}
    return rendered(Background(), inputs | ({"matte": Clip(matte, "matte")} if matte else {}), parameters, order, chunk)


def test_an_uneven_green_screen_is_keyed_to_the_true_matte():
    found, behind = key(shot(screen()), "green", 0.02, 0.98)
    assert np.abs(found - alpha()).mean() < 0.02
    assert np.abs(behind[:20] - screen()[:20]).max() < 0.02


def test_the_new_background_stands_at_the_edge_as_if_it_had_been_there():
    new = texture(H, W, 8, 6.0)
    made = placed([shot(screen())], [new], P(screen="green", grain=0, key_low=0.02, key_high=0.98))[0].fill
    edge = (alpha() > 0.1) & (alpha() < 0.9)
    assert np.abs(made - shot(new))[edge].mean() < 0.04
    assert np.abs(made - new)[alpha() < 0.001].max() < 1e-5


def test_a_matte_takes_the_old_set_out_of_the_edge_as_well():
    old, new = np.full((H, W, 3), 0.9, np.float32), texture(H, W, 8, 6.0) * 0.1
    made = placed([shot(old)], [new], P(grain=0), matte=[1 - alpha()])[0].fill
    edge = (alpha() > 0.1) & (alpha() < 0.9)
    assert np.abs(made - shot(new))[edge].mean() < 0.02


def test_inside_the_subject_nothing_is_touched():
    result = placed([shot(screen())], [texture(H, W, 8)], P(spill=0, screen="green"))[0]
    assert not result.matte[alpha() > 0.9999].any()


def test_spill_is_held_to_what_the_other_channels_allow():
    skin = np.array([[[0.5, 0.6, 0.2], [0.4, 0.2, 0.1]]], np.float32)
    clean = without_spill(skin, "green", 1.0)
    assert clean[0, 0, 1] == pytest.approx(0.35)
    assert (clean[0, 1] == skin[0, 1]).all()
    assert (without_spill(skin, "green", 0.0) == skin).all()


def test_a_relit_subject_takes_the_colour_of_the_new_light():
    warm = np.ones((H, W, 3), np.float32) * np.array([0.6, 0.3, 0.1], np.float32)
    result = placed([shot(screen())], [warm], P(screen="green", relight=1.0, spill=0))[0]
    core = alpha() > 0.9999
    ratio = (result.fill[core] / subject()[core]).mean(axis=0)
    assert ratio[0] > 1.2 > 0.8 > ratio[2]
    assert ratio.min() > 0.24  # two stops


def test_a_defocused_background_keeps_its_light_and_spreads_a_point_to_a_disc():
    point = np.zeros((H, W, 3), np.float32)
    point[20, 20] = 100.0
    made = placed([shot(screen())], [point], P(screen="green", grain=0, defocus=40))[0].layers["background"]
    assert made.sum() == pytest.approx(300, rel=1e-3)
    assert made[20, 22, 0] == pytest.approx(made[20, 20, 0])
    assert made[20, 20 + 5, 0] == 0


def test_the_new_background_has_the_grain_of_the_plate():
    rng = np.random.default_rng(1)
    plate = [shot(screen()) + rng.normal(0, 0.01, (H, W, 3)).astype(np.float32) for _ in range(COUNT)]
    flat = np.full((H, W, 3), 0.2, np.float32)
    made = placed(plate, [flat] * COUNT, P(screen="green"))[0].layers["background"]
    assert (made - flat).std() == pytest.approx(0.01, rel=0.25)


def test_layers_make_the_picture():
    result = placed([shot(screen())], [texture(H, W, 8)], P(screen="green"))[0]
    again = result.layers["foreground"] + (1 - result.layers["alpha"][..., None]) * result.layers["background"]
    assert np.abs(again - result.fill).max() < 1e-6


def test_a_wider_edge_shows_more_of_the_subject():
    plain, wide, tight = (placed([shot(screen())], [texture(H, W, 8)], P(screen="green", edge=e))[0] for e in (0, 8, -8))
    assert tight.figures["subject_share"] < plain.figures["subject_share"] < wide.figures["subject_share"]


def test_neither_matte_nor_screen_is_refused():
    with pytest.raises(BadInput, match="neither a matte nor a screen"):
        placed([shot(screen())], [texture(H, W, 8)], P())


def test_bytes_do_not_depend_on_order_or_chunk_size():
    plate, new = [shot(screen())] * COUNT, [texture(H, W, s) for s in range(COUNT)]
    one = placed(plate, new, P(screen="green", relight=0.5), order=(3, 0, 2))
    many = placed(plate, new, P(screen="green", relight=0.5), order=(0, 2), chunk=2)
    assert all(same_bytes(one[at], many[at]) for at in one)


def _written(path, picture):
    header = FrameHeader(picture.shape[1], picture.shape[0], storage="half", file_format="exr", compression="zip")
    write_frame(path, SourceFrame({c: np.ascontiguousarray(picture[..., i], np.float16) for i, c in enumerate("RGB")}, header))


def test_a_still_of_another_size_is_placed_from_the_command_line(tmp_path):
    (tmp_path / "plate").mkdir()
    for number in range(2):
        _written(tmp_path / "plate" / f"p.{number:04d}.exr", shot(screen()))
    _written(tmp_path / "still.exr", np.full((50, 300, 3), 0.3, np.float32))
    order = LooseOrder(
        "background", tmp_path / "plate", tmp_path / "out", workers=1, scene=tmp_path / "still.exr",
        settings={"screen": "green", "grain": "0", "spill": "0"},
    )  # fmt: skip
    apply_operation(order, lambda *_: None)
    made, plate = (open_sequence(tmp_path / d).read(1).rgb() for d in ("out", "plate"))
    assert np.allclose(made[:10], 0.3, atol=0.002)
    assert (made[alpha() > 0.9999] == plate[alpha() > 0.9999]).all()


def shadowed(left=0.55):
    """The shot with a soft shadow of the subject on the screen, below it."""
    y, x = np.mgrid[:H, :W].astype(np.float32)
    inside = np.clip((1.2 - np.hypot((x - 72) / 50, (y - 84) / 9)) / 0.4, 0, 1)
    light = 1 - (1 - left) * inside
    return shot(screen() * light[..., None]), light


def test_the_shadow_on_the_screen_falls_on_the_new_background_and_is_a_layer():
    plate, light = shadowed()
    new = np.full((H, W, 3), 0.3, np.float32)
    plain, kept = (placed([plate], [new], P(screen="green", grain=0, shadow=s))[0] for s in (0.0, 1.0))
    bare = alpha() < 0.001
    deep = bare & (light < 0.6)
    assert "shadow" not in plain.layers and np.abs(kept.layers["shadow"][deep] / 0.55 - 1).mean() < 0.15
    assert np.abs(kept.fill[deep].mean() / (0.3 * light[deep].mean()) - 1) < 0.15
    assert np.abs(kept.fill[bare & (light > 0.999)] / 0.3 - 1).mean() < 0.03


def test_haze_takes_contrast_by_koschmieders_law_and_more_of_it_far_away():
    new = texture(H, W, 8, 6.0)
    depth = np.full((H, W), 50.0, np.float32)
    depth[:, W // 2 :] = 400.0
    inputs = {"plate": Clip([shot(screen())]), "background": Clip([new], "b"), "depth": Clip([depth], "d")}
    made = rendered(Background(), inputs, P(screen="green", grain=0, visibility=400.0), (0,))[0]
    assert np.allclose(made.layers["haze_through"][0, [0, -1]], [np.exp(-3.912 / 8), np.exp(-3.912)], rtol=1e-4)
    far = made.layers["background"][:, W // 2 :]
    assert (far.std(axis=(0, 1)) < 0.05 * new[:, W // 2 :].std(axis=(0, 1))).all()


@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_what_falls_stays_behind_the_subject_moves_and_is_the_same_in_any_order(weather):
    new = np.full((H, W, 3), 0.2, np.float32)
    plates = [shot(screen())] * COUNT
    settings = P(screen="green", grain=0, weather=weather, distance=30)
    one, other = (
        placed(plates, [new] * COUNT, settings, order=range(COUNT)),
        placed(plates, [new] * COUNT, settings, order=(2, 0), chunk=2),
    )
    assert all(same_bytes(one[at], other[at]) for at in other)
    dry = placed(plates, [new] * COUNT, P(screen="green", grain=0))
    assert np.array_equal(one[0].fill[alpha() > 0.999], dry[0].fill[alpha() > 0.999])
    cover = [one[at].layers["falling_cover"] for at in (0, 1)]
    assert 0.001 < cover[0].mean() < 0.2 and not np.array_equal(*cover)


def test_the_layers_add_up_to_what_stands_behind():
    settings = P(screen="green", shadow=1.0, visibility=200.0, weather="rain", defocus=4.0)
    got = placed([shadowed()[0]], [texture(H, W, 8, 6.0)], settings)[0].layers
    hazed = got["clean_background"] * (got["shadow"] * got["haze_through"])[..., None] + got["haze"]
    behind = hazed * (1 - got["falling_cover"])[..., None] + got["falling"] + got["grain"]
    assert np.abs(behind - got["background"]).max() < 1e-5


def test_a_yellow_jumper_stays_yellow_while_spill_on_skin_goes():
    yellow, spilt = np.array([[[0.5, 0.4, 0.06]]], np.float32), np.array([[[0.4, 0.42, 0.26]]], np.float32)
    assert np.array_equal(without_spill(yellow, "green", 1.0), yellow)
    assert without_spill(spilt, "green", 1.0)[0, 0, 1] < 0.36
