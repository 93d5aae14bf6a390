"""Relight: stops are stops, kelvin are kelvin, and lamps are mixed as light adds up."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.generator.made_clips import Clip, decibels, rendered, same_bytes, texture

from answerprint.colour.illuminant import adaptation, white_xyz
from answerprint.colour.temperature import cct_duv
from answerprint.generator.light_passes import Light, read_lights
from answerprint.generator.relight import Relight
from answerprint.media.exr import read_exr, write_exr
from answerprint.passes.loose import LooseOrder, apply_operation
from answerprint.production import BadInput

P = Relight.Parameters
H, W = 48, 64


def grey(value=0.18):
    return np.full((H, W, 3), value, np.float32)


def relit(frames, parameters, passes=None, **kept):
    inputs = {"plate": Clip(frames)} | ({"passes": [Clip(p, f"pass{i}") for i, p in enumerate(passes)]} if passes else {})
    return rendered(Relight(), inputs | kept, parameters, range(len(frames)))


def test_a_stop_doubles_the_light_and_below_black_and_above_white_too():
    plate = texture(H, W, 1)
    plate[0, 0], plate[0, 1] = (-0.02, 0.0, 0.1), (90.0, 4.0, 1.0)
    assert np.array_equal(relit([plate], P(exposure=1))[0].fill, plate * 2)


@pytest.mark.parametrize("kelvin", [2200, 3200, 4300, 5600, 9000])
def test_a_grey_card_reads_the_temperature_that_was_asked(kelvin):
    made = relit([grey()], P(cct=kelvin))[0].fill[0, 0]
    read, duv = cct_duv(made)
    assert abs(read - kelvin) < 2
    assert abs(duv) < 1e-4


def test_tint_is_duv():
    made = relit([grey()], P(cct=5600, tint=0.008))[0].fill[0, 0]
    read, duv = cct_duv(made)
    assert abs(duv - 0.008) < 1e-4
    assert abs(read - 5600) < 10


def test_tungsten_light_is_brought_to_daylight():
    tungsten = relit([grey()], P(cct=3200))[0].fill
    back = relit([tungsten], P(cct_from=3200, cct=6500))[0].fill[0, 0]
    assert abs(cct_duv(back)[0] - 6500) < 5


def test_a_change_of_white_keeps_the_luminance_of_grey():
    luminance = np.array([0.2722287, 0.6740818, 0.0536895])
    made = adaptation(white_xyz(0), white_xyz(3000)).sum(axis=1) @ luminance
    assert abs(np.log2(made)) < 0.01  # stops; an eye adapted to D65 sees none, ACES white is a little off


def test_the_way_to_another_white_and_back_is_the_identity():
    there, back = adaptation(white_xyz(5000), white_xyz(3200)), adaptation(white_xyz(3200), white_xyz(5000))
    assert np.allclose(there @ back, np.eye(3), atol=1e-12)


def test_settings_that_change_nothing_touch_nothing():
    lamps = (Light(id="key"),)
    assert not relit([texture(H, W, 2)], P())[0].matte.any()
    assert not relit([texture(H, W, 2)], P(lights=lamps), passes=[[texture(H, W, 2) * 0.5]])[0].matte.any()
    assert not relit([texture(H, W, 2)], P(exposure=2, strength=0))[0].matte.any()


def lit(seed=3, noise=0.0, count=1):
    """Passes of two lamps, the ambient light, and the plate of all."""
    rng = np.random.default_rng(seed)
    lamps = [texture(H, W, seed + i, 6.0) * s for i, s in enumerate((0.6, 0.3))]
    ambient = texture(H, W, seed + 9, 9.0) * 0.1

    def shot(light):
        return [(light + rng.normal(0, noise, light.shape)).astype(np.float32) for _ in range(count)]

    return lamps, ambient, [shot(lamp) for lamp in lamps], shot(sum(lamps) + ambient)


def test_an_unseen_mix_of_lamps_is_exact_and_keeps_what_no_pass_holds():
    lamps, ambient, passes, plate = lit()
    setting = (Light(id="key", gain_stops=-1, gain_rgb=(1, 0.8, 0.5)), Light(id="fill", enabled=False))
    truth = lamps[0] * 0.5 * np.array([1, 0.8, 0.5]) + ambient
    made = relit(plate, P(lights=setting), passes=passes)[0].fill
    assert np.abs(made - truth).max() < 1e-6


def test_a_mix_of_noisy_half_float_passes_is_as_clean_as_their_noise_allows():
    noise = 0.01
    lamps, ambient, passes, plate = lit(noise=noise)
    passes = [[p.astype(np.float16).astype(np.float32) for p in clip] for clip in passes]
    setting = (Light(id="key", gain_stops=0.7), Light(id="fill", gain_stops=-1.5))
    gains = [2**0.7, 2**-1.5]
    truth = sum(g * lamp for g, lamp in zip(gains, lamps, strict=True)) + ambient
    floor = -10 * np.log10(noise**2 * (1 + sum((g - 1) ** 2 for g in gains)))
    assert decibels(relit(plate, P(lights=setting), passes=passes)[0].fill, truth) > floor - 0.5


def test_passes_twice_as_bright_as_the_plate_are_refused():
    _, _, passes, plate = lit()
    with pytest.raises(BadInput, match="times the light of the plate"):
        relit(plate, P(lights=(Light(id="key"), Light(id="fill"))), passes=[[2 * p for p in clip] for clip in passes])


def test_noise_in_the_passes_is_not_taken_for_too_much_light():
    _, _, passes, plate = lit(noise=0.05)
    relit(plate, P(lights=(Light(id="key"), Light(id="fill"))), passes=passes)


def test_a_light_without_a_pass_is_refused():
    with pytest.raises(BadInput, match="1 lights and 0 passes"):
        relit([grey()], P(lights=(Light(id="key"),)))


def test_where_a_lamp_does_not_reach_the_picture_is_copied():
    pass_ = grey(0.1)
    pass_[:, : W // 2] = 0
    matte = relit([grey()], P(lights=(Light(id="key", enabled=False),)), passes=[[pass_]])[0].matte
    assert not matte[:, : W // 2].any()
    assert (matte[:, W // 2 :] == 1).all()


def test_bytes_do_not_depend_on_order_or_chunk_size():
    _, _, passes, plate = lit(noise=0.01, count=5)
    parameters = P(exposure=0.3, cct=4000, lights=(Light(id="key", gain_stops=-2), Light(id="fill")))
    inputs = {"plate": Clip(plate), "passes": [Clip(p, str(i)) for i, p in enumerate(passes)]}
    one = rendered(Relight(), inputs, parameters, [4, 2, 0, 3, 1])
    many = rendered(Relight(), inputs, parameters, [0, 3], chunk=3)
    assert all(same_bytes(one[i], many[i]) for i in range(5))


def scene(folder, **changes):
    lights = [{"id": "key", "pass": "key.exr", "gain_stops": 1.0}, {"id": "fill", "pass": "fill.exr", "enabled": False}]
    lights[0] |= changes
    (folder / "lights.json").write_text(json.dumps({"lights": lights}))
    return folder / "lights.json"


def written(path, picture):
    tags = {"chromaticities": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)}
    write_exr(path, {c: np.ascontiguousarray(picture[..., i], np.float16) for i, c in enumerate("RGB")}, attributes=tags)


@pytest.fixture
def stage(tmp_path):
    """A plate of two frames and stills of two lamps, as files."""
    lamps, ambient, _, _ = lit()
    (tmp_path / "plate").mkdir()
    for number in range(2):
        written(tmp_path / "plate" / f"plate.{number:04d}.exr", sum(lamps) + ambient)
    for name, lamp in zip(("key", "fill"), lamps, strict=True):
        written(tmp_path / f"{name}.exr", lamp)
    return tmp_path, 2 * lamps[0] + ambient


def test_lamps_are_mixed_from_a_list_on_the_command_line(stage):
    folder, truth = stage
    order = LooseOrder("relight", folder / "plate", folder / "out", workers=1, scene=scene(folder))
    told = apply_operation(order, lambda *_: None)
    made = read_exr(folder / "out" / "plate.0001.exr").rgb().astype(np.float32)
    assert np.abs(made - truth).max() < 0.004  # half floats
    assert told["class"]["D"] == 0
    assert told["figures"]["explained_share"] < 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pass": "none.exr"}, "does not exist"),
        ({"gain_rgb": [1, -1, 1]}, "no lamp can have"),
        ({"gain_stops": "much"}, "lights.0.gain_stops"),
        ({"id": "fill"}, "twice"),
    ],
)
def test_a_faulty_list_is_refused_in_one_line(stage, changes, reason):
    with pytest.raises(BadInput, match=reason) as caught:
        read_lights(scene(stage[0], **changes))
    assert "\n" not in str(caught.value)


def test_a_pass_of_another_size_is_refused(stage):
    folder, _ = stage
    written(folder / "key.exr", texture(H, W + 2, 1))
    with pytest.raises(BadInput, match="66x48, the plate 64x48"):
        apply_operation(LooseOrder("relight", folder / "plate", folder / "out", workers=1, scene=scene(folder)), lambda *_: None)


def test_a_scene_for_an_operation_without_passes_is_refused(stage):
    folder, _ = stage
    with pytest.raises(BadInput, match="takes no scene"):
        apply_operation(LooseOrder("matte", folder / "plate", folder / "out", workers=1, scene=scene(folder)), lambda *_: None)


def test_a_temperature_no_light_has_is_refused():
    with pytest.raises(ValueError, match="1000 to 25000 kelvin"):
        P(cct=300)
