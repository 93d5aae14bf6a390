"""Coverage against pictures that were really rendered there: dB, depth and support map at 5, 10 and 15 degrees.

    python benchmarks/coverage_angles.py capture             # examples/capture: nine views held back, at 5, 10 and 15 degrees
    python benchmarks/coverage_angles.py truth               # renders the angles of the stage production once into the cache
    python benchmarks/coverage_angles.py stage [given|found] [DEGREES ...] # the stage production: performers' mattes given, or found by the product

dB are PSNR of display values (sRGB curve, 0 to 1), without grain, for the truth has none. CPU seconds are user and system time of the process, compilation left out. The
capture's own depths are truth and are not given to the operation; the scan is.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from capture_views import CAPTURE, decibels
from numpy.typing import NDArray

from answerprint.generator.coverage import Coverage, CoverageParameters
from answerprint.generator.coverage_scene import CoverageScene, Sighting
from answerprint.graph.contract import Chunk, FrameResult
from answerprint.graph.runner import SeededContext
from answerprint.ingest.lens_frames import read_lens_frames
from answerprint.ingest.lidar.e57 import stations
from answerprint.ingest.tracking.read import read_track
from answerprint.media.exr import read_exr
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.lens import read_lens
from answerprint.optics.stmap import grid
from answerprint.passes.coverage_inputs import read_scene
from answerprint.production import FrameRange, Timecode
from answerprint.production.home import cache_folder
from answerprint.sample.stage_production import lens, setups
from answerprint.sample.stage_production.film import FOLDER
from answerprint.simulation.cameras import at_frame
from answerprint.simulation.stage import Stage, StageCamera
from answerprint.spatial.capture import Recording, capture
from answerprint.spatial.splats.capture import read_capture

Float = NDArray[np.float32]
STAGE = cache_folder() / FOLDER
TRUTH = cache_folder() / f"coverage-truth-{FOLDER.rsplit('-')[-1]}"
ANGLES = (-5, -10, -15, 3)
"""Degrees about the performers from the A camera; B stands at +6, so that +3 is between the two."""
FRAME = 1008
_SOURCES = (("A001C001_21A_T1", range(12), True), ("B001C001_21A_T1", range(12), True), ("A001C002_21A_T2", range(12), False),
            ("B001C002_21A_T2", range(0, 12, 3), False), ("A002C001_21B_T1", range(0, 24, 3), False))  # fmt: skip


def made(scene: CoverageScene, targets: Sequence[Camera], **settings: Any) -> tuple[list[FrameResult], float, float]:
    """The new views, and the CPU seconds of study and of each frame."""
    operation, parameters = Coverage(), CoverageParameters(cameras=tuple(targets), frames=len(targets), grain=0.0, **settings)
    begun = time.process_time()
    analysis = operation.analyse({"scene": scene}, parameters, SeededContext(0))
    studied = time.process_time()
    results = list(operation.render(Chunk(FrameRange(0, len(targets)), {"scene": scene}), analysis, parameters, SeededContext(0)))
    return results, studied - begun, (time.process_time() - studied) / len(targets)


def visible(target: Camera, depth: Float, eyes: Sequence[tuple[Camera, Float, Float | None]]) -> NDArray[np.bool_]:
    """Which pixels of a view at its true depth any camera saw: its own true depth agrees, and no performer stands there."""
    origin, rays = target.rays(grid(target.width, target.height))
    points = origin + rays * (np.nan_to_num(depth, nan=1.0) / (rays @ target.world_to_camera[2]))[..., None]
    seen = np.zeros(depth.shape, bool)
    for camera, own, matte in eyes:
        pixels, away = camera.project(points), camera.depth(points)
        inside = camera.inside(pixels) & (away > 0)
        column = np.round(np.nan_to_num(pixels[..., 0])).astype(int).clip(0, camera.width - 1)
        row = np.round(np.nan_to_num(pixels[..., 1])).astype(int).clip(0, camera.height - 1)
        free = True if matte is None else matte[row, column] < 0.5
        seen |= inside & (np.abs(own[row, column] / np.maximum(away, 1e-3) - 1) < 0.03) & free
    return seen & np.isfinite(depth)


def of_capture(height: int | None = None) -> list[dict[str, float]]:
    """The capture's held-back views."""
    held, scene = read_capture(CAPTURE), read_scene(CAPTURE)
    scene = CoverageScene([replace(s, depth=None, matte=lambda: np.zeros((180, 320), np.float32)) for s in scene.sightings],
                          scene.points, scene.points_digest)  # fmt: skip
    made(scene, [held.tests[0].camera.resized(64, 36)], height=36)  # compiled here
    results, study, each = made(scene, [v.camera for v in held.tests], height=height)
    eyes = [(v.camera, np.asarray(v.depth), None) for v in held.views]
    rows = []
    for view, result in zip(held.tests, results, strict=True):
        assert result.fill is not None and result.support is not None and view.depth is not None
        seen, real = result.support > 0, visible(view.camera, view.depth, eyes)
        off = np.abs(result.layers["depth"] / view.depth - 1)[seen & real]
        rows.append({
            "db": decibels(result.fill, view.picture), "db_where_seen": decibels(result.fill, view.picture, seen & real),
            "seen": float(seen.mean()), "support_iou": float((seen & real).sum() / (seen | real).sum()),
            "depth_median": float(np.median(off)), "depth_mean": float(off.mean()),
        })  # fmt: skip
        print(view.name, json.dumps({k: round(v, 4) for k, v in rows[-1].items()}), flush=True)
    for index, degrees in enumerate((5, 10, 15)):
        part = rows[3 * index : 3 * index + 3]
        print(f"{degrees} degrees: " + ", ".join(f"{k} {np.mean([r[k] for r in part]):.3f}" for k in rows[0]))
    print(f"study {study:.1f} CPU-s, {each:.2f} CPU-s a frame")
    return rows


