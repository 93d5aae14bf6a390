"""Every figure of the lens models against what can be worked out by hand, and the calibrator against OpenCV.

Needs nothing but the package; with ``--footage`` (the folder of real footage) also the calibration of real checkerboard
frames (OpenCV's stereo samples, 6 left and 6 right, 640x480) and every lens of the lensfun files there. OpenCV gets the same
frames, the same corners and the same model. Times are of one thread, best of three.

Run: ``python benchmarks/lens.py [--footage DIR] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.calibration import calibrate
from answerprint.optics.camera import Camera
from answerprint.optics.chart import Chart, find_chart, refine
from answerprint.optics.depth_of_field import defocus
from answerprint.optics.distortion import Distortion
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.lens import Barrel, Ghost, Glare, Iris, Lens
from answerprint.optics.lensfun import lensfun_lenses, read_lensfun
from answerprint.optics.noise import add_noise, expected_deviation
from answerprint.optics.photograph import LensChain, photograph
from answerprint.optics.pupil import Pupil
from answerprint.optics.radial_decentred import RadialDecentred
from answerprint.optics.radial_polynomial import RadialPolynomial
from answerprint.optics.sensor import Gain, Sensor
from answerprint.optics.stmap import grid
from answerprint.optics.table import LensState, Table
from answerprint.optics.thin_lens import Focus
from answerprint.optics.warp import scaled
from answerprint.production import BadInput

HALF = float(np.hypot(24.9, 14.0) / 2 / 24)
MODELS = {
    "Brown-Conrady": Distortion.from_opencv((-0.28, 0.09, 0.0006, -0.0004, -0.011)),
    "Brown-Conrady rational": Distortion.from_opencv((0.3, 0.1, 0.0004, 0.0002, 0.01, 0.35, 0.05, 0.002)),
    "3DE4 anamorphic": Anamorphic(
        x=(-0.061, 0.024, 0.013, -0.008, 0.005),
        y=(-0.032, -0.017, 0.006, 0.009, -0.004),
        rotation=1.3,
        squeeze_x=1.02,
        squeeze_y=0.99,
        half_diagonal=HALF,
    ),
    "3DE4 radial": RadialDecentred(
        degree_2=-0.083, degree_4=0.021, u=(0.004, -0.001), v=(-0.003, 0.002), bend=0.013, half_diagonal=HALF
    ),
    "OpenCV fisheye": Fisheye(k=(-0.02, 0.011, -0.004, 0.0006)),
    "lensfun ptlens": RadialPolynomial(series=(0.94871, 0.03513, -0.0892, 0.02897, 0.0), unit=0.44),
}


def round_trips() -> list[dict]:
    rows = []
    places = np.stack(np.meshgrid(np.linspace(0, 4095, 81), np.linspace(0, 2303, 45)), axis=-1)
    for name, model in MODELS.items():
        camera = Camera(
            active_sensor_resolution=(4096, 2304),
            active_sensor_physical_dimensions=(24.9, 14.0),
            pinhole_focal_length=24,
            distortion=model,
        )
        flat = camera.undistort(places)
        miss = float(np.abs(camera.distort(flat) - places).max())
        note = f"moves points by up to {np.linalg.norm(flat - places, axis=-1).max():.0f} px of 4096"
        rows.append({"figure": f"distort-undistort, {name}", "measured": miss, "bar": 0.05, "unit": "px", "note": note})
    return rows


def discs() -> list[dict]:
    worst = 0.0
    for focal, stop, sharp, depth in (
        (50, 2.8, 3.0, 10.0),
        (35, 1.4, 2.0, 1.5),
        (85, 4.0, 5.0, 4.0),
        (50, 1.4, 1.0, 1.15),
        (25, 2.0, 1.2, 60.0),
    ):
        textbook = focal**2 / stop * abs(depth - sharp) / (depth * (sharp * 1000 - focal))
        per_mm = 30 / textbook  # every disc about 30 pixels wide
        frame = np.zeros((81, 81, 1), np.float32)
        frame[40, 40] = 1000
        radius = float(Focus.thin(focal, stop, sharp).confusion(depth)) * per_mm / 2
        out = defocus(frame, np.full((81, 81), radius), Pupil(), (40.0, 40.0), 1000.0)[..., 0]
        diameter = 2 * math.sqrt(out.sum() / np.median(out[out > out.max() / 2]) / math.pi)
        worst = max(worst, abs(diameter / per_mm / textbook - 1))
        # and by its shape: a disc's spread along one axis is a quarter of its diameter
        x = np.arange(-40, 41)
        spread = 4 * math.sqrt((out.sum(axis=0) * x**2).sum() / out.sum())
        worst = max(worst, abs(spread / per_mm / textbook - 1))
    return [
        {
            "figure": "disc of a rendered point against thin lens",
            "measured": worst,
            "bar": 0.02,
            "unit": "share",
            "note": "by area and by spread, worst of 5 settings",
        }
    ]


def falloff_and_breathing() -> list[dict]:
    sensor = Sensor(resolution=(480, 270), dimensions=(24.9, 14.0))
    lens = Lens(pinhole_focal_length=Table.constant(18.0))
    out = photograph(np.ones((270, 480, 3), np.float32), None, LensChain(lens, sensor, LensState()), seed=1)
    x, y = np.moveaxis((grid(480, 270) - [239.5, 134.5]) * 14.0 / 270, -1, 0)
    natural = float(np.abs(out[..., 0] / np.cos(np.arctan(np.hypot(x, y) / 18.0)) ** 4 - 1).max())
    far = float("inf")
    breathing = 0.0
    for focal, places in ((40.0, (0.45, 0.6, 0.8, 1.2, 2, 5, far)), (100.0, (1.0, 1.3, 1.8, 3, 6, far))):

        def image(metres: float, focal: float = focal) -> float:
            return focal if math.isinf(metres) else 1 / (1 / focal - 1 / (metres * 1000 - focal))

        table = Lens(pinhole_focal_length=Table.over(("focus_distance",), {(d,): (image(d),) for d in places}))
        for metres in np.geomspace(places[0], 60, 400):
            truth = math.degrees(2 * math.atan(24.9 / 2 / image(metres)))
            breathing = max(breathing, abs(table.field_of_view(LensState(focus_distance=metres), 24.9) / truth - 1))
    return [
        {
            "figure": "natural falloff against cos^4",
            "measured": natural,
            "bar": 0.002,
            "unit": "share",
            "note": "18 mm, whole frame",
        },
        {
            "figure": "field of view between rows of a breathing table",
            "measured": breathing,
            "bar": 0.002,
            "unit": "share",
            "note": "6 and 7 rows",
        },
    ]


def squeezes() -> list[dict]:
    worst = 0.0
    for squeeze in (1.3, 1.33, 1.5, 1.65, 1.8, 2.0):
        narrow = round(1560 / squeeze)
        ramp = np.tile((100 + np.arange(1560, dtype=np.float32))[None, :, None], (2, 1, 1))
        wanted = 100 + (np.arange(narrow) + 0.5) * 1560 / narrow - 0.5
        worst = max(worst, float(np.abs(scaled(ramp, narrow, 2)[0, :, 0] - wanted)[1:-1].max()))
    return [
        {
            "figure": "place of a squeezed pixel",
            "measured": worst,
            "bar": 0.01,
            "unit": "px",
            "note": "six squeezes; 2x is the exact mean of pairs",
        }
    ]


def noises() -> list[dict]:
    gain = Gain(iso=800, electrons_at_grey=400, read_noise=4)
    mean = variance = 0.0
    for level in (0.005, 0.02, 0.18, 1.0, 12.0):
        noisy = add_noise(np.full((600, 600, 3), level, np.float32), gain, seed=3).astype(np.float64)
        mean = max(mean, abs(noisy.mean() / level - 1))
        variance = max(variance, abs(noisy.var() / float(expected_deviation(level, gain)) ** 2 - 1))
    return [
        {
            "figure": "mean of noise",
            "measured": mean,
            "bar": 0.02,
            "unit": "share",
            "note": "worst of 5 levels, 1.1 million values each",
        },
        {
            "figure": "variance of noise",
            "measured": variance,
            "bar": 0.02,
            "unit": "share",
            "note": "Poisson + read noise, EMVA 1288",
        },
    ]


def calibrations(footage: Path) -> list[dict]:
    rows = []
    chart = Chart(9, 6, 0.025)
    for side in ("left", "right"):
        files = sorted((footage / "coverage" / "stereo_checkerboards").glob(f"{side}*.jpg"))
        pictures = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
        views = [view for file, picture in zip(files, pictures, strict=True) if (view := find_chart(picture, chart, file.name))]
        theirs = opencv(views)
        ours = calibrate(views)
        rows.append(
            row(
                f"calibration {side}, OpenCV's corners",
                ours.rms,
                theirs * 1.00001,
                f"OpenCV {theirs:.4f}; k1 k2 p1 p2 k3, {len(views)} frames",
            )
        )
        for _ in range(2):
            views = [refine(p, v, ours.at(n), chart.pitch) for n, (p, v) in enumerate(zip(pictures, views, strict=True))]
            ours = calibrate(views)
        rows.append(
            row(
                f"calibration {side}, own corners",
                ours.rms,
                theirs,
                f"OpenCV on own corners {opencv(views):.4f}; focal ±{ours.deviations['focal x']:.2f} px",
            )
        )
        rows.append(row(f"calibration {side}, own corners, rational", calibrate(views, "rational").rms, theirs, "three terms more"))
        careful = calibrate(views, reject=3)
        rows.append(
            row(
                f"calibration {side}, own corners, reject 3",
                careful.rms,
                theirs,
                f"{careful.left_out} of {54 * len(views)} corners left out",
            )
        )
    return rows


def opencv(views: list) -> float:
    shapes, corners = [v.points.astype(np.float32) for v in views], [v.corners.astype(np.float32)[:, None] for v in views]
    return float(cv2.calibrateCamera(shapes, corners, views[0].size, None, None, criteria=(3, 500, 1e-12))[0])


def row(figure: str, measured: float, bar: float, note: str) -> dict:
    return {"figure": figure, "measured": measured, "bar": bar, "unit": "px rms", "note": note}


def database(footage: Path) -> list[dict]:
    read, refused, worst = 0, 0, 0.0
    for path in sorted((footage / "metadata" / "lensfun_db").glob("*.xml")):
        for name in dict.fromkeys(lensfun_lenses(path)):
            try:
                lens = read_lensfun(path, name)
            except BadInput:
                refused += 1
                continue
            read += 1
            for setting in lens.distortion.settings if lens.distortion else ():
                points = lens.lateral_radius / setting.at[0] * np.array([[0.3, 0.1], [1.0, 0.2], [1.5, 1.0]])
                miss = setting.model.undistort(setting.model.distort(points)) - points
                worst = max(worst, float(np.abs(miss).max() * setting.at[0] / lens.lateral_radius * 1080))
    note = f"{read} lenses read, {refused} refused (fisheye or two of one name)"
    return [{"figure": "distort-undistort, lensfun lenses", "measured": worst, "bar": 0.05, "unit": "px", "note": note}]


def times() -> dict[str, float]:
    sensor = Sensor(resolution=(960, 540), dimensions=(24.9, 14.0), gains=(Gain(iso=800, electrons_at_grey=400, read_noise=4),))
    lens = Lens(
        pinhole_focal_length=Table.constant(40.0),
        iris=Iris(blades=8, curvature=0.3),
        barrel=Barrel(rim_radius=16, rim_distance=40),
        lateral_colour=Table.constant(1.0005, 0, 0, 0.9995, 0, 0),
        glare=Glare(share=0.01),
        ghosts=(Ghost(scale=-0.5, strength=(1e-3,) * 3),),
    )
    lens = Lens.model_validate({**lens.model_dump(), "distortion": {"settings": [{"model": MODELS["Brown-Conrady"].model_dump()}]}})
    chain = LensChain(lens, sensor, LensState(focus_distance=2.5, f_number=2.0), iso=800)
    frame = np.random.default_rng(1).gamma(0.5, 0.4, (560, 990, 3)).astype(np.float32)
    depth = np.where(np.arange(990) < 400, 2.5, 9.0) * np.ones((560, 1))
    inside = frame[10:550, 15:975]
    steps = {
        "depth of field": lambda: chain.depth_of_field(frame, depth),
        "geometry, three channels": lambda: chain.geometry(frame),
        "falloff": lambda: chain.falloff(inside),
        "ghost": lambda: chain.ghosts(inside),
        "veil": lambda: chain.veil(inside),
        "noise": lambda: chain.noise(inside, 1),
    }
    return {name: min(_seconds(step) for _ in range(3)) for name, step in steps.items()}


def _seconds(step) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--footage", type=Path, help="the folder of real footage")
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = [*round_trips(), *discs(), *falloff_and_breathing(), *squeezes(), *noises()]
    if options.footage:
        rows += [*calibrations(options.footage), *database(options.footage)]
    print(f"{'figure':52} {'measured':>10} {'bar':>8} {'unit':7} holds")
    for entry in rows:
        entry["holds"] = bool(entry["measured"] <= entry["bar"])
        print(
            f"{entry['figure']:52} {entry['measured']:10.3g} {entry['bar']:8.4g} {entry['unit']:7} {'yes' if entry['holds'] else 'NO ':5} {entry['note']}"
        )
    seconds = times()
    print("\nseconds for 960x540 (discs up to 8 px radius)")
    for name, value in seconds.items():
        print(f"{name:52} {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"figures": rows, "seconds_960x540": seconds}, indent=1) + "\n")
    return 0 if all(entry["holds"] for entry in rows) else 3


if __name__ == "__main__":
    sys.exit(main())
