"""Dailies grade on scene-linear photographs with a known answer: exposure, white balance and CDL changed at random.

Hero and clip are two windows of one photograph that share 100, 50, 20 or 0 % of their width. The clip is changed by ±2 stops of
exposure, a white of 2500 to 8000 K (Bradford, from D65) and a CDL within ±20 % in ACEScct; the grade sees only the two windows.
Scored over every pixel of the clip against the window before the change. Bars: mean ΔE00 at most 2.0 at 50 and 100 %; at 0 % no case
worse than before, and confidence under 0.5.

Run: ``python benchmarks/grade.py FOLDER [--cases 50] [--json FILE]`` with a folder of scene-linear EXR photographs (Rec.709 primaries).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.colour.spaces import from_working, to_working
from answerprint.media.sequence import open_sequence
from answerprint.passes.grade import match_plates

PHOTOS = ("Desk", "Carrots", "CandleGlass", "Cannon", "Tree", "Flowers")
OVERLAPS = (1.0, 0.5, 0.2, 0.0)
LONGEST = 640
SEED = 20260501


@dataclass
class Window:
    """A picture as the grade reads a plate."""

    picture: np.ndarray
    count: int = 1
    camera: None = None

    def read(self, _: int) -> np.ndarray:
        return self.picture


def white_of(kelvin: float) -> np.ndarray:
    """CIE xy of daylight above 4000 K (CIE 15:2018, 4.1.2), of a black body below (Kim et al. 2002), as XYZ with Y = 1."""
    t = 1e3 / kelvin
    if kelvin >= 4000:
        x = (
            -4.6070 * t**3 + 2.9678 * t**2 + 0.09911 * t + 0.244063
            if kelvin <= 7000
            else -2.0064 * t**3 + 1.9018 * t**2 + 0.24748 * t + 0.23704
        )
        y = -3 * x**2 + 2.87 * x - 0.275
    else:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
        y = (
            -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
            if kelvin >= 2222
            else -1.1063814 * x**3 - 1.3481102 * x**2 + 2.18555832 * x - 0.20219683
        )
    return np.array([x / y, 1.0, (1 - x - y) / y])


def changed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The window under another exposure, another light and another CDL."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ white_of(rng.uniform(2500, 8000))) / (bradford @ np.array([0.95047, 1.0, 1.08883]))
    xyz = from_working(picture, "CIE XYZ-D65 - Scene-referred", np.float32)
    lit = to_working(
        (xyz @ (np.linalg.inv(bradford) @ np.diag(gains) @ bradford).T).astype(np.float32), "CIE XYZ-D65 - Scene-referred"
    )
    lit = lit * np.float32(2 ** rng.uniform(-2, 2))
    slope, power = (tuple(rng.uniform(0.8, 1.2, 3).tolist()) for _ in range(2))
    offset = tuple(rng.uniform(-0.02, 0.02, 3).tolist())
    return grades.apply(CDL(slope=slope, offset=offset, power=power, saturation=float(rng.uniform(0.8, 1.2))), lit)


def photographs(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for name in PHOTOS:
        picture = to_working(open_sequence(folder / f"{name}.exr").read(0).rgb(), "Linear Rec.709 (sRGB)")
        scale = LONGEST * 1.5 / max(picture.shape[:2])
        found[name] = cv2.resize(np.maximum(picture, 0), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    return found


def windows(picture: np.ndarray, overlap: float) -> tuple[np.ndarray, np.ndarray]:
    width = int(picture.shape[1] / (2 - overlap))
    start = picture.shape[1] - width
    return picture[:, :width].copy(), picture[:, start:].copy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = photographs(options.folder)
    report: dict[str, object] = {"seed": SEED, "cases": options.cases}
    print(f"{'overlap':>7} {'before':>7} {'after':>7} {'worst':>7} {'worse':>5} {'conf':>5} {'most':>5} {'s/case':>6}  methods")
    for overlap in OVERLAPS:
        rng = np.random.default_rng([SEED, int(overlap * 100)])
        rows, methods, began = [], {}, time.perf_counter()
        for case in range(options.cases):
            name = PHOTOS[case % len(PHOTOS)]
            hero, truth = windows(pictures[name], overlap)
            clip = changed(truth, rng)
            grade = match_plates({"hero": Window(hero), "clip": Window(clip)}, "hero", lambda *_: None)["clip"]
            after = grades.apply(CDL.model_validate(grade["cdl"]), clip)
            rows.append((ciede2000(truth, clip).mean(), ciede2000(truth, after).mean(), grade["confidence"]))
            methods[grade["method"]] = methods.get(grade["method"], 0) + 1
        table = np.array(rows)
        worse = int((table[:, 1] > table[:, 0]).sum())
        figures = [table[:, 0].mean(), table[:, 1].mean(), table[:, 1].max(), worse, table[:, 2].mean(), table[:, 2].max()]
        spent = (time.perf_counter() - began) / options.cases
        report[f"{overlap:.0%}"] = {"rows": table.round(3).tolist(), "methods": methods}
        cells = f"{figures[0]:7.2f} {figures[1]:7.2f} {figures[2]:7.2f} {worse:5d} {figures[4]:5.2f} {figures[5]:5.2f} {spent:6.2f}"
        print(f"{overlap:7.0%} {cells}  {methods}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
