"""The coverage map: which lines were shot, by which take, who says so, and what is missing."""

from __future__ import annotations

import csv
import io

import pytest
from lxml import html

from answerprint.editorial.coverage import PlannedSetup, SceneLines, ScriptLine, Take, coverage, lines_said, shortened
from answerprint.editorial.coverage_pages import as_csv, as_html, as_text, missing_csv

SCENE = SceneLines(
    "7",
    "INT. PIER - DAY",
    (
        ScriptLine(1, "action", "", "ADA waits."),
        ScriptLine(2, "dialogue", "ADA", "Is it high water?"),
        ScriptLine(3, "dialogue", "BO", "=SUM(A1) says so."),
        ScriptLine(4, "action", "", "The rope goes tight."),
    ),
)
NEXT = SceneLines("8", "EXT. SEA", (ScriptLine(1, "action", "", "Waves."),))
PLAN = [PlannedSetup("7", "A", "WS"), PlannedSetup("7", "D", "ECU", "the rope")]


def _take(
    setup: str = "A", take: str = "1", lines: str = "", circled: bool = True, clips: tuple[str, ...] = ("c1",), **more
) -> Take:
    return Take("7", setup, take, clips, circled, lines=lines, **more)


def _covered(*takes: Take) -> dict[int, list[str]]:
    one = coverage([SCENE], PLAN, takes).scenes[0]
    return {line.number: [each.take.slate for each in one.covered.get(line.number, [])] for line in SCENE.lines}


def _gaps(*takes: Take) -> list[tuple[str, str, int | None]]:
    return [(gap.gap, gap.scene + gap.setup, gap.line) for gap in coverage([SCENE, NEXT], PLAN, takes).missing]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("1-2, 4", {1, 2, 4}), ("all", {1, 2, 3, 4}), ("2 to 3", {2, 3}), ("Bo", {3}), ("1 and 3", {1, 3}), ("", set())],
)
def test_a_log_says_lines_in_the_ways_people_write_them(said, meant):
    assert lines_said(said, SCENE) == (meant, [])


def test_lines_the_scene_does_not_have_are_said_and_cost_no_time():
    assert lines_said("3-99999999999, x", SCENE) == ({3, 4}, ["3-99999999999", "x"])
    assert "'x'" in coverage([SCENE], [], [_take(lines="1, x")]).attention[0]


def test_what_the_log_records_counts_and_not_who_was_there():
    assert _covered(_take(lines="4", performers=("Ada", "Bo"))) == {1: [], 2: [], 3: [], 4: ["A1"]}


def test_without_a_record_the_performers_speeches_are_estimated():
    one = coverage([SCENE], PLAN, [_take(performers=("Ada",))]).scenes[0]
    assert {n: [each.source for each in found] for n, found in one.covered.items()} == {1: ["estimated"], 2: ["estimated"]}


def test_a_planned_setup_a_scene_and_a_line_that_were_never_shot_are_listed():
    assert _gaps(_take(lines="1-3")) == [
        ("setup not shot", "7D", None),
        ("line not covered", "7", 4),
        ("scene not shot", "8", None),
    ]


def test_a_line_that_only_uncircled_takes_cover_is_listed_as_such():
    assert ("line not circled", "7", 4) in _gaps(_take(lines="1-3"), _take(take="2", lines="all", circled=False))


def test_a_take_of_which_there_is_no_clip_covers_nothing():
    assert _covered(_take(lines="all", clips=())) == {1: [], 2: [], 3: [], 4: []}
    assert ("take without a clip", "7A", None) in _gaps(_take(lines="all", clips=()), _take(take="2"))


def test_setups_stand_in_the_order_of_their_letters_and_takes_by_number():
    takes = [_take("AA"), _take("B"), _take("A", "10"), _take("A", "2")]
    assert [take.slate for take in coverage([SCENE], [], takes).scenes[0].takes] == ["A2", "A10", "B1", "AA1"]


def test_a_scene_that_the_script_does_not_have_is_shown_and_said():
    found = coverage([SCENE], [], [Take("9", "A", "1", ("x",))])
    assert found.scenes[-1].scene.heading == "not in the script" and "scene 9" in found.attention[0]


def test_every_form_shows_the_same_map():
    found = coverage([SCENE, NEXT], PLAN, [_take(lines="1-3", notes="<b>wind</b>")])
    text, page, table = as_text(found, "Pier"), as_html(found, "Pier"), list(csv.DictReader(io.StringIO(as_csv(found)[1:])))
    assert "75% of 4 lines" in text and "setup 7D (ECU, the rope)" in text
    rows = html.fromstring(page).xpath("//tr[contains(@class, 'none')]/td[1]/text()")
    assert rows == ["4"] and "<b>wind" not in page
    assert [row["Said by"] for row in table if row["Scene"] == "7"] == ["recorded"] * 3 + ["not covered"]
    assert "setup not shot" in missing_csv(found)


def test_no_cell_of_a_table_is_a_formula():
    assert "'=SUM" in as_csv(coverage([SCENE], [], []))


def test_a_long_line_is_shortened_at_a_word():
    assert shortened("one two three four", 10) == "one two …" and shortened("x" * 20, 10).startswith("x" * 9)
