"""The page as a person uses it, in a real browser: sign in, dispatch, follow the queue, decide, find the way."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.jobs.queue import ChunkOrder, job_views, submit
from answerprint.production.tables import Shot, Version
from answerprint.provenance.chain import read_ledger

from ..browser import missing
from ..conftest import PLATE_GREY, SHOT_END, SHOT_START, VERSION_GREY
from .conftest import Seen

PLATE, MADE = round(PLATE_GREY * 255), round(VERSION_GREY * 255)
NEAR = 4
"""Code values that 8-bit limited-range YCbCr may be off by."""


def test_a_browser_and_the_built_page_are_here() -> None:
    if missing():
        pytest.fail(missing(), pytrace=False)


def test_a_wrong_token_stays_outside_and_says_what_to_do(door: Seen) -> None:
    door.page.fill("input[type=password]", "not the token")
    door.press("Enter")
    assert "--new-token" in door.page.inner_text("[role=alert]")
    assert door.page.locator(".shot").count() == 0


def test_the_wall_shows_each_shot_with_its_picture_and_its_state_in_words(seen: Seen) -> None:
    cards = seen.page.locator(".shot")
    assert cards.count() == 2
    assert "1A_0010" in cards.nth(0).inner_text() and "To review" in cards.nth(0).inner_text()
    assert "Waiting" in cards.nth(1).inner_text()
    seen.page.wait_for_function("() => [...document.querySelectorAll('.shot img')].every(one => one.naturalWidth > 0)")


def test_a_shot_that_the_new_cut_left_out_is_marked_and_waits_for_nobody(own: Seen) -> None:
    with own.house.production.session() as session:
        shot = session.get_one(Shot, own.house.shot)
        shot.event, shot.details = None, {"omitted": True}
    own.page.reload()
    own.page.wait_for_selector(".left-out")
    last = own.page.locator(".shot").nth(1)
    assert "1A_0010" in last.inner_text() and "Left out of the cut" in last.inner_text()
    assert own.page.locator(".filter:has-text('To review')").is_disabled()
    own.page.click(".filter:has-text('Left out')")
    assert own.page.locator(".shot").count() == 1 and own.page.locator(".shot .left-out").count() == 1


def test_shots_are_selected_with_shift_and_dispatched_with_a_form_drawn_from_the_pass(own: Seen) -> None:
    page, house = own.page, own.house
    page.click(".shot >> nth=0")
    page.click(".shot >> nth=1", modifiers=["Shift"])
    assert "2 selected" in page.inner_text(".toolbar")
    page.click("text=Dispatch…")
    page.click(".pass:has-text('Clean-up')")
    crossing = page.get_by_label("Crossing")
    assert crossing.locator("option").all_inner_texts() == ["refuse", "subtract"]
    page.click(".pass:has-text('Captions')")
    page.click("button:has-text('Run on 2 shots')")
    page.wait_for_selector(".queue .counter")
    page.wait_for_selector(".job:has-text('Waiting')")
    waiting = [view for view in job_views(house.production) if view["state"] == "waiting"]
    assert [(view["kind"], view["requested_by"]) for view in waiting] == [("caption", "Ines")]


def _quick_work(order: Any) -> dict[str, Any]:
    if order.job_order.get("breaks"):
        raise ValueError("the plate is torn")
    return {}


def test_the_queue_follows_the_work_as_it_happens(own: Seen) -> None:
    page, production = own.page, own.house.production
    for number in range(3):
        submit(production, "frames", f"job {number}", {"breaks": number == 2}, [ChunkOrder({}, weight=4)] * 2)
    page.click("nav >> text=Queue")
    page.wait_for_selector(".job:has-text('job 2')")
    assert page.inner_text(".counter").split() == ["1", "of", "4"]
    page.click(".job:has-text('job 1') [aria-label='Raise priority']")
    page.wait_for_selector(".job:has-text('job 1') .priority:has-text('60')")
    page.click(".job:has-text('job 0') >> text=Cancel")
    page.wait_for_selector(".job:has-text('job 0'):has-text('Cancelled')")
    Dispatcher(production, _quick_work, InlineExecutor()).run_until_idle()
    page.wait_for_selector(".job:has-text('job 1'):has-text('Done'):has-text('8 of 8 frames')")
    page.wait_for_selector(".job:has-text('job 2'):has-text('Failed'):has-text('the plate is torn')")
    assert page.inner_text(".counter").split() == ["2", "of", "3"]
    page.click(".job:has-text('job 2') >> text=Retry")
    page.wait_for_selector(".job:has-text('job 2'):has-text('Waiting')")


def test_classes_are_on_the_strip_and_refused_frames_are_hatched(review: Seen) -> None:
    runs = review.page.eval_on_selector_all(
        ".classes rect", "all => all.map(one => [one.dataset.class, one.dataset.refused ?? ''])"
    )
    assert runs == [["A", ""], ["B", ""], ["A", ""], ["R", ""], ["A", ""], ["D", "true"]]
    assert review.page.locator(".refused-marks i").count() == 1
    review.press("End")
    review.page.wait_for_selector(".provenance:has-text('Refused: the fill would enter a performer')")


def test_the_panel_tells_where_the_shown_frame_came_from(review: Seen) -> None:
    review.press("g")
    review.page.keyboard.type("33")
    review.press("Enter")
    review.page.wait_for_selector(".provenance:has-text('Frame 33')")
    said = review.page.inner_text(".provenance")
    assert "A001_C001" in said and "removal" in said and "Asked for by Ines" in said and "97.0 %" in said


def test_a_version_is_approved_once_each_restored_frame_was_looked_at(own: Seen) -> None:
    review = own.open_shot()
    approve = review.page.locator(".decide .primary")
    assert approve.is_disabled() and "0 of 2 restored frames" in review.page.inner_text(".decide")
    for done in (1, 2):
        review.page.click(".decide >> text=Next")
        review.page.wait_for_selector(f".decide:has-text('{done} of 2 restored frames')")
    review.press("Control+Enter")
    review.page.wait_for_selector(".decide:has-text('Approved')")
    with review.house.production.reading() as session:
        version = session.get(Version, review.house.version)
        assert version is not None and version.status == "approved" and version.shot.status == "approved"
        assert [(one.who, one.decision) for one in version.approvals] == [("Ines", "approved")]
    lines = read_ledger(review.house.root / "ledger" / f"{review.house.job}.ledger.jsonl").lines
    assert any(line.kind == "event" and line.body["event"] == "approval" for line in lines)


def test_a_version_is_rejected_with_a_note_pinned_to_the_frame(own: Seen) -> None:
    review = own.open_shot()
    review.press("Control+Shift+Enter")
    review.page.keyboard.type("the edge of the sleeve shows")
    review.page.check(".pin input")
    review.press("Tab")
    review.page.click("dialog >> button:has-text('Reject')")
    review.page.wait_for_selector(".notes:has-text('the edge of the sleeve shows')")
    review.page.wait_for_selector(".decide:has-text('Rejected')")
    with review.house.production.reading() as session:
        version = session.get(Version, review.house.version)
        assert version is not None and version.status == "rejected"
        assert version.approvals[0].frames == [SHOT_START + 8]


def test_keys_belong_to_the_text_while_a_note_is_written(review: Seen) -> None:
    review.press("n")
    review.page.keyboard.type("jkl wds 12")
    assert review.page.input_value("dialog textarea") == "jkl wds 12"
    review.press("Escape")
    review.shows(SHOT_START + 8)


def test_the_palette_finds_a_command_and_a_shot(review: Seen) -> None:
    review.press("Control+k")
    review.page.keyboard.type("last frame")
    review.press("Enter")
    review.shows(SHOT_END - 1)
    review.press("Control+k")
    review.page.keyboard.type("1A_0020")
    review.press("Enter")
    review.page.wait_for_selector("h1:has-text('1A_0020')")


def test_the_question_mark_shows_every_shortcut(review: Seen) -> None:
    review.press("?")
    said = review.page.inner_text("dialog")
    for name in ("Play backwards", "Mark in", "Wipe", "Difference", "Approve", "Matte over the picture"):
        assert name in said
    review.press("Escape")
    assert review.page.locator("dialog").count() == 0


def test_an_address_opens_the_same_shot_version_and_frame_for_a_colleague(review: Seen) -> None:
    review.press("End")
    review.shows(SHOT_END - 1)
    review.page.reload()
    review.page.wait_for_selector(".stage canvas[data-frame]")
    review.shows(SHOT_END - 1)


def test_everything_around_the_picture_is_neutral_grey(review: Seen) -> None:
    review.press("w", "m")
    coloured = review.page.evaluate(
        """() => [...document.querySelectorAll('.review, .review *')]
          .filter(one => !one.closest('.chip, .classes, .class-badge, .legend, .class-words, canvas'))
          .flatMap(one => ['color', 'backgroundColor', 'borderTopColor', 'outlineColor'].map(name => [one.className, name, getComputedStyle(one)[name]]))
          .filter(([, , value]) => { const [r, g, b] = value.match(/[\\d.]+/g).map(Number); return !(r === g && g === b); })"""
    )
    assert coloured == []


def test_every_control_has_a_name(review: Seen) -> None:
    for step in ("", "?", "Escape", "n"):
        if step:
            review.press(step)
        nameless = review.page.evaluate(
            """() => [...document.querySelectorAll('button, a, input, select, textarea, [role=slider]')]
              .filter(one => one.checkVisibility() && !(one.getAttribute('aria-label') || one.innerText?.trim() || one.labels?.length))
              .map(one => one.outerHTML.slice(0, 120))"""
        )
        assert nameless == [], step


def test_the_page_asks_nobody_but_its_own_server(door: Seen) -> None:
    asked: list[str] = []
    door.page.on("request", lambda request: asked.append(request.url))
    door.page.reload()
    door.page.fill("input[type=password]", door.house.token)
    door.press("Enter")
    door.page.dblclick(".shot >> nth=0")
    door.page.wait_for_selector(".stage canvas[data-frame]")
    foreign = [url for url in asked if not re.match(rf"{re.escape(door.address)}/|blob:", url)]
    assert len(asked) > 8 and foreign == []
    broken = [text for text in door.page.complaints if "Content Security Policy" in text or "Error" in text]
    assert broken == []


def test_the_coverage_map_shows_what_is_missing_and_marks_the_line_nobody_covers(own: Seen) -> None:
    folder = own.house.production.path("editorial")
    lines = [
        {"number": 1, "kind": "dialogue", "character": "ADA", "text": "High water?", "covered": [{"take": "A1", "circled": True, "source": "recorded"}]},
        {"number": 2, "kind": "action", "character": "", "text": "The rope goes tight.", "covered": []},
    ]  # fmt: skip
    take = {
        "scene": "7",
        "setup": "A",
        "take": "1",
        "slate": "A1",
        "clips": ["A001"],
        "circled": True,
        "performers": [],
        "lines": "1",
        "notes": "",
    }
    gap = {"gap": "line not covered", "scene": "7", "setup": "", "line": 2, "what": "scene 7 line 2", "grave": True}
    coverage = {
        "scenes": [{"number": "7", "heading": "INT. PIER", "share": 0.5, "takes": [take], "lines": lines}],
        "missing": [gap], "attention": [],
    }  # fmt: skip
    index = {
        "bins": [],
        "string_out": {"files": [], "clips": 0, "seconds": 0.0, "stand_ins": []},
        "coverage": ["coverage.html"],
        "attention": [],
    }
    (folder / "coverage.json").write_text(json.dumps(coverage))
    (folder / "editorial.json").write_text(json.dumps(index))
    own.page.click("nav >> text=Editorial")
    own.page.wait_for_selector(".gaps:has-text('line not covered')")
    assert own.page.get_attribute("tr.bare", "data-line") == "2" and own.page.locator(".dot.is-circled >> nth=1").count() == 1
    assert "50 % of 2 lines" in own.page.inner_text("section[aria-label='Scene 7']")


def test_a_package_is_asked_for_with_a_form_and_a_refusal_is_shown(own: Seen) -> None:
    own.page.click("nav >> text=Deliver")
    own.page.click(".pass:has-text('Foundry Nuke')")
    own.page.get_by_label("Vendor").fill("XY")
    own.page.click("button:has-text('Make the package')")
    own.page.wait_for_selector(".notice:has-text('there is no cut to deliver')")


def test_a_version_that_came_back_says_so_and_from_which_it_was_made(own: Seen) -> None:
    with own.house.production.session() as session:
        version = session.get_one(Version, own.house.version)
        version.figures = {**version.figures, "returned": {"name": "Pier_v002", "by": "Ines", "digest": "0" * 64}, "parent": 7}
    review = own.open_shot()
    assert "by hand from v7" in review.page.inner_text(".versions")
