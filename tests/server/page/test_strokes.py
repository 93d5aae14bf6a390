"""Strokes drawn on the picture, by pointer and by keyboard, become the settings of a job in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from answerprint.production.tables import Job

from ..conftest import HEIGHT, SHOT_START, WIDTH
from .conftest import Seen

LAYER = ".stroke-layer"
FRAME = SHOT_START + 8


@pytest.fixture
def drawing(own: Seen) -> Seen:
    """The player in its drawing mode, with nothing drawn yet."""
    review = own.open_shot()
    review.page.evaluate("() => sessionStorage.clear()")
    review.press("p")
    review.page.wait_for_selector(LAYER)
    return review


def drag(drawing: Seen, *places: tuple[float, float]) -> None:
    """Draw through places given in pixels of the plate."""
    box = drawing.page.locator(LAYER).bounding_box()
    on_screen = [(box["x"] + (x + 0.5) / WIDTH * box["width"], box["y"] + (y + 0.5) / HEIGHT * box["height"]) for x, y in places]
    drawing.page.mouse.move(*on_screen[0])
    drawing.page.mouse.down()
    for place in on_screen[1:]:
        drawing.page.mouse.move(*place, steps=8)
    drawing.page.mouse.up()


def run(drawing: Seen, title: str) -> dict[str, Any]:
    """Send what was drawn to a pass and answer with the settings its job was ordered with."""
    drawing.page.click(f".stroke-jobs >> text={title}")
    drawing.page.click("dialog >> text=Run on 1 shot")
    drawing.page.wait_for_selector(".queue .job:has-text('1A_0010')")
    with drawing.house.production.reading() as session:
        job = session.scalars(select(Job).where(Job.id != drawing.house.job)).one()
        nodes = job.order["graph"]["nodes"]
    return dict(next(node for node in nodes if node["id"] == "result")["parameters"])


def test_strokes_drawn_on_the_plate_become_the_keys_of_a_matte(drawing: Seen) -> None:
    drag(drawing, (100, 120), (100, 200), (180, 200))
    drawing.page.click("[role=radio]:has-text('Outside')")
    drag(drawing, (400, 150))
    assert drawing.page.locator(".stroke-panel li").count() == 2
    line, click = run(drawing, "Roto")["strokes"]
    assert (line["frame"], line["inside"], click["frame"], click["inside"]) == (FRAME, True, FRAME, False)
    corners = [(100, 120), (100, 200), (180, 200)]
    assert len(line["points"]) == 3, "a bent line keeps its corner and nothing between"
    assert all(abs(x - u) < 1.5 and abs(y - v) < 1.5 for (x, y), (u, v) in zip(line["points"], corners, strict=True))
    assert len(click["points"]) == 1 and abs(click["points"][0][0] - 400) < 1.5


def test_a_line_drawn_by_keyboard_becomes_the_stroke_of_a_wire(drawing: Seen) -> None:
    drawing.page.focus(LAYER)
    drawing.press("ArrowRight", " ", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "Enter")
    assert "inside, 2 points" in drawing.page.inner_text(".stroke-panel li")
    middle, leap = [WIDTH // 2, HEIGHT // 2], round(WIDTH / 48)
    assert run(drawing, "Find wires")["stroke"] == [{"frame": FRAME, "points": [middle, [middle[0] + 2, middle[1] + leap]]}]


def test_what_was_drawn_is_taken_back_kept_over_a_reload_and_told_by_frame(drawing: Seen) -> None:
    drag(drawing, (100, 120), (200, 120))
    drawing.page.focus(LAYER)
    drawing.press("-", "Enter")
    assert "outside, a click" in drawing.page.inner_text(".stroke-panel li >> nth=1")
    drawing.press("Backspace")
    assert drawing.page.locator(".stroke-panel li").count() == 1
    drawing.page.reload()
    drawing.page.wait_for_selector(".decide")
    drawing.press("p")
    drawing.page.wait_for_selector(f".stroke-panel li:has-text('frame {FRAME}')")
    assert drawing.page.locator(f"{LAYER} .stroke").count() == 1
    drawing.press("ArrowRight")
    drawing.shows(FRAME + 1)
    assert drawing.page.locator(f"{LAYER} .stroke").count() == 0, "a stroke is on its own frame alone"
    drawing.page.click(".stroke-panel .frame-link")
    drawing.shows(FRAME)


def test_strokes_are_drawn_on_the_plate_alone(drawing: Seen) -> None:
    drawing.press("2")
    drawing.page.wait_for_selector(".stroke-panel >> text=Strokes are on the plate.")
    assert drawing.page.locator(LAYER).count() == 0
    drawing.page.click(".stroke-panel >> text=Show it")
    drawing.page.wait_for_selector(LAYER)
    drawing.press("p")
    assert drawing.page.locator(".stroke-panel").count() == 0


def test_strokes_of_one_shot_do_not_become_the_draft_for_others(drawing: Seen) -> None:
    drag(drawing, (100, 120), (200, 120))
    drawing.page.click(".stroke-jobs >> text=Roto")
    field = drawing.page.locator("dialog .field:has(label:text-is('Strokes')) input")
    assert len(json.loads(field.input_value())) == 1
    drawing.page.click("dialog >> text=Cancel")
    assert "points" not in (drawing.page.evaluate("() => sessionStorage.getItem('answerprint.dispatch')") or "")