def stage_camera(degrees: float) -> StageCamera:
    """The A camera turned about the performers."""
    x, y = setups.A_PLACE[0] - setups._CENTRE[0], setups.A_PLACE[1] - setups._CENTRE[1]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    place = (setups._CENTRE[0] + c * x - s * y, setups._CENTRE[1] + s * x + c * y, setups.A_PLACE[2])
    return setups._camera(_label(degrees), 25.0, place, setups._CENTRE, 2.75)


def _label(degrees: float) -> str:
    return f"V{abs(degrees):g}{'L' if degrees < 0 else 'R'}"


def truth_stage() -> Stage:
    """One moment of setup A, take 1, without the lines, from every angle."""
    whole = setups._two_shot(1)
    return whole.model_copy(update={
        "name": "angles", "first_frame": FRAME, "frame_count": 1, "cameras": tuple(stage_camera(d) for d in ANGLES), "rig": (),
        "render": setups._settings(32, "depth", "mattes"),
    })  # fmt: skip


def render_truth() -> None:
    from answerprint.simulation.shoot import shoot_stage

    shot = shoot_stage(truth_stage(), TRUTH)
    print(f"{shot.frames} frames, {shot.cpu_seconds:.0f} CPU-s, in {TRUTH}")


def true_pass(degrees: float, kind: str) -> Float:
    """A pass of an angle through the production's lens."""
    planes = read_exr(next((TRUTH / _label(degrees) / kind).glob("*.exr"))).planes
    picture = np.stack([np.asarray(planes[n], np.float32) for n in ("RGB" if "R" in planes else sorted(planes))], axis=-1)
    return lens.seen(picture, 25.0, 2.75, setups.T_STOP, exact=kind != "beauty")


def target(degrees: float) -> Camera:
    seen = at_frame(stage_camera(degrees), FRAME)
    state = lens.state(25.0, 2.75, setups.T_STOP)
    x, y, z = seen.translation
    return Camera(active_sensor_resolution=(lens.WIDTH, lens.HEIGHT), active_sensor_physical_dimensions=lens.SENSOR_MM,
                  pinhole_focal_length=seen.pinhole_focal_length, translation=(x, y, z), rotation=seen.rotation,
                  distortion=read_lens(STAGE / "reference" / "lens.json").distortion_at(state))  # fmt: skip


