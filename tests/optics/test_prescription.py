"""A lens record from a lens's own surfaces, against matrices of paraxial optics written here and against single traced rays."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.optics.lens import Lens, read_lens, write_lens
from answerprint.optics.prescription import Glass, Group, Prescription, Surface, Zoom, read_prescription
from answerprint.optics.prescription_trace import GREEN, focused, traced_lens
from answerprint.optics.pupil import Pupil
from answerprint.optics.table import LensState
from answerprint.optics.vignetting import falloff
from answerprint.production import BadInput

RADIUS = 14.0
"""mm: half the diagonal of a Super 35 sensor."""
BARIUM, FLINT, LIGHT_FLINT, CROWN, LANTHANUM = (
    Glass(index=1.67003, abbe=47.2),
    Glass(index=1.69895, abbe=30.07),
    Glass(index=1.60342, abbe=38.03),
    Glass(index=1.65844, abbe=50.88),
    Glass(index=1.717, abbe=47.98),
)


def double_gauss(**changes: Any) -> Prescription:
    """50 mm f/2 in the form of US patent 2,673,491 (A. W. Tronnier, 1954); focused as a whole unless told otherwise."""
    rows: list[tuple[float, float, Glass | None, float]] = [
        (29.475, 3.76, BARIUM, 12.6),
        (84.83, 0.12, None, 12.6),
        (19.275, 4.025, BARIUM, 11.5),
        (40.77, 3.275, FLINT, 11.5),
        (12.75, 5.705, None, 9.0),
        (math.inf, 4.5, None, 8.55),
        (-14.495, 1.18, LIGHT_FLINT, 8.5),
        (40.77, 6.065, CROWN, 10.0),
        (-20.385, 0.19, None, 10.0),
        (437.065, 3.22, LANTHANUM, 10.0),
        (-39.73, 36.1, None, 10.0),
    ]
    surfaces = tuple(Surface(radius=r, thickness=t, glass=g, semi_diameter=s, iris=math.isinf(r)) for r, t, g, s in rows)
    return Prescription(**{"model": "double Gauss", "f_number": 2.0, "surfaces": surfaces} | changes)


def system(prescription: Prescription, gaps: tuple[float, ...]) -> np.ndarray:
    """The matrix from before the first surface to the sensor, of (height, slope); indices by Cauchy's two terms."""
    matrix, before = np.eye(2), 1.0
    for surface, gap in zip(prescription.surfaces, gaps, strict=True):
        behind = 1.0
        if surface.glass:
            b = (surface.glass.index - 1) / surface.glass.abbe / (1 / 0.4861**2 - 1 / 0.6563**2)
            behind = surface.glass.index + b * (1 / GREEN**2 - 1 / 0.5876**2)
        refraction = np.array([[1, 0], [-(behind - before) / (surface.radius * behind), before / behind]])
        matrix, before = np.array([[1, gap], [0, 1]]) @ refraction @ matrix, behind
    return matrix


def front(prescription: Prescription, gaps: tuple[float, ...]) -> np.ndarray:
    """The matrix from before the first surface to the iris."""
    before_iris = prescription.iris - 1
    part = prescription.model_copy(update={"surfaces": prescription.surfaces[:before_iris]})
    return system(part, gaps[:before_iris])


@pytest.fixture(scope="module")
def lens() -> Lens:
    return traced_lens(double_gauss(), (math.inf, 4.0, 2.0, 1.2, 0.8), (2.0, 2.8, 4.0), RADIUS)


@pytest.mark.parametrize("distance", [math.inf, 2.0, 0.8])
def test_focus_and_breathing_are_those_of_paraxial_optics(distance: float) -> None:
    prescription = double_gauss()
    made = focused(prescription, distance)
    whole, to_iris = system(prescription, made.gaps), front(prescription, made.gaps)
    pupil = to_iris[0, 1] / to_iris[0, 0]  # a ray of slope 1 that meets the axis there goes through the middle of the iris
    assert made.pupil == pytest.approx(pupil, rel=1e-3)
    assert made.focal_length == pytest.approx(abs(whole @ np.array([-pupil, 1.0]))[0], rel=5e-4)
    away = math.inf if math.isinf(distance) else distance * 1000 - sum(made.gaps)
    height, slope = whole @ np.array([1.0, 1 / away])
    assert abs(height / slope) < 0.03, "out of focus by more than indices by two rules explain, mm"


def test_a_group_inside_focuses_without_the_lens_growing() -> None:
    inside = double_gauss(focusing=(Group(first=7, last=11),))
    far, near = focused(inside, math.inf), focused(inside, 4.0)
    assert near.track == pytest.approx(far.track)
    assert near.gaps[5] < far.gaps[5]
    whole, to_iris = system(inside, near.gaps), front(inside, near.gaps)
    assert near.focal_length == pytest.approx(abs(whole @ [-to_iris[0, 1] / to_iris[0, 0], 1.0])[0], rel=5e-4)


@pytest.mark.parametrize("distance", [8.0, 2.8, 1.5, 0.95])
def test_between_rows_the_field_of_view_is_within_a_fifth_of_a_percent(lens: Lens, distance: float) -> None:
    state = LensState(focus_distance=distance, focal_length=50, f_number=2)
    traced = math.degrees(2 * math.atan(12.0 / focused(double_gauss(), distance).focal_length))
    assert lens.field_of_view(state, 24.0) == pytest.approx(traced, rel=2e-3)


