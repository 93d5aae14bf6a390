"""Splats: the rasteriser's speed, what a fit reaches on two captures, and our trainer against one with torch.

    python benchmarks/splats.py raster                     # 40,000 splats at 480x270, milliseconds forwards and backwards
    python benchmarks/splats.py capture [STEPS]            # examples/capture: dB at 5, 10 and 15 degrees, depth, support map
    python benchmarks/splats.py lund PICTURES WORK [STEPS] # lund_29views: every 8th view left out, dB at 270 and 540 lines
    python benchmarks/splats.py baseline [STEPS]           # needs torch: both trainers on examples/capture, CPU time to the same dB

dB are PSNR of display values (sRGB curve, 0 to 1). CPU seconds are user and system time of the process, compilation left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from capture_views import CAPTURE, Float, decibels, with_scan
from numpy.typing import NDArray

from answerprint.colour.transform import cpu_between, run
from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.stmap import grid
from answerprint.optics.warp import scaled, warp
from answerprint.spatial.solve import Solve, solve
from answerprint.spatial.splats.capture import read_capture
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.drawing import drawn, gradients_of
from answerprint.spatial.splats.fit import FitSettings, Training
from answerprint.spatial.splats.render import render
from answerprint.spatial.splats.support import Eye, eyes, support
from answerprint.spatial.splats.view import View


def matched(ours: Float, truth: Float) -> Float:
    """Our picture with the affine colour that brings it nearest to the truth: what exposure alone accounts for."""
    flat = np.concatenate([ours.reshape(-1, 3), np.ones((ours.size // 3, 1), dtype=np.float32)], axis=1)
    return np.asarray((flat @ np.linalg.lstsq(flat, truth.reshape(-1, 3), rcond=None)[0]).reshape(ours.shape), dtype=np.float32)


def room(n: int = 40_000) -> tuple[SplatCloud, Camera]:
    """Splats of all shapes, 3 to 5 pixels wide, that fill a picture of 480x270."""
    random = np.random.default_rng(0)
    depth = random.uniform(2, 5, n)
    means = np.stack([random.uniform(-0.65, 0.65, n) * depth, depth, random.uniform(-0.37, 0.37, n) * depth], axis=1)
    scales = np.log(random.lognormal(np.log(0.008), 0.5, (n, 3)) * depth[:, None] / 3)
    turns, opacity, colours = random.normal(size=(n, 4)), random.normal(0.5, 1.5, n), random.uniform(0, 1, (n, 3))
    f4 = np.float32
    cloud = SplatCloud(means.astype(f4), scales.astype(f4), turns.astype(f4), opacity.astype(f4), colours.astype(f4))
    camera = Camera(active_sensor_resolution=(480, 270), active_sensor_physical_dimensions=(28, 15.75), pinhole_focal_length=22)
    return cloud, camera


def raster() -> None:
    cloud, camera = room()
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            _raster(cloud, camera, pool, threads)


def _raster(cloud: SplatCloud, camera: Camera, pool: ThreadPoolExecutor, threads: int) -> None:
    picture = drawn(cloud, camera, pool)
    weights = np.random.default_rng(1).normal(size=(5, *picture.planes.shape[1:])).astype(np.float32)
    gradients_of(picture, weights, pool)
    forward = _fastest(lambda: drawn(cloud, camera, pool))
    backward = _fastest(lambda: gradients_of(picture, weights, pool))
    print(f"{threads} threads, {len(cloud)} splats ({len(picture.squares.splats)} entries), {camera.width}x{camera.height}: "
          f"forward {forward[0]:.1f} ms ({forward[1]:.1f} CPU), backward {backward[0]:.1f} ms ({backward[1]:.1f} CPU)")  # fmt: skip


def _fastest(work: Callable[[], object], times: int = 40) -> tuple[float, float]:
    """Milliseconds of wall clock and of the processor, each the least of many."""
    wall, cpu = [], []
    for _ in range(times):
        a, b = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - a)
        cpu.append(time.process_time() - b)
    return 1000 * min(wall), 1000 * min(cpu)


def fitted(
    views: Sequence[View],
    points: NDArray[np.floating] | SplatCloud,
    plan: FitSettings,
    tell: Callable[[SplatCloud, float, int], None],
) -> SplatCloud:
    """A fit that tells of itself at a tenth, a quarter, half and all of its steps; its CPU seconds leave that out."""
    with ThreadPoolExecutor(2) as pool:
        _warm(views, pool)
        begun = time.process_time()
        training = Training(views, points, plan, None, pool)
        marks = {max(1, round(share * training.total)) for share in (0.1, 0.25, 0.5, 1)}
        while training.at < training.total:
            training.step()
            if training.at in marks:
                spent = time.process_time() - begun
                tell(training.learning.cloud(), spent, training.at)
                begun = time.process_time() - spent
        return training.learning.cloud()


def _warm(views: Sequence[View], pool: ThreadPoolExecutor) -> None:
    """Have everything compiled."""
    training = Training(views[:1], np.array([[0, 0, 0]]) + views[0].camera.rays(np.array([[40.0, 40.0]]))[1] * 2 + views[0].camera.position,
                        FitSettings(iterations=2), None, pool)  # fmt: skip
    training.step()
    training.step()


def capture(steps: int) -> None:
    held = read_capture(CAPTURE)
    views = with_scan(held)

    def tell(cloud: SplatCloud, cpu: float, at: int) -> None:
        scores = [decibels(render(cloud, v.camera).colour, v.picture) for v in held.tests]
        groups = [float(np.mean(scores[i : i + 3])) for i in (0, 3, 6)]
        print(
            f"step {at}, {len(cloud)} splats, {cpu:.0f} CPU-s: "
            + ", ".join(f"{d} deg {v:.2f} dB" for d, v in zip((5, 10, 15), groups, strict=True))
        )

    assert held.points is not None
    cloud = fitted(views, held.points, FitSettings(iterations=steps), tell)
    ours, truth = eyes(cloud, views), [Eye(v.camera, _depth(v)) for v in held.views]
    rows = []
    for view in held.tests:
        drawing = render(cloud, view.camera)
        real, depth = support(_depth(view), view.camera, truth), drawing.median_depth
        found = support(depth, view.camera, ours)
        both, either = (found >= 1) & (real >= 1), (found >= 1) | (real >= 1)
        far = np.abs(depth / _depth(view) - 1)[both]
        rows.append(
            (decibels(drawing.colour, view.picture), decibels(drawing.colour, view.picture, real >= 1), float((real >= 1).mean()),
             float(both.sum() / either.sum()), float(np.median(far)), float(far.mean()), _off(view, depth, held.views, both))
        )  # fmt: skip
        print(f"{view.name}: " + "{:.2f} dB, {:.2f} dB where any camera saw ({:.1%}), support IoU {:.3f}, depth {:.2%} median, {:.2%} mean, "
              "{:.3f} px".format(*rows[-1]))  # fmt: skip
    for index, degrees in enumerate((5, 10, 15)):
        mean = np.mean(rows[3 * index : 3 * index + 3], axis=0)
        print(
            f"{degrees} degrees: {mean[0]:.2f} dB, where seen {mean[1]:.2f} dB, IoU {mean[3]:.3f}, depth {mean[5]:.2%}, reprojection {mean[6]:.3f} px"
        )


def _off(view: View, depth: Float, views: Sequence[View], where: NDArray[np.bool_]) -> float:
    """Mean distance in the nearest fitted view's pixels between where our depth and the true one put what this view shows."""
    near = min(views, key=lambda other: float(np.linalg.norm(other.camera.position - view.camera.position)))
    rows, columns = np.nonzero(where)
    eye, rays = view.camera.rays(np.stack([columns, rows], axis=1).astype(np.float64))
    along = 1 / (rays @ view.camera.world_to_camera[2])
    ends = [near.camera.project(eye + rays * (d[where] * along)[:, None]) for d in (depth, _depth(view))]
    inside = near.camera.inside(ends[0]) & near.camera.inside(ends[1])
    return float(np.linalg.norm(ends[0] - ends[1], axis=1)[inside].mean())