def stage_scene(given: bool) -> tuple[CoverageScene, list[tuple[Camera, Float, Float | None]]]:
    """The production as its trackers, lens tables and scan have it; and for the support map what each picture truly saw."""
    sightings: list[Sighting] = []
    eyes: list[tuple[Camera, Float, Float | None]] = []
    for name, frames, simultaneous in _SOURCES:
        folder = name.split("_")[1]
        sequence = open_sequence(STAGE / "material" / "camera" / folder / name, 24)
        recording = Recording(name, Fraction(24), Timecode.parse(sequence.start_timecode or "", 24), sequence.count,
                              (sequence.width, sequence.height))  # fmt: skip
        track = read_track(STAGE / "material" / "tracking" / f"{name}.opentrackio.json")
        table = read_lens_frames(STAGE / "material" / "lens" / f"{name}_lens.csv")

        def read(index: int, sequence: Any = sequence) -> Float:
            return np.asarray(sequence.read(index).rgb(), np.float32)

        cameras = capture(recording, track, table, read_lens(STAGE / "reference" / "lens.json"), read).cameras
        for index in frames:
            camera = cameras[index]
            assert camera is not None
            matte = _mattes(name, index)
            moment = index - (FRAME - setups.FIRST) if simultaneous else None
            sightings.append(Sighting(f"{name}.{index}", name, index, name, camera, lambda i=index, r=read: r(i),  # type: ignore[misc]
                                      moment, (lambda m=matte: m) if given else None))  # type: ignore[misc]  # fmt: skip
            depth = read_exr(sorted((STAGE / "reference" / "depth" / f"{name}-depth").glob("*.exr"))[index]).planes["Z"]
            eyes.append((camera, np.asarray(depth, np.float32), matte))
    points = np.concatenate([p.xyz for p in stations(STAGE / "material" / "lidar" / "living_room.e57").values()])
    return CoverageScene(sightings, points, "scan"), eyes


def _mattes(name: str, index: int) -> Float:
    """The sealed performers' mattes of a frame."""
    total = np.zeros((lens.HEIGHT, lens.WIDTH), np.float32)
    for folder in (STAGE / "reference" / "mattes").glob(f"{name}-*"):
        total = np.maximum(total, cv2.imread(str(sorted(folder.glob("*.png"))[index]), cv2.IMREAD_GRAYSCALE) / np.float32(255))
    return total


def of_stage(given: bool, angles: Sequence[int] = ANGLES) -> None:
    """The stage production's angles: the set outside performers, and everything."""
    scene, eyes = stage_scene(given)
    for degrees in angles:
        (result,), study, each = made(scene, [target(degrees)], limit_deg=8.0)
        assert result.fill is not None and result.support is not None
        truth, depth = true_pass(degrees, "beauty"), true_pass(degrees, "depth")[..., 0]
        people = np.max([true_pass(degrees, f"mattes/{p.name}")[..., 0] for p in truth_stage().performers], axis=0)
        placed = result.layers["performers"]
        beside = cv2.dilate(np.maximum(people, placed), np.ones((9, 9))) < 0.02
        seen, real = result.support > 0, visible(target(degrees), depth, eyes)
        off = np.abs(result.layers["depth"] / depth - 1)[seen & beside & real]
        figures = {
            "set_db": decibels(result.fill, truth, seen & beside), "all_db": decibels(result.fill, truth),
            "supported_db": decibels(result.fill, truth, seen), "performer_db": decibels(result.fill, truth, people > 0.9) if placed.any() else 0.0,
            "support_iou": float((seen & real & beside).sum() / ((seen | real) & beside).sum()), "never_seen": float((~seen).mean()),
            "depth_median": float(np.median(off)), "depth_mean": float(off.mean()), "parallax_deg": result.figures.get("parallax_deg", 0.0),
        }  # fmt: skip
        print(
            f"{degrees:+d} degrees",
            json.dumps({k: round(v, 4) for k, v in figures.items()}),
            f"study {study:.0f} CPU-s, frame {each:.1f} CPU-s",
            flush=True,
        )


def main(arguments: list[str]) -> int:
    kind = (arguments or [""])[0]
    if kind == "capture":
        of_capture()
    elif kind == "truth":
        render_truth()
    elif kind == "stage":
        chosen = [int(a) for a in arguments[1:] if a.lstrip("+-").isdigit()]
        of_stage("found" not in arguments, chosen or ANGLES)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
