"""Records have one way of being written."""

from __future__ import annotations

import pytest

from answerprint.production import BadInput
from answerprint.provenance.canonical import canonical_bytes, is_canonical, record_digest


def test_the_order_of_keys_does_not_change_the_digest() -> None:
    assert record_digest({"a": 1, "b": [1.5, "é"]}) == record_digest({"b": [1.5, "é"], "a": 1})


def test_numbers_are_written_as_rfc_8785_asks() -> None:
    assert canonical_bytes([1.0, 1e21, 1e-7, -0.0, 333333333.33333329]) == b"[1,1e+21,1e-7,0,333333333.3333333]"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 2**53, {1: 2}, "\ud800"])
def test_what_json_cannot_carry_is_refused(bad: object) -> None:
    with pytest.raises(BadInput):
        canonical_bytes({"value": bad})


@pytest.mark.parametrize(
    "text", [b'{"b":1,"a":2}', b'{ "a":1}', b'{"a":1,"a":1}', b'{"a":1.0}', b"[1]", b"\xff", b'{"a":"\\u0041"}']
)
def test_any_other_spelling_of_a_record_is_noticed(text: bytes) -> None:
    assert not is_canonical(text)
    assert is_canonical(b'{"a":1,"b":"\xc3\xa9"}')
