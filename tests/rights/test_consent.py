"""A performer's consent covers what it says, where it says, while it says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from answerprint.rights.consent import ConsentDecision, ConsentRecord, consent_for

SPRING = date(2026, 4, 1)


def record(**changes: Any) -> ConsentRecord:
    fields: dict[str, Any] = {
        "performer": "Mara Lind",
        "classes": ["D"],
        "operations": ["removal"],
        "scenes": ["12"],
        "agreed": date(2026, 1, 10),
        "expires": date(2026, 12, 31),
    }
    return ConsentRecord(**{**fields, **changes})


def ask(*records: ConsentRecord, **changes: Any) -> ConsentDecision:
    case: dict[str, Any] = {"performer": "Mara Lind", "performance_class": "D", "operation": "removal", "scene": "12", "on": SPRING}
    return consent_for(records, **{**case, **changes})


def test_a_case_that_the_paper_covers_is_allowed_and_names_the_paper() -> None:
    answer = ask(record())
    assert answer.allowed and answer.record == record()
    assert ask(record(), performer=" mara  LIND ").allowed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"performer": "Jon Beck"}, "no consent record of Jon Beck"),
        ({"performance_class": "R"}, "covers class D"),
        ({"operation": "relight"}, "covers removal"),
        ({"scene": "13"}, "covers scene 12"),
        ({"on": date(2027, 1, 1)}, "ended on 2026-12-31"),
        ({"on": date(2026, 1, 9)}, "begins on 2026-01-10"),
    ],
)
def test_what_the_paper_does_not_cover_is_refused_with_the_reason(change: dict[str, Any], words: str) -> None:
    answer = ask(record(), **change)
    assert not answer.allowed and words in answer.reason


def test_the_first_and_the_last_day_count() -> None:
    assert ask(record(), on=date(2026, 1, 10)).allowed and ask(record(), on=date(2026, 12, 31)).allowed


def test_a_withdrawal_counts_from_its_day_and_is_not_outlived_by_an_older_paper() -> None:
    older, taken = record(agreed=date(2025, 6, 1)), record(revoked=date(2026, 3, 1))
    assert ask(older, taken, on=date(2026, 2, 28)).allowed
    assert not ask(taken).allowed and not ask(older, taken).allowed
    assert "taken back" in ask(older, taken).reason
    assert ask(older, taken, record(agreed=date(2026, 3, 20))).allowed  # asked again, agreed again


def test_class_a_needs_nobody_s_word() -> None:
    assert ask(performance_class="A").allowed


def test_a_star_covers_every_scene_and_operation() -> None:
    assert ask(record(scenes=["*"], operations=["*"]), scene="99", operation="coverage").allowed


@pytest.mark.parametrize(
    "change", [{"expires": date(2025, 1, 1)}, {"performer": " "}, {"scenes": []}, {"classes": []}, {"sences": ["1"]}]
)
def test_a_paper_that_says_nothing_certain_is_not_taken(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**change)
