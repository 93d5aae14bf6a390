"""Treated shots of a package: a pixel changed outside the matte, a fill that pulses, a matte that trembles."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from answerprint.media.exr import write_exr
from answerprint.quality.treated import check_treated, treated_shots

HEIGHT, WIDTH, COUNT = 64, 96, 12


def package(
    folder: Path, *, stray: int | None = None, pulse: float = 0.0, stops: int = COUNT, tremble: int = 0, move: float = 2.0
) -> list[tuple[str, int | None]]:
    """A package with one shot whose square was replaced; answers what the check finds."""
    random = np.random.default_rng(3)
    wall = cv2.GaussianBlur(random.uniform(0.1, 0.6, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2)
    for n in range(COUNT):
        plate = wall + random.normal(0, 0.002, wall.shape).astype(np.float32)
        matte = np.zeros_like(plate)
        x, wide = round(20 + n * move), 18 + (tremble if n % 2 else 0)
        matte[20:40, x : x + wide] = 1.0
        result = np.where((matte > 0) & (n < stops), np.float32(0.7 + pulse * (-1) ** n), plate)
        if stray == n:
            result[60, 90] = plate[60, 90] * 2
        for kind, pixels in (("plates", plate), ("frames", result), ("mattes", matte)):
            write_exr(folder / kind / f"s.{1001 + n}.exr", dict.fromkeys("RGB", pixels.astype(np.float16)))
    run = f"s.[1001-{1000 + COUNT}].exr"
    shot = {
        "name": "s",
        "frames": {"path": f"frames/{run}"},
        "plate": {"path": f"plates/{run}"},
        "layers": {"matte": {"path": f"mattes/{run}"}},
    }
    (folder / "manifest.json").write_text(json.dumps({"format": "answerprint-delivery/1", "shots": [shot]}))
    return [(f.code, f.frame) for one in treated_shots(folder) for f in check_treated(one, lambda *told: None)]


def test_a_sound_treatment_with_a_moving_matte_has_no_finding(tmp_path: Path) -> None:
    assert package(tmp_path) == []


def test_one_pixel_changed_outside_the_matte_is_a_failure_on_its_frame(tmp_path: Path) -> None:
    assert package(tmp_path, stray=7) == [("outside-matte", 7)]


def test_a_fill_that_pulses_is_treated_flicker(tmp_path: Path) -> None:
    assert [code for code, _ in package(tmp_path, pulse=0.02)] == ["treated-flicker"]


def test_a_treatment_that_stops_in_the_middle_of_the_shot_is_a_jump_on_that_frame(tmp_path: Path) -> None:
    found = package(tmp_path, stops=6, move=0.0)
    assert [code for code, _ in found] == ["treated-jump"] and found[0][1] in (5, 6)


def test_a_matte_whose_edge_trembles_is_named_and_one_that_moves_is_not(tmp_path: Path) -> None:
    assert [code for code, _ in package(tmp_path / "trembling", tremble=5, move=0.0)] == ["matte-shimmer"]
    assert package(tmp_path / "fast", move=4.0) == []


def test_a_manifest_that_points_out_of_the_package_is_left_alone(tmp_path: Path) -> None:
    run = {"path": "../../etc/s.[1001-1002].exr"}
    (tmp_path / "manifest.json").write_text(
        json.dumps({"format": "answerprint-delivery/1", "shots": [{"name": "s", "frames": run, "layers": {"matte": run}}]})
    )
    assert list(treated_shots(tmp_path)) == []
