"""The page as a person uses it, in a real browser: sign in, dispatch, play frame by frame, compare, decide."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.jobs.queue import ChunkOrder, job_views, submit
from answerprint.production.tables import Version
from answerprint.provenance.chain import read_ledger

from .browser import READ_CANVAS, chromium, missing, served
from .conftest import BITS, CELL, PLATE_GREY, SHOT_END, SHOT_START, VERSION_GREY, House, furnished

PLATE, MADE = round(PLATE_GREY * 255), round(VERSION_GREY * 255)
NEAR = 4
"""Code values that 8-bit limited-range YCbCr may be off by."""


@dataclass
class Seen:
    """What is on the screen."""

    page: Any
    address: str
    house: House

    def canvas(self, *places: float) -> dict[str, Any]:
        """The picture: the number in it, the frame the page says it is, and greys at some places across."""
        found: dict[str, Any] = self.page.evaluate(READ_CANVAS, [BITS, CELL, list(places)])
        return found

    def shows(self, frame: int) -> None:
        """Wait until the page says it shows this frame, then hold it to the number in the picture and in the readouts."""
        self.page.wait_for_function("frame => document.querySelector('.stage canvas').dataset.frame === String(frame)", arg=frame)
        picture = self.canvas()
        assert picture["number"] == picture["frame"] == frame
        assert self.page.input_value("[data-testid=frame]") == str(frame)
        assert self.page.inner_text("[data-testid=timecode]") == f"01:00:{frame // 24:02d}:{frame % 24:02d}"

    def come_in(self) -> Seen:
        """Sign in."""
        self.page.fill("input[type=password]", self.house.token)
        self.press("Enter")
        self.page.wait_for_selector(".shot")
        return self

    def open_shot(self) -> Seen:
        """Open the first shot and wait for its first picture."""
        self.page.dblclick(".shot >> nth=0")
        self.page.wait_for_selector(".decide")
        self.shows(SHOT_START + 8)
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def settle(self) -> None:
        """Let two pictures pass, so that what was asked for is on the canvas."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"
        )


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Any]:
    if missing():
        pytest.skip("the page cannot be looked at; the first test of this file fails and says why")
    with chromium() as page:
        yield page


