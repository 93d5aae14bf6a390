"""Names of deliveries: legal, without doubles, and a template that cannot be read is refused before anything is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerprint.deliver.naming import DEFAULT_TEMPLATE, is_legal, legal, named, parse_template, unlike
from answerprint.production import BadInput

FIELDS: dict[str, str | int] = {
    "show": "AGM",
    "episode": "104",
    "scene": "065",
    "shot": "0010",
    "task": "comp",
    "vendor": "NFX",
    "version": 1,
}


def test_the_default_template_gives_the_published_form() -> None:
    assert named(parse_template(DEFAULT_TEMPLATE), FIELDS) == "AGM_104_065_0010_comp_NFX_v001"


def test_a_film_without_episodes_has_no_hole_in_its_names() -> None:
    assert named(parse_template(DEFAULT_TEMPLATE), {**FIELDS, "episode": ""}) == "AGM_065_0010_comp_NFX_v001"


@pytest.mark.parametrize(
    "template",
    [
        "{title}",
        "{show.__class__}",
        "{show!r}",
        "{show:>10}",
        "{version:d}",
        "{show",
        "shot",
        "{show}/{shot}",
        "{show} {shot}",
        "{0}",
        "ä{shot}",
    ],
)
def test_a_template_a_receiver_could_choke_on_is_refused(template: str) -> None:
    with pytest.raises(BadInput):
        parse_template(template)


@given(st.dictionaries(st.sampled_from(["show", "episode", "scene", "task", "vendor"]), st.text(max_size=12)))
def test_whatever_a_field_holds_the_name_is_legal(fields: dict[str, str]) -> None:
    assert is_legal(named(parse_template(DEFAULT_TEMPLATE), {**FIELDS, **fields}))


def test_accents_fall_off_and_the_rest_goes() -> None:
    assert legal("Der Prüfstand / Größe №5") == "DerPrufstandGrosseNo5"


def test_names_that_differ_in_case_alone_are_one_name() -> None:
    with pytest.raises(BadInput, match="both a and b"):
        unlike({"a": "Shot_v001", "b": "shot_v001"})
