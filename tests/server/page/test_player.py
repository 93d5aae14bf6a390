"""The player in a real browser: every frame is the frame it says it is, and two pictures are compared on the same one."""

from __future__ import annotations

import itertools

import pytest

from answerprint.production.tables import Clip

from ..conftest import (
    INVENTED_TOP,
    MATTE_LEFT,
    MATTE_RIGHT,
    PLATE_GREY,
    SHOT_END,
    SHOT_START,
    VERSION_GREY,
    make_graded_copy,
)
from .conftest import Seen

PLATE, MADE = round(PLATE_GREY * 255), round(VERSION_GREY * 255)
NEAR = 4
"""Code values that 8-bit limited-range YCbCr may be off by."""


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


def test_the_graded_copy_stands_beside_its_plate_on_the_same_frame_and_says_so(own: Seen) -> None:
    review = own.open_shot()
    page, toggle = review.page, review.page.locator(".toggle:has-text('Graded')")
    assert toggle.is_disabled() and "answerprint run DIR dailies" in toggle.get_attribute("title")
    review.press("v")
    review.settle()
    assert abs(review.canvas(0.9)["colours"][0][0] - MADE) <= NEAR and page.locator(".stage-label").count() == 0
    make_graded_copy(own.house)
    page.reload()
    page.wait_for_selector(".toggle:has-text('Graded'):not([disabled])")
    review.shows(SHOT_START + 8)
    review.press("v")
    page.wait_for_selector(".stage-label")
    assert page.inner_text(".stage-label") == "Graded: technical"
    review.press("ArrowRight")
    review.shows(SHOT_START + 9)
    graded = review.canvas(0.9)["colours"][0][0]
    assert abs(graded - PLATE) > 4 * NEAR and abs(graded - MADE) > NEAR
    review.press("w")
    review.settle()
    left, right = review.canvas(0.4, 0.6)["colours"]
    assert abs(left[0] - PLATE) <= NEAR and abs(right[0] - graded) <= NEAR
    review.press("1")
    review.settle()
    assert page.locator(".stage-label").count() == 0 and abs(review.canvas(0.9)["colours"][0][0] - PLATE) <= NEAR
    review.press("v")
    page.wait_for_function("() => !document.querySelector('.toggle[aria-pressed=true]')")
    review.press("2")
    review.settle()
    assert abs(review.canvas(0.9)["colours"][0][0] - MADE) <= NEAR
    with own.house.production.session() as session:
        session.get_one(Clip, own.house.clip).grade = {}
    page.reload()
    page.wait_for_selector(".toggle:has-text('Graded')[disabled]")


def test_a_restored_frame_seen_in_the_graded_copy_alone_was_not_looked_at(own: Seen) -> None:
    make_graded_copy(own.house)
    review = own.open_shot()
    review.press("v")
    review.page.wait_for_selector(".stage-label")
    review.press("g")
    review.page.keyboard.type("50")
    review.press("Enter")
    review.shows(50)
    review.settle()
    assert "0 of 2 restored" in review.page.inner_text(".restored-line")
    review.page.click(".restored-line button")
    review.page.wait_for_selector(".restored-line:has-text('1 of 2 restored')")
    assert review.page.locator(".stage-label").count() == 0


def test_matte_and_support_are_laid_over_where_they_are_and_nowhere_else(review: Seen) -> None:
    for key, hue in (("m", 0), ("s", 1)):
        review.press(key)
        review.page.wait_for_timeout(300)
        inside, outside = review.canvas(0.375, 0.8)["colours"]
        assert inside[hue] == max(inside) and inside[hue] - min(inside) > 40, (key, inside)
        assert max(outside) - min(outside) <= NEAR and abs(outside[0] - MADE) <= NEAR
        review.press(key)


def test_what_no_frame_saw_is_hatched_so_that_the_picture_shows_between_the_lines(review: Seen) -> None:
    review.press("s")
    review.page.wait_for_timeout(300)
    row = """([left, right, y]) => {
      const canvas = document.querySelector('.stage canvas'), copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d');
      context.drawImage(canvas, 0, 0);
      return [...context.getImageData(left, y, right - left, 1).data].filter((_, at) => at % 4 === 1);
    }"""
    seen, invented = (
        review.page.evaluate(row, [MATTE_LEFT + 16, MATTE_RIGHT - 16, y]) for y in (INVENTED_TOP - 20, INVENTED_TOP + 20)
    )
    assert max(seen) - min(seen) <= NEAR
    on_line, between = min(invented), max(invented)
    assert between - on_line > 40
    lines = sum(a - b > 20 for a, b in itertools.pairwise(invented))
    assert lines == pytest.approx(len(invented) / 8, abs=1)
    review.press("s")


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