def test_the_pupil_lies_where_the_trace_has_it(lens: Lens) -> None:
    made = focused(double_gauss(), 2.0)
    assert lens.pupil_offset(LensState(focus_distance=2.0)) == pytest.approx((made.track - made.pupil) / 1000)


def test_distortion_puts_rays_where_they_land(lens: Lens) -> None:
    made = focused(double_gauss(), 2.0)
    tangent = np.linspace(0.02, 0.98 * RADIUS / made.focal_length, 9)
    points = np.stack([tangent, 0 * tangent], axis=-1)
    at = lens.distortion_at(LensState(focus_distance=2.0)).distort(points)[:, 0] * made.focal_length
    assert np.abs(at - made.chief_heights(tangent)).max() < 1e-3, "more than a micrometre"
    assert np.abs(tangent * made.focal_length - made.chief_heights(tangent)).max() > 0.02, "nothing was there to be found"


def test_dark_corners_follow_the_trace_over_the_iris(lens: Lens) -> None:
    made = focused(double_gauss(), math.inf)
    tangent = np.linspace(0.05, 0.95, 7) * RADIUS / made.focal_length
    line = np.linspace(-1, 1, 121)
    seen = {}
    for stop in (2.0, 4.0):
        radius = made.focal_length / stop / 2
        across, up = (1.5 * radius * g.ravel() for g in np.meshgrid(line, line))
        through = []
        for t in (0.0, *tangent):
            _, at_iris, passed = made.trace(np.full_like(across, t), across, up)
            through.append(float(np.sum(passed * (at_iris <= (radius * made.iris_radius) ** 2))))
        share = np.array(through[1:]) / through[0] * (1 + tangent**2) ** -2
        state = LensState(focal_length=50, f_number=stop)
        seen[stop] = falloff(lens, state, Pupil.of(lens.iris, 1.0, lens.barrel, radius), made.chief_heights(tangent), 0 * tangent)
        # A grid of rays knows an area to about one part in a hundred, and a series in r^2 bends softer than a rim.
        assert np.abs(seen[stop] - share).max() < 0.05
    assert seen[2.0][-1] < seen[4.0][-1] - 0.1, "stopping down opens the corners"


def test_colours_part_along_and_across_the_axis(lens: Lens) -> None:
    red, green, blue = lens.longitudinal_colour
    assert abs(green) < 1e-6 < abs(red) < 0.2
    assert abs(blue) < 0.2
    state, edge = LensState(focus_distance=2.0), RADIUS
    made = focused(double_gauss(), 2.0)
    tangent = np.array([0.9 * edge / made.focal_length])
    v, c, b = lens.lateral_colour.at(state)[:3]  # type: ignore[union-attr]
    r = made.chief_heights(tangent) / edge
    assert r * (v + c * r + b * r * r) * edge == pytest.approx(made.chief_heights(tangent, 0.600), abs=1e-3)


def test_a_zoom_has_a_row_for_each_position_of_its_ring() -> None:
    # Two lenses in air 60 and 50 mm long, near and far from each other: 1 / (1/60 + 1/50 - d/3000).
    thin = tuple(
        Surface(radius=r, thickness=t, glass=g, iris=n == 2)
        for n, (r, t, g) in enumerate([(60.0, 1.0, LANTHANUM), (-124.0, 4.0, None), (50.0, 1.0, LANTHANUM), (-127.0, 25.0, None)])
    )
    zooms = (Zoom(focal_length=28, gaps={2: 4.0, 4: 25.0}), Zoom(focal_length=35, gaps={2: 20.0, 4: 18.0}))
    lens = traced_lens(Prescription(f_number=4.0, surfaces=thin, zooms=zooms), (math.inf, 3.0), (4.0,), 5.0)
    wide, long = (lens.focal_length(LensState(focal_length=ring)) for ring in (28, 35))
    assert wide < 32 < long
    assert lens.pinhole_focal_length.axes == ("focal_length", "focus_distance")


def test_the_record_is_a_lens_file_like_any_other(lens: Lens, tmp_path: Path) -> None:
    write_lens(tmp_path / "a.json", lens)
    assert read_lens(tmp_path / "a.json") == lens


def test_a_distance_its_groups_cannot_reach_is_refused() -> None:
    with pytest.raises(BadInput, match=r"does not focus at 0\.1 m"):
        focused(double_gauss(focusing=(Group(first=7, last=11),)), 0.1)


def test_a_picture_beyond_the_image_circle_is_refused() -> None:
    with pytest.raises(BadInput, match="lets no light through to 60 mm"):
        traced_lens(double_gauss(), (math.inf,), (2.0,), 60.0)


def test_without_the_tracer_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"answerprint\[prescription\]"):
        traced_lens(double_gauss())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"surfaces": [{"thickness": 1}, {"thickness": 2}]}, "exactly one surface is the iris"),
        ({"surfaces": [{"thickness": 1, "iris": True}, {"thickness": 2, "glass": {"index": 1.5, "abbe": 60}}]}, "must be air"),
        ({"focusing": [{"first": 3, "last": 9}]}, "a focusing group runs"),
        ({"zooms": [{"focal_length": 30, "gaps": {"7": 1.0}}]}, "a zoom names gaps 1 to 2"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_faulty_prescription_is_refused_by_its_field(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    plain = {"f_number": 2, "surfaces": [{"radius": 50, "thickness": 1, "iris": True}, {"thickness": 2}]}
    (tmp_path / "p.json").write_text(json.dumps(plain | change))
    with pytest.raises(BadInput, match=reason):
        read_prescription(tmp_path / "p.json")
