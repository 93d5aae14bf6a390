"""Shot matching on a real four-camera take: how different shared surfaces look before and after the solved grades.

The take is the Pose2Sim demonstration (four calibrated simultaneous cameras, BSD-3-Clause), unzipped from the wheel
``pose2sim==0.10.49``: its folder is the first argument. Grades are fitted on half of the shared surfaces (a
checkerboard of 25 cm squares on the set) and scored on the other half, both ways round. ``floor`` is the grade fitted
on the very half it is scored on: what no CDL could better, because shine and coding noise differ between views.

Gates are fixed in ``Sweep`` and ``SharedPatches.comparable``; they were chosen on Demo_SinglePerson. Demo_MultiPerson
is the same take re-graded with a person added, so it is no independent test.

Run: ``python benchmarks/match.py FOLDER/Pose2Sim [--json FILE] [--pictures DIR]``
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from answerprint.colour import cdl
from answerprint.colour.difference import ciede2000
from answerprint.colour.match import FEWEST, solve_cdl
from answerprint.colour.spaces import CAMERA_709, to_working
from answerprint.colour.view import display
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.qualisys import read_qca
from answerprint.spatial.rig import match_rig
from answerprint.spatial.surfaces import Correspondences, SharedPatches, Sweep, shared_surfaces, static_plate

HERO, OTHERS = "cam01", ("cam02", "cam03", "cam04")
TAKES = ("Demo_SinglePerson", "Demo_MultiPerson")
GATES = {
    "every patch": lambda patches: patches,
    "one material": lambda patches: patches.comparable(incidence=2.0),
    "one material, like angles": SharedPatches.comparable,
}


def registered(camera: Camera, still: np.ndarray, plate: np.ndarray) -> Camera:
    """The calibration brought to the plate's frame: the calibration still and the plate show the same static room.

    Some clips were scaled into a narrower frame after calibration (cam01, cam02: by 1080/1088, with 7 rows of bar).
    """
    sift, grey = cv2.SIFT_create(2000), [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (still, plate)]
    (here, ours), (there, theirs) = (sift.detectAndCompute(picture, None) for picture in grey)
    pairs = [a for a, b in cv2.BFMatcher().knnMatch(ours, theirs, k=2) if a.distance < 0.7 * b.distance]
    source = np.array([here[pair.queryIdx].pt for pair in pairs], np.float32)
    target = np.array([there[pair.trainIdx].pt for pair in pairs], np.float32)
    cv2.setRNGSeed(1)
    found, _ = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=1.0)
    scale = float(np.hypot(found[0, 0], found[1, 0]))
    return camera.remapped((scale, scale), (float(found[0, 2]), float(found[1, 2])), (plate.shape[1], plate.shape[0]))


def load(folder: Path, take: str) -> tuple[dict[str, Camera], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Cameras, static plates (ACEScg) and where those are steady."""
    cameras, plates, masks = {}, {}, {}
    calibration = folder / "Demo_SinglePerson" / "calibration"
    for name, camera in read_qca(calibration / "Calib.qca.txt").items():
        clip = open_sequence(folder / take / "videos" / f"{name}.mp4")
        codes = [clip.read(frame).rgb() for frame in range(0, clip.count, 9)]
        plates[name], masks[name] = static_plate(to_working(frame, CAMERA_709) for frame in codes)
        still = cv2.imread(str(calibration / "extrinsics" / f"{name}_ext.png"))[..., ::-1]
        cameras[name] = registered(camera, np.ascontiguousarray(still), (codes[0] >> 8).astype(np.uint8))
    return cameras, plates, masks


def halves(patches: SharedPatches) -> np.ndarray:
    """True on the white squares of a 25 cm checkerboard laid on the set."""
    squares = np.floor(patches.positions[:, :2] / 0.25).astype(int)
    return squares.sum(axis=1) % 2 == 0


def scored(shared: Correspondences, other: str) -> dict[str, float] | None:
    """Mean figures over both ways round, weighted by the number of patches scored."""
    rows = []
    for white in (True, False):
        train = Correspondences({k: p.where(halves(p) == white) for k, p in shared.pairs.items()}, shared.planes)
        test = shared.pair(HERO, other)
        test = test.where(halves(test) != white)
        direct = train.pair(HERO, other)
        if min(len(direct), len(test)) < FEWEST:
            continue
        rig = match_rig(HERO, OTHERS, train)[other].cdl
        own = solve_cdl(direct.first, direct.second).cdl
        best = solve_cdl(test.first, test.second).cdl
        graded = [ciede2000(test.first, cdl.apply(grade, test.second)) for grade in (own, rig, best)]
        before = ciede2000(test.first, test.second)
        rows.append([len(test), before.mean(), *(e.mean() for e in graded), np.median(before), np.median(graded[1])])
    if not rows:
        return None
    table = np.array(rows)
    names = ("before", "direct", "rig", "floor", "median_before", "median_rig")
    mean = np.average(table[:, 1:], axis=0, weights=table[:, 0])
    return {"patches": int(table[:, 0].sum()), **{name: round(float(v), 3) for name, v in zip(names, mean, strict=True)}}


def picture(out: Path, take: str, plates: dict[str, np.ndarray], shared: Correspondences) -> None:
    """Hero and the others, ungraded above and graded below, through the ACES view."""
    grades = match_rig(HERO, OTHERS, shared)
    rows = [[], []]
    for name, plate in plates.items():
        small = cv2.resize(plate, (405, 720), interpolation=cv2.INTER_AREA)
        rows[0].append(small)
        rows[1].append(cdl.apply(grades[name].cdl, small) if name in grades else small)
    sheet = display(np.vstack([np.hstack(row) for row in rows]), "srgb")
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / f"{take}.png"), np.rint(sheet[..., ::-1] * 255).astype(np.uint8))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the unzipped Pose2Sim folder")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--pictures", type=Path, help="write before and after sheets into this folder")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    report: dict[str, object] = {}
    print(
        f"{'take':18} {'gate':26} {'camera':7} {'patches':>7} {'before':>7} {'direct':>7} {'rig':>7} {'floor':>7} {'rig/before':>10}"
    )
    for take in TAKES:
        cameras, plates, masks = load(options.folder, take)
        shared = shared_surfaces(cameras, plates, masks, Sweep(extent=(-4.0, -2.5, 2.0, 2.5)))
        figures: dict[str, object] = {"planes": list(shared.planes)}
        for gate, keep in GATES.items():
            kept = Correspondences({pair: keep(patches) for pair, patches in shared.pairs.items()}, shared.planes)
            figures[gate] = {}
            for other in OTHERS:
                row = scored(kept, other)
                figures[gate][other] = row  # type: ignore[index]
                if row is None:
                    print(f"{take:18} {gate:26} {other:7} too few shared surfaces")
                    continue
                cells = " ".join(f"{row[k]:7.2f}" for k in ("before", "direct", "rig", "floor"))
                print(f"{take:18} {gate:26} {other:7} {row['patches']:7d} {cells} {row['rig'] / row['before']:10.2f}")
        gated = Correspondences({pair: patches.comparable() for pair, patches in shared.pairs.items()}, shared.planes)
        figures["grades"] = {
            n: {**m.cdl.model_dump(), "confidence": m.confidence} for n, m in match_rig(HERO, OTHERS, gated).items()
        }
        if options.pictures:
            picture(options.pictures, take, plates, gated)
        report[take] = figures
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
