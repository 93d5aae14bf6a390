"""From chart frames at many settings to one lens file: the calibrator's whole way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.calibration import Calibration, Kind, calibrate
from answerprint.optics.chart import Chart, View, find_chart, refine
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Lens
from answerprint.optics.table import Axis, LensState, Table
from answerprint.production import BadInput

Grey = NDArray[np.integer] | NDArray[np.floating]


@dataclass(frozen=True)
class SolvedSetting:
    """One focus and zoom with its solution, and the frames in which no chart was found."""

    state: LensState
    calibration: Calibration
    unread: tuple[str, ...]


def solve_setting(
    frames: Sequence[tuple[str, Grey]],
    chart: Chart,
    state: LensState,
    sensor_width_mm: float,
    kind: Kind = "brown-conrady",
    pixel_aspect: float = 1.0,
    reject: float = 6.0,
    refining: int = 2,
) -> SolvedSetting:
    """Named grey frames (h, w) of a chart at one setting, solved; corners fitted anew ``refining`` times on the way.

    Raises BadInput where fewer than three frames show the whole chart.
    """
    views: list[View] = []
    pictures: list[Grey] = []
    unread: list[str] = []
    for name, grey in frames:
        view = find_chart(grey, chart, name)
        if view is None:
            unread.append(name)
        else:
            views.append(view)
            pictures.append(grey)

    def solve() -> Calibration:
        return calibrate(views, kind, sensor_width_mm, pixel_aspect, reject)

    calibration = solve()
    for _ in range(refining if chart.kind == "checkerboard" else 0):
        cameras = [calibration.at(n) for n in range(len(views))]
        again = [refine(grey, view, camera, chart.pitch) for grey, view, camera in zip(pictures, views, cameras, strict=True)]
        before, views = views, again
        better = solve()
        if better.rms >= calibration.rms:
            views = before
            break
        calibration = better
    return SolvedSetting(state, calibration, tuple(unread))


def lens_of(solved: Sequence[SolvedSetting], make: str = "", model: str = "", squeeze: float = 1.0) -> Lens:
    """The lens file of all solved settings: focal length and distortion over whichever of focus and zoom were varied.

    Focal length is the vertical one, in mm; each axis may have its own places along the other. Raises BadInput for none,
    for two solutions of one setting, or models of unlike kind.
    """
    if not solved:
        raise BadInput("lens file", "no setting was solved", "film a chart at one focus and zoom at least")
    axes: tuple[Axis, ...] = tuple(axis for axis in ("focal_length", "focus_distance") if _varies(solved, axis))
    place: Callable[[SolvedSetting], tuple[float, ...]] = lambda s: tuple(getattr(s.state, axis) for axis in axes)  # noqa: E731
    if len({place(s) for s in solved}) != len(solved) or len({s.calibration.kind for s in solved}) != 1:
        raise BadInput("lens file", "a setting was solved twice, or with two models", "give each setting once, all with one model")
    ordered = sorted(solved, key=place)
    focal = {place(s): (_focal_mm(s.calibration),) for s in ordered}
    settings = tuple(Setting(at=place(s), model=s.calibration.camera.distortion) for s in ordered)
    worst = max(s.calibration.rms for s in ordered)
    return Lens(
        make=make,
        model=model,
        squeeze=squeeze,
        pinhole_focal_length=Table.over(axes, focal, "logarithmic"),
        projection_offset=Table.over(axes, {place(s): s.calibration.camera.projection_offset for s in ordered}),
        distortion=DistortionTable(axes=axes, settings=settings),
        source="solved",
        attribution=f"solved from {sum(len(s.calibration.views) for s in ordered)} chart frames, worst error {worst:.3f} px rms",
    )


def _varies(solved: Sequence[SolvedSetting], axis: str) -> bool:
    return len({getattr(s.state, axis) for s in solved}) > 1


def _focal_mm(calibration: Calibration) -> float:
    camera = calibration.camera
    return float(camera.matrix[1, 1] * camera.active_sensor_physical_dimensions[1] / camera.height)
