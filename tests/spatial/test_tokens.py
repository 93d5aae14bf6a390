"""Numbers as tokens: how exactly they come back, and that neighbours stay neighbours."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.spatial.tokens import FIELDS, decode, embed, encode, from_digits, of_sample, read_embedding, token


@given(st.floats(-999, 999))
def test_a_position_comes_back_within_a_millimetre(x):
    assert abs(token("translation.x", x).value - x) <= 0.00051


@given(st.floats(-720, 720))
def test_an_angle_comes_back_within_a_hundredth_of_a_degree(pan):
    assert abs(math.remainder(token("rotation.pan", pan).value - pan, 360)) <= 0.0051


@given(st.floats(1, 3000))
def test_a_focal_length_comes_back_within_a_hundredth_of_a_millimetre(focal):
    assert abs(token("lens.focal_length", focal).value - focal) <= 0.0051


@given(st.floats(0.5, 128))
def test_a_stop_comes_back_within_a_hundredth_of_a_stop(stop):
    assert abs(2 * math.log2(token("lens.t_stop", stop).value / stop)) <= 0.0051


@given(st.floats(0.01, 10000))
def test_a_focus_distance_comes_back_within_a_thousandth(metres):
    assert abs(token("lens.focus_distance", metres).value / metres - 1) <= 0.001


@given(st.floats(-86400, 86400))
def test_a_time_comes_back_within_a_millisecond(seconds):
    assert abs(token("time", seconds).value - seconds) <= 0.00051


VALUES = st.fixed_dictionaries(
    {}, optional={n: st.one_of(st.none(), st.floats(f.least, f.most)) for n, f in FIELDS.items()}
)  # fmt: skip


@given(VALUES, st.randoms())
def test_the_order_in_which_fields_are_said_changes_nothing(values, random):
    shuffled = list(values.items())
    random.shuffle(shuffled)
    assert encode(values) == encode(dict(shuffled))
    assert np.array_equal(embed(encode(values)), embed(reversed(encode(values))))


@given(VALUES)
def test_tokens_come_back_whole_from_their_embedding(values):
    tokens = encode(values)
    back = {t.field: t for t in read_embedding(embed(tokens))}
    assert all(back[t.field] == t for t in tokens)


@given(st.floats(-3000, 3000))
def test_feet_say_what_metres_say(feet):
    assert token("translation.y", feet, "ft") == token("translation.y", feet * 0.3048, "m")


@pytest.mark.parametrize(
    ("field", "unit"), [("rotation.pan", "ft"), ("translation.x", "degree"), ("lens.t_stop", "m"), ("time", "furlong")]
)
def test_a_unit_of_another_kind_is_refused(field, unit):
    with pytest.raises(BadInput, match=field):
        token(field, 1.0, unit)


def test_what_is_beyond_the_range_is_refused_and_never_bent():
    with pytest.raises(BadInput, match=r"1500 m is beyond -1000 to 1000 m"):
        token("translation.x", 1500.0)


@pytest.mark.parametrize("field", FIELDS)
def test_unknown_is_not_zero_and_stays_unknown(field):
    unknown = token(field, None)
    assert unknown == token(field, math.nan) and math.isnan(unknown.value) and unknown.digits == ()
    least = 0.0 if FIELDS[field].least <= 0 else FIELDS[field].least
    assert np.linalg.norm(embed([unknown]) - embed([token(field, least)])) > 1


def test_focus_at_infinity_is_neither_unknown_nor_a_number():
    far = token("lens.focus_distance", math.inf)
    assert (
        far.validity == "infinite"
        and math.isinf(far.value)
        and decode(read_embedding(embed([far])))["lens.focus_distance"] == math.inf
    )


@pytest.mark.parametrize("field", FIELDS)
def test_neighbours_in_value_are_neighbours_in_code_and_in_embedding(field):
    f, rng = FIELDS[field], np.random.default_rng(3)
    codes = rng.integers(0, f.codes // 2 if f.turns else f.codes, 300)
    values = [f.value(int(c)) for c in sorted(codes)]
    tokens = [token(field, v) for v in values]
    assert [t.code for t in tokens] == sorted(codes.tolist())
    rows = np.array([embed([t])[list(FIELDS).index(field)] for t in tokens])
    apart = np.abs(codes_of(tokens)[:, None] - codes_of(tokens))[np.triu_indices(300, 1)]
    far = np.linalg.norm(rows[:, None] - rows, axis=-1)[np.triu_indices(300, 1)]
    assert spearmanr(apart, far).statistic > 0.99


def codes_of(tokens):
    return np.array([t.code for t in tokens], dtype=float)


def test_an_angle_has_no_seam():
    a, b = (embed([token("rotation.pan", v)]) for v in (179.995, -179.995))
    assert np.linalg.norm(a - b) < np.linalg.norm(a - embed([token("rotation.pan", 179.0)]))
    assert token("rotation.pan", 180.0) == token("rotation.pan", -180.0)


@given(st.sampled_from(sorted(FIELDS)), st.data())
def test_digits_spell_the_code(field, data):
    said = token(field, FIELDS[field].value(data.draw(st.integers(0, FIELDS[field].codes - 1))))
    assert from_digits(field, said.digits) == said and len(said.digits) == len(str(FIELDS[field].codes - 1))


def test_digits_beyond_the_field_are_refused():
    with pytest.raises(BadInput, match="no code"):
        from_digits("rotation.pan", [9] * 6)


def test_a_sample_of_a_track_says_all_it_knows():
    track = CameraTrack.of([Fraction(0), Fraction(1, 24)], [[1, 2, 3]] * 2, [[10, 20, 30]] * 2, focal_length_mm=35.0)
    said = decode(of_sample(track, 1))
    assert said["translation.y"] == pytest.approx(2, abs=1e-3) and said["rotation.roll"] == pytest.approx(30, abs=0.01)
    assert said["lens.focal_length"] == pytest.approx(35, abs=0.01) and math.isnan(said["lens.t_stop"]) and len(said) == len(FIELDS)
