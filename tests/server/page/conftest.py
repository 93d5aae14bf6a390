"""What is on the screen of a served production, and the places in the page that tests begin at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..browser import READ_CANVAS, chromium, missing, served
from ..conftest import BITS, CELL, SHOT_START, House, furnished


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
        pytest.skip("the page cannot be looked at; the first test of the page fails and says why")
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
