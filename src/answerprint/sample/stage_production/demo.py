"""The main job on the rendered production, end to end; what its tracker and its lens grids tell is measured on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from answerprint.colour.spaces import default_space, to_working
from answerprint.ingest.tracking.opentrackio import read_json
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.chart import Chart
from answerprint.optics.lens_grid import SolvedSetting, lens_of, solve_setting
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot, Version
from answerprint.sample.demo import Demo
from answerprint.sample.score import score_lines
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.build import ready_production
from answerprint.sample.stage_production.chart import CHART, FOCI, ZOOM, grid_name
from answerprint.sample.stage_production.originals import clean_name
from answerprint.sample.stage_production.paper import reference_clips
from answerprint.sample.stage_production.setups import RATE, TITLE, clip_named
from answerprint.spatial.latency_sight import SightLag, follow, sight_lag
from answerprint.spatial.poses import mid_exposures, opening

CRANE_CLIP = "A002C001_21B_T1"


class StageDemo(Demo):
    """A run of the demonstration on the rendered production, which ``make stage`` left in the cache."""

    title: ClassVar[str] = TITLE
    rate: ClassVar[int] = 24
    reference: ClassVar[str] = (
        "the frames rendered without lines are opened here for the first time, and only to score; they have no sensor noise, the plates have"
    )

    def stages(self) -> list[tuple[str, Callable[[Production], None]]]:
        found = super().stages()
        return [*found[:2], ("camera", self._camera), *found[2:]]

    def sources(self) -> list[Path]:
        return [self.folder / "material", self.folder / "reference"]

    def cleans(self, shot: Shot) -> bool:
        return (self.folder / "reference" / clean_name(clip_named(shot.clip.name))).is_dir()

    def score_of(self, production: Production, shot: Shot, version: Version) -> dict[str, Any] | None:
        return score_lines(production, shot, version, self.folder / "reference" / clean_name(clip_named(shot.clip.name)))

    def _material(self) -> None:
        home = ready_production()
        if not (self.folder / "material").is_dir():
            _copied(home / "material", self.folder / "material")
        for name in reference_clips():
            if not (self.folder / "reference" / name).is_dir():
                _copied(home / "reference" / "clean" / name, self.folder / "reference" / name)
        self._say(
            f"material in {self.folder / 'material'}: three setups, two cameras and a crane, tracking, scan, survey, sound and paper",
            f"clean references in {self.folder / 'reference'}: for evaluation only",
        )

    def _camera(self, production: Production) -> None:
        lag = crane_lag(self.folder / "material")
        self._say(
            f"{CRANE_CLIP}: the tracker is {lag.frames:+.2f} frames behind the picture "
            f"({'believable' if lag.believable else 'not believable'}, {lag.error_px:.2f} px left over)"
        )
        solved = solved_grids(self.folder / "material" / "lens" / "grids")
        for setting in solved:
            self._say(
                f"lens grid at {setting.state.focus_distance:g} m: {setting.calibration.rms:.3f} px rms, "
                f"{setting.calibration.camera.pinhole_focal_length:.2f} mm"
            )
        self._say(f"lens file: {lens_of(solved).attribution}")
        self.facts["camera"] = {
            "lag_frames": round(lag.frames, 3),
            "believable": lag.believable,
            "grids_rms_px": [round(s.calibration.rms, 4) for s in solved],
        }


def crane_lag(material: Path) -> SightLag:
    """How late the crane's tracker is, found from the picture and the tracker alone."""
    clip = clip_named(CRANE_CLIP)
    track = read_json(material / "tracking" / f"{CRANE_CLIP}.opentrackio.json")
    found = [material / "camera" / "21B" / CRANE_CLIP, material / "camera" / "21B" / f"{CRANE_CLIP}.mp4"]
    sequence = open_sequence(next(place for place in found if place.exists()), RATE)
    width, height = sequence.width, sequence.height
    camera = Camera(
        active_sensor_resolution=(width, height), active_sensor_physical_dimensions=lens.SENSOR_MM,
        pinhole_focal_length=float(np.nanmedian(track.focal_length_mm)),
    )  # fmt: skip
    space = default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    frames = [to_working(sequence.read(i).rgb(), space) for i in range(sequence.count)]
    moments = mid_exposures(range(sequence.count), RATE, start=opening(track, clip.start))
    return sight_lag(track, moments, follow(frames, camera), camera, RATE, most_frames=11.0)


def solved_grids(folder: Path) -> list[SolvedSetting]:
    """The production's lens at each focus distance that a grid was shot at."""
    solved = []
    for focus in FOCI:
        names = [grid_name(focus, number) for number in range(26) if (folder / grid_name(focus, number)).is_file()]
        frames = [(name, np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE))) for name in names]
        board = Chart(CHART.columns, CHART.rows, CHART.pitch * focus / FOCI[0])
        solved.append(solve_setting(frames, board, lens.state(ZOOM, focus, 8.0), lens.SENSOR_MM[0]))
    return solved


def _copied(source: Path, target: Path) -> None:
    """A whole folder, or nothing."""
    unfinished = target.with_name(f".{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished)
    unfinished.replace(target)
