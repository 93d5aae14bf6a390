"""The committed rendered capture: what is in it, and that the scene fitted to it keeps its bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from answerprint.spatial.splats.capture import read_capture

CAPTURE = Path(__file__).parents[3] / "examples" / "capture" / "transforms.json"


def test_it_holds_forty_one_views_and_nine_held_out() -> None:
    capture = read_capture(CAPTURE)
    assert (len(capture.views), len(capture.tests)) == (41, 9)
    assert capture.points is not None
    assert len(capture.points) > 50_000


def test_scan_and_depth_pictures_agree_within_the_scanners_noise() -> None:
    capture = read_capture(CAPTURE)
    assert capture.points is not None
    view = capture.views[0]
    pixels, metres = view.camera.project(capture.points[:14000]), view.camera.depth(capture.points[:14000])
    inside = view.camera.inside(pixels)
    x, y = np.rint(pixels[inside]).astype(int).T
    assert view.depth is not None
    # The first part of the scan was taken from this camera's place: 3 mm, and half a pixel on slanted surfaces.
    assert np.median(np.abs(view.depth[y, x] - metres[inside])) < 0.004
