"""What tests share: where the real footage lies, a home of their own for keys and caches, and why what was skipped was."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real footage; tests that need it are skipped, with the reason, where it is missing."""
    place = Path(os.environ.get("ANSWERPRINT_FOOTAGE") or REPOSITORY.parent / "shared" / "footage")
    if not place.is_dir():
        pytest.skip(f"footage not found at {place}; set ANSWERPRINT_FOOTAGE to its folder")
    return place


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test signs and trusts in a home of its own, so that no test depends on a person's keys."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ANSWERPRINT_HOME", str(home))
    return home


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason for which tests were skipped, once, with how many: a missing environment must not pass for a green test."""
    places = [report.longrepr for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    for reason, count in Counter(str(place[2]).removeprefix("Skipped: ") for place in places).most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
