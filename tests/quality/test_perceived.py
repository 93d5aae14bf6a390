"""FLIP says nothing of what is the same and more of what differs more."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from answerprint.quality.perceived import flip


def picture() -> np.ndarray:
    return np.random.default_rng(1).random((48, 64, 3)).astype(np.float32) * 0.8


def test_the_same_picture_differs_in_nothing_and_a_lighter_one_the_more_the_lighter_it_is() -> None:
    pytest.importorskip("flip_evaluator")
    same, little, much = (flip(picture() + np.float32(lift), picture()) for lift in (0.0, 0.03, 0.15))
    assert same == 0.0 and little is not None and much is not None and 0 < little < much < 1


def test_only_the_part_that_is_asked_about_counts() -> None:
    pytest.importorskip("flip_evaluator")
    made, where = picture(), np.zeros((48, 64), bool)
    made[:, 32:] += np.float32(0.2)
    where[:, :8] = True
    assert flip(made, picture(), where) == 0.0


def test_without_the_package_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    assert flip(picture(), picture()) is None
