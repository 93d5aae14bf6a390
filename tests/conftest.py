"""What tests share: where the real footage lies, and a home of their own for keys and caches."""

from __future__ import annotations

import os
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
