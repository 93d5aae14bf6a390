"""The soft edge of a keyed matte, solved from the picture's colours."""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.generator.keyed_edge import solved_edge


def soft_disc() -> tuple[np.ndarray, np.ndarray]:
    """A disc of one slowly varying colour before another, its edge soft, and its true cover."""
    y, x = np.mgrid[:120, :160].astype(np.float32)
    cover = np.clip((38 - np.hypot(x - 80, y - 60)) / 5 + 0.5, 0, 1)
    near = np.dstack([170 + 0.2 * x, 90 + 0.3 * y, np.full_like(x, 60)])
    far = np.dstack([np.full_like(x, 50), 80 + 0.2 * x, 150 + 0.3 * y])
    picture = near * cover[..., None] + far * (1 - cover[..., None])
    return np.rint(picture).astype(np.uint8), cover.astype(np.float32)


def test_an_edge_that_is_too_hard_and_a_little_off_comes_back_as_soft_as_it_is() -> None:
    picture, cover = soft_disc()
    given = np.roll((cover > 0.5).astype(np.float32), 1, axis=1)
    solved = solved_edge(picture, given)
    edge = (cover > 0.02) & (cover < 0.98)
    before, after = (float(np.abs(one - cover)[edge].mean()) for one in (given, solved))
    assert after < 0.3 * before  # what was given keeps a little weight


def test_what_is_far_from_the_edge_is_left_alone() -> None:
    picture, cover = soft_disc()
    given = cv2.GaussianBlur((cover > 0.5).astype(np.float32), (0, 0), 1.0)
    solved = solved_edge(picture, given)
    far = cv2.dilate(((given > 0.05) & (given < 0.95)).astype(np.uint8), np.ones((13, 13), np.uint8)) == 0
    assert np.array_equal(solved[far], np.rint(given[far]))


def test_a_matte_with_nothing_inside_comes_back_as_it_is() -> None:
    picture, cover = soft_disc()
    faint = (cover * 0.3).astype(np.float32)
    assert np.array_equal(solved_edge(picture, faint), faint)