@pytest.fixture(scope="module")
def standing(browser_page: Any, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A production that tests look at and leave as it is, served once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSWERPRINT_HOME", str(tmp_path_factory.mktemp("home")))
        house = furnished(tmp_path_factory.mktemp("standing") / "house", pictures)
        with served(house.root) as address:
            yield Seen(browser_page, address, house)
        house.production.close()


@pytest.fixture
def door(house: House, browser_page: Any) -> Iterator[Seen]:
    """The page of a production of the test's own, before anyone has signed in."""
    browser_page.complaints.clear()
    browser_page.context.clear_cookies()
    with served(house.root) as address:
        browser_page.goto(address)
        yield Seen(browser_page, address, house)
        browser_page.goto("about:blank")
        browser_page.context.clear_cookies()


@pytest.fixture
def own(door: Seen) -> Seen:
    """The wall of a production of the test's own, which it may change."""
    return door.come_in()


@pytest.fixture
def seen(standing: Seen) -> Seen:
    """The wall of the production that all look at."""
    standing.page.goto(standing.address)
    standing.page.wait_for_selector(".shot, input[type=password]")
    return standing if standing.page.locator(".shot").count() else standing.come_in()


@pytest.fixture
def review(seen: Seen) -> Seen:
    """The player, with the made version as B."""
    return seen.open_shot()


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


def test_every_step_and_every_seek_shows_exactly_that_frame(review: Seen) -> None:
    start = SHOT_START + 8
    for by in (1, 1, 1, -1, -1, -1, -1):
        review.press("ArrowRight" if by > 0 else "ArrowLeft")
        start += by
        review.shows(start)
    review.press("End")
    review.shows(SHOT_END - 1)
    review.press("Home")
    review.shows(SHOT_START)
    review.press("Shift+ArrowRight")
    review.shows(SHOT_START + 10)
    for wanted in (63, 64, 15, 77, 32, 31):
        review.press("g")
        review.page.keyboard.type(str(wanted))
        review.press("Enter")
        review.shows(wanted)
    box = review.page.locator(".strip").bounding_box()
    length = SHOT_END - SHOT_START
    for wanted in (40, 71, 12, 83):
        review.page.mouse.click(box["x"] + box["width"] * (wanted - SHOT_START + 0.5) / length, box["y"] + 10)
        review.shows(wanted)


@pytest.mark.parametrize(
    ("keys", "direction"), [(("l",), 1), (("l", "l"), 1), (("j",), -1), (("j", "j", "j"), -1), (("Space",), 1)]
)
def test_while_playing_the_picture_is_always_the_frame_the_page_says(review: Seen, keys: tuple[str, ...], direction: int) -> None:
    review.press("End" if direction < 0 else "Home")
    review.shows(SHOT_END - 1 if direction < 0 else SHOT_START)
    review.press(*keys)
    frames = set()
    for _ in range(12):
        review.page.wait_for_timeout(40)
        picture = review.canvas()
        assert picture["number"] == picture["frame"]
        frames.add(picture["frame"])
    assert len(frames) >= 3, "nothing was played"
    review.press("k")
    review.settle()
    stopped = review.canvas()["frame"]
    review.shows(stopped)


def test_playing_every_frame_skips_none(review: Seen) -> None:
    review.press("Home")
    review.shows(SHOT_START)
    shown = review.page.evaluate(
        """() => new Promise(done => {
          const canvas = document.querySelector('.stage canvas'), frames = [];
          const watcher = new MutationObserver(() => {
            if (frames.at(-1) !== Number(canvas.dataset.frame)) frames.push(Number(canvas.dataset.frame));
            if (frames.length > 40) { watcher.disconnect(); done(frames); }
          });
          watcher.observe(canvas, { attributeFilter: ['data-frame'] });
          window.dispatchEvent(new KeyboardEvent('keydown', { key: ' ' }));
        })"""
    )
    review.press("k")
    assert [b - a for a, b in itertools.pairwise(shown)] == [1] * (len(shown) - 1)


def test_in_and_out_bound_what_is_played(review: Seen) -> None:
    review.press("g")
    review.page.keyboard.type("30")
    review.press("Enter", "i", "Shift+ArrowRight", "o", "Home")
    review.shows(30)
    review.press("End")
    review.shows(40)
    review.press("Space")
    frames = []
    for _ in range(25):
        review.page.wait_for_timeout(30)
        frames.append(review.canvas()["frame"])
    review.press("k")
    assert min(frames) >= 30 and max(frames) <= 40 and len(set(frames)) > 4


def test_a_and_b_are_flipped_on_the_same_frame(review: Seen) -> None:
    assert abs(review.canvas(0.9)["colours"][0][0] - MADE) <= NEAR
    review.press("1")
    review.settle()
    picture = review.canvas(0.9)
    assert abs(picture["colours"][0][0] - PLATE) <= NEAR and picture["number"] == SHOT_START + 8
    review.press("2")
    review.settle()
    assert abs(review.canvas(0.9)["colours"][0][0] - MADE) <= NEAR


def test_the_wipe_is_dragged_and_both_sides_are_the_same_frame(review: Seen) -> None:
    review.press("w")
    review.settle()
    # The number's left bits come from the plate and its right bits from the version: it reads only if both are in step.
    for _ in range(6):
        review.press("ArrowRight")
    review.shows(SHOT_START + 14)
    left, right = review.canvas(0.4, 0.6)["colours"]
    assert abs(left[0] - PLATE) <= NEAR and abs(right[0] - MADE) <= NEAR
    handle = review.page.locator("button.wipe-handle").bounding_box()
    canvas = review.page.locator(".stage canvas").bounding_box()
    assert handle["y"] >= canvas["y"] + canvas["height"], "the handle covers the picture"
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    review.page.mouse.move(x, y)
    review.page.mouse.down()
    review.page.mouse.move(canvas["x"] + canvas["width"] * 0.2, y, steps=4)
    review.page.mouse.up()
    review.settle()
    left, middle = review.canvas(0.1, 0.4)["colours"]
    assert abs(left[0] - PLATE) <= NEAR and abs(middle[0] - MADE) <= NEAR


def test_the_difference_is_shown_with_its_gain(review: Seen) -> None:
    review.press("d", "-", "-")
    review.settle()
    assert abs(review.canvas(0.9)["colours"][0][0] - (MADE - PLATE)) <= 2 * NEAR
    review.press("=")
    review.settle()
    assert abs(review.canvas(0.9)["colours"][0][0] - 2 * (MADE - PLATE)) <= 4 * NEAR
    assert "× 2" in review.page.inner_text(".view-bar")


def test_matte_and_support_are_laid_over_where_they_are_and_nowhere_else(review: Seen) -> None:
    for key, hue in (("m", 0), ("s", 1)):
        review.press(key)
        review.page.wait_for_timeout(300)
        inside, outside = review.canvas(0.375, 0.8)["colours"]
        assert inside[hue] == max(inside) and inside[hue] - min(inside) > 40, (key, inside)
        assert max(outside) - min(outside) <= NEAR and abs(outside[0] - MADE) <= NEAR
        review.press(key)


def test_the_exact_frame_replaces_the_proxy_while_the_deck_stands(review: Seen) -> None:
    review.press("x")
    review.page.wait_for_selector(".deck-facts:has-text('exact frame')")
    review.press("ArrowRight")
    review.shows(SHOT_START + 9)


def test_without_a_decoder_the_frames_are_exact_stills(seen: Seen) -> None:
    seen.page.evaluate("() => { delete window.VideoDecoder }")
    seen.page.dblclick(".shot >> nth=0")
    seen.page.wait_for_selector(".stage canvas[data-frame]")
    seen.shows(SHOT_START + 8)
    seen.press("ArrowRight", "ArrowRight")
    seen.shows(SHOT_START + 10)
    seen.press("End")
    seen.shows(SHOT_END - 1)


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
