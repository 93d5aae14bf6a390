"""Dailies grade on scene-linear photographs with a known answer: exposure, white balance and CDL changed at random.

Hero and clip are two windows of one photograph that share 100, 50, 20 or 0 % of their width. The clip is changed by ±2 stops of
exposure, a white of 2500 to 8000 K (Bradford, from D65) and a CDL within ±20 % in ACEScct; the grade sees only the two windows.
Scored over every pixel of the clip against the window before the change. Bars: mean ΔE00 at most 2.0 at 50 and 100 %; at 0 % no case
worse than before, and confidence under 0.5. Further strata draw a chart of 24 patches into both windows, in the light of the scene or, in the
clip, in another (±1 stop, red and blue up to ±0.4 stop apart). Last comes the calibration: what was claimed against what was so.

Run: ``python benchmarks/grade.py FOLDER [--cases 50] [--strata 0,1,2,3] [--json FILE]`` with a folder of scene-linear EXR photographs
(Rec.709 primaries). About 1.2 seconds of processor time a case.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.colour.spaces import from_working, to_working
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.passes.grade import match_plates
from answerprint.passes.grade_basis import WITHIN
from answerprint.perception.colour_chart import published

PHOTOS = ("Desk", "Carrots", "CandleGlass", "Cannon", "Tree", "Flowers")
LONGEST = 640
SEED = 20260501


@dataclass(frozen=True)
class Stratum:
    """How much of their width hero and clip share, and whether both show a chart: none, in the same light, or in another."""

    overlap: float
    chart: str = "none"


STRATA = (
    *(Stratum(overlap) for overlap in (1.0, 0.5, 0.2, 0.0)),
    *(Stratum(overlap, light) for overlap in (0.5, 0.0) for light in ("same light", "other light")),
)


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


def with_chart(picture: np.ndarray, place: tuple[int, int, int], light: np.ndarray) -> np.ndarray:
    """The picture with a chart held up in it: ``place`` is left, top and width; ``light`` what a perfect white reflects there."""
    left, top, width = place
    step = width // 6
    out = picture.copy()
    out[top - step // 8 : top + 4 * step + step // 8, left - step // 8 : left + 6 * step + step // 8] = 0.02 * light
    for number, colour in enumerate(published()):
        x, y = left + number % 6 * step + step // 8, top + number // 6 * step + step // 8
        out[y : y + step * 3 // 4, x : x + step * 3 // 4] = np.maximum(colour, 0) * light
    return out


def pair(picture: np.ndarray, stratum: Stratum, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Hero and clip before the clip is changed."""
    hero, clip = windows(picture, stratum.overlap)
    if stratum.chart == "none":
        return hero, clip
    width = int(0.3 * hero.shape[1])
    light = np.full(3, np.percentile(picture[..., 1], 90) / 0.9)
    other = (
        light
        if stratum.chart == "same light"
        else light * 2.0 ** (rng.uniform(-1, 1) + np.array([1, 0, -1]) * rng.uniform(-0.4, 0.4))
    )
    top, start = hero.shape[0] // 3, picture.shape[1] - clip.shape[1]
    at = start + (hero.shape[1] - start - width) // 2 if stratum.overlap >= 0.5 else hero.shape[1] // 3
    there = at - start if stratum.overlap >= 0.5 else hero.shape[1] // 3
    return with_chart(hero, (at, top, width), light), with_chart(clip, (there, top, width), other)


def calibration(rows: list[tuple[str, float, float]]) -> list[str]:
    """What was claimed against what was so: method, confidence claimed, true ΔE00 of the whole picture."""
    lines = [f"{'claimed':>12} {'cases':>5} {'mean claim':>10} {'within 3':>8} {'mean':>6} {'90 %':>6} {'worst':>6}"]
    for low, high in ((0, 0.3), (0.3, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.01)):
        held = np.array([(claim, true) for _, claim, true in rows if low <= claim < high])
        if len(held):
            claim, true = held[:, 0], held[:, 1]
            share = f"{(true < WITHIN).mean():8.0%} {true.mean():6.2f} {np.percentile(true, 90):6.2f} {true.max():6.2f}"
            lines.append(f"{low:5.2f} - {min(high, 1):4.2f} {len(held):5d} {claim.mean():10.2f} {share}")
    return lines


def scored(pictures: dict[str, np.ndarray], stratum: Stratum, cases: int) -> list[tuple[str, float, float, float, dict[str, Any]]]:
    """Photograph, ΔE00 before and after, confidence and the grade of each case."""
    key = [SEED, int(stratum.overlap * 100)]
    rng = np.random.default_rng(key if stratum.chart == "none" else [*key, len(stratum.chart)])
    rows = []
    for case in range(cases):
        name = PHOTOS[case % len(PHOTOS)]
        hero, truth = pair(pictures[name], stratum, rng)
        clip = changed(truth, rng)
        plates = cast(dict[str, PlateReader], {"hero": Window(hero), "clip": Window(clip)})
        grade = match_plates(plates, "hero", lambda *_: None)["clip"]
        after = grades.apply(CDL.model_validate(grade["cdl"]), clip)
        rows.append((name, float(ciede2000(truth, clip).mean()), float(ciede2000(truth, after).mean()), grade["confidence"], grade))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--strata", default=",".join(map(str, range(len(STRATA)))), help="numbers of the strata, from 0")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = photographs(options.folder)
    report: dict[str, object] = {"seed": SEED, "cases": options.cases}
    claims: list[tuple[str, float, float]] = []
    print(f"{'stratum':>26} {'before':>7} {'after':>7} {'worst':>7} {'worse':>5} {'conf':>5} {'most':>5} {'cpu s':>6}  methods")
    for stratum in [STRATA[int(number)] for number in options.strata.split(",")]:
        began = time.process_time()
        rows = scored(pictures, stratum, options.cases)
        spent = (time.process_time() - began) / len(rows)
        table = np.array([row[1:4] for row in rows])
        methods = Counter(row[4]["method"] for row in rows)
        worse = int((table[:, 1] > table[:, 0]).sum())
        label = f"{stratum.overlap:.0%}" + ("" if stratum.chart == "none" else f", chart, {stratum.chart}")
        report[label] = {"rows": table.round(3).tolist(), "methods": dict(methods), "why": [row[4]["why"] for row in rows]}
        claims += [(row[4]["method"], row[3], row[2]) for row in rows]
        cells = f"{table[:, 0].mean():7.2f} {table[:, 1].mean():7.2f} {table[:, 1].max():7.2f} {worse:5d}"
        print(f"{label:>26} {cells} {table[:, 2].mean():5.2f} {table[:, 2].max():5.2f} {spent:6.2f}  {dict(methods)}", flush=True)
    print("\nconfidence: claimed chance of a mean ΔE00 under 3, and what was so\n" + "\n".join(calibration(claims)))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