def _depth(view: View) -> Float:
    assert view.depth is not None
    return view.depth


def lund(pictures: Path, work: Path, steps: int) -> None:
    names = sorted(p.name for p in pictures.iterdir())
    begun = time.process_time()
    solved = solve(pictures, names, work)
    print(f"solve: {len(solved.cameras)} of {len(names)} pictures, {len(solved.points)} points, {solved.reprojection_px:.2f} px, "
          f"{time.process_time() - begun:.0f} CPU-s")  # fmt: skip
    for lines in (270, 540):
        views = [_straight(pictures / name, solved, lines) for name in sorted(solved.cameras)]
        tests, rest = views[::8], [v for i, v in enumerate(views) if i % 8]

        def tell(cloud: SplatCloud, cpu: float, at: int, tests: list[View] = tests, rest: list[View] = rest) -> None:
            scores = []
            for view in tests:
                ours = render(cloud, view.camera).colour
                scores.append((decibels(ours, view.picture), decibels(matched(ours, view.picture), view.picture)))
            seen = np.mean([decibels(matched(render(cloud, v.camera).colour, v.picture), v.picture) for v in rest[::6]])
            print(f"{tests[0].camera.height} lines, step {at}, {len(cloud)} splats, {cpu:.0f} CPU-s: {np.mean(scores, axis=0)[0]:.2f} dB, "
                  f"colour matched {np.mean(scores, axis=0)[1]:.2f} dB, fitted views {seen:.2f} dB", flush=True)  # fmt: skip

        fitted(rest, solved.points, FitSettings(iterations=steps, place_rate=4, depth=0, growth=0.25), tell)


def _straight(path: Path, solved: Solve, lines: int) -> View:
    """A picture without its lens's distortion, as light, with an exposure of its own."""
    code = cv2.imread(str(path)).astype(np.float32)[..., ::-1] / 255
    camera = solved.cameras[path.name]
    light = run(cpu_between("sRGB Encoded Rec.709 (sRGB)", "ACEScg"), code)
    light = warp(light, camera.distort(grid(camera.width, camera.height)), "cubic", edge="black")
    width = round(camera.width * lines / camera.height)
    small = camera.model_copy(update={"distortion": Distortion()}).resized(width, lines)
    return View(np.maximum(scaled(light, width, lines), 0), small, exposure=path.name, name=path.name)


def main(arguments: list[str]) -> int:
    kind, rest = (arguments or [""])[0], arguments[1:]
    if kind == "raster":
        raster()
    elif kind == "capture":
        capture(int(rest[0]) if rest else 3000)
    elif kind == "lund" and len(rest) >= 2:
        lund(Path(rest[0]), Path(rest[1]), int(rest[2]) if len(rest) > 2 else 2500)
    elif kind == "baseline":
        from splats_with_torch import race

        race(int(rest[0]) if rest else 300)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
