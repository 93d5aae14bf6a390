"""Analysis networks for the tests that run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerprint.perception.models import find_model
from answerprint.perception.pose import DETECTOR, LANDMARKS
from answerprint.production import BadInput


@pytest.fixture(scope="session")
def networks() -> list[Path]:
    """The pose networks; tests that need them are skipped, with the reason, where they are missing."""
    try:
        return [find_model(card) for card in (DETECTOR, LANDMARKS)]
    except BadInput as fault:
        pytest.skip(str(fault))
