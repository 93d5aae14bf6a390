"""Keyed mattes against flow-warped keys and GrabCut, on fixed composites over real clips and on rendered performers.

Run: ``python benchmarks/mattes.py [--only NAME] [--edge solved] [--pictures DIR]``. A jointed figure with a real clip's texture moves before another
real clip: moving camera, motion blur, similar colours, self-occlusion, each twice; the rendered performers' truth is the
renderer's. J is the overlap, F the boundary measure of the DAVIS challenge (0.8 % of the diagonal), MAD the mean absolute difference
of the soft mattes in thousandths, all on the frames without a key; the edge is carried from the keys or solved from colour.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from answerprint.colour.spaces import default_space, from_working, to_working
from answerprint.generator.keyed_carry import Shot, cut_out, overlap
from answerprint.generator.roto import keyed_mattes
from answerprint.media.sequence import open_sequence
from answerprint.perception.flow import carry
from answerprint.sample.stage_production.film import stage_folder

HERE = Path(__file__).resolve().parent
SIZE, FRAMES, KEYS, SEED = (432, 240), 25, (1, 3, 5, 10), 20261
KINDS = ("moving", "blurred", "similar", "occluded")
CLIPS = (
    ("removal/sam2_gallery/01_dog.mp4", 30),
    ("removal/sam2_gallery/05_default_juggle.mp4", 60),
    ("captioner/clips/bigbuckbunny.mp4", 40),
    ("removal/sam2_gallery/03_blocks.mp4", 20),
    ("captioner/clips/bikes.mp4", 168),
    ("removal/BigBen/input_video.mp4", 16),
)
HELD_OUT = ("-2", "B001")
"""Cases no constant was chosen on: the second of each kind, and one rendered camera."""


@dataclass
class Case:
    """Frames (h, w, 3) uint8 display codes and the true mattes (h, w) 0..1."""

    name: str
    frames: list[np.ndarray]
    mattes: list[np.ndarray]


def composites(footage: Path, only: str) -> list[Case]:
    """The made cases, each from the seed and its number alone."""
    cases = []
    for number, kind in enumerate(KINDS):
        for turn in range(2):
            if only in f"{kind}-{turn + 1}":
                rng = np.random.Generator(np.random.PCG64(SEED + 2 * number + turn))
                back = CLIPS[(2 * number + turn) % len(CLIPS)]
                skin = back if kind == "similar" else CLIPS[(2 * number + turn + 2) % len(CLIPS)]
                cases.append(_composite(f"{kind}-{turn + 1}", footage, back, skin, kind, rng))
    return cases


def _composite(name: str, footage: Path, back: tuple[str, int], skin: tuple[str, int], kind: str, rng: np.random.Generator) -> Case:
    """A jointed figure that walks through, its own texture carried with each limb."""
    cloth = cv2.resize(_codes(footage / skin[0], skin[1] + 3, 1)[0], (640, 360), interpolation=cv2.INTER_AREA)
    set_ = _codes(footage / back[0], back[1], FRAMES)
    pan = rng.uniform(1.5, 4.0) * (1 if rng.random() < 0.5 else -1) if kind == "moving" else 0.0
    path = rng.uniform(0.25, 0.4), rng.uniform(0.6, 0.75), rng.uniform(0.45, 0.6)
    beat = rng.uniform(8, 12) if kind == "blurred" else rng.uniform(16, 24)
    swing = {"blurred": 1.0, "occluded": 1.3}.get(kind, 0.6)
    patches = rng.integers(0, 4, 6)
    frames, mattes = [], []
    for at in range(FRAMES):
        wide = cv2.resize(set_[at], (640, 356), interpolation=cv2.INTER_AREA)
        left = 104 + pan * (at - FRAMES / 2)
        view = cv2.warpAffine(
            wide, np.array([[1, 0, -left], [0, 1, -58.0]]), SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        times = at + 0.5 * (np.arange(7) - 3) / 7 if kind in ("blurred", "moving") else np.array([float(at)])
        drawn = [_figure(cloth, t, path, beat, swing, patches) for t in times]
        matte = np.mean([m for _, m in drawn], axis=0)
        ink = np.mean([c * m[..., None] for c, m in drawn], axis=0)
        frames.append(np.rint(np.clip(view.astype(np.float32) * (1 - matte[..., None]) + ink, 0, 255)).astype(np.uint8))
        mattes.append(matte.astype(np.float32))
    return Case(name, frames, mattes)


def _figure(
    cloth: np.ndarray, at: float, path: tuple[float, float, float], beat: float, swing: float, patches: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colour (h, w, 3) and cover (h, w) of the figure at a time: torso, head, arms and legs as textured capsules, far ones first."""
    turn = 2 * np.pi * at / beat
    hip = np.array([(path[0] + (path[1] - path[0]) * at / FRAMES) * SIZE[0], (path[2] + 0.02 * np.sin(2 * turn)) * SIZE[1]])
    lean = 0.15 * np.sin(turn / 2)
    up = np.array([np.sin(lean), -np.cos(lean)])
    neck = hip + 62 * up
    colour, cover = np.zeros((SIZE[1], SIZE[0], 3), np.float32), np.zeros((SIZE[1], SIZE[0]), np.float32)
    limbs = []
    for side in (1, -1):
        arm = swing * side * np.sin(turn)
        limbs += [(neck + 6 * up * -1, neck - 6 * up + 56 * np.array([np.sin(arm), np.cos(arm)]), 8, 0)]
        leg = 0.5 * side * np.sin(turn + np.pi)
        limbs += [(hip, hip + 74 * np.array([np.sin(leg), np.cos(leg)]), 10, 1)]
    order = [limbs[3], limbs[2], (hip, neck, 20, 2), (neck + 14 * up, neck + 22 * up, 13, 3), limbs[1], limbs[0]]
    for number, (a, b, radius, part) in enumerate(order):
        way = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
        along = np.clip((x - a[0]) * way[0] + (y - a[1]) * way[1], 0, float(np.hypot(*(b - a))))
        away = np.hypot(x - a[0] - along * way[0], y - a[1] - along * way[1])
        here = np.clip(radius + 0.5 - away, 0, 1).astype(np.float32)
        u = (x - a[0]) * way[0] + (y - a[1]) * way[1] + 90 + 110 * patches[number]
        v = -(x - a[0]) * way[1] + (y - a[1]) * way[0] + 60 + 55 * part
        own = cv2.remap(cloth, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        colour = colour * (1 - here[..., None]) + own * here[..., None]
        cover = cover * (1 - here) + here
    return colour, cover


def rendered() -> list[Case]:
    """The performers of the rendered stage, with the renderer's own mattes, where `make stage` has been run."""
    place = stage_folder()
    cases = []
    for clip in ("A001C001_21A_T1", "B001C001_21A_T1"):
        files = place / "material/camera/21A" / clip, place / f"reference/mattes/{clip}-mara"
        if not all(one.exists() for one in files):
            print(f"{clip}: not rendered here (make stage)")
            continue
        plate, truth = open_sequence(files[0], 24), open_sequence(files[1], 24)
        if (plate.width, plate.height, plate.count) != (truth.width, truth.height, truth.count):
            continue
        space = default_space(plate.storage, plate.file_format, plate.colour_tag)
        frames = [
            from_working(to_working(plate.read(at).rgb(), space), "sRGB Encoded Rec.709 (sRGB)", np.uint8)
            for at in range(plate.count)
        ]
        mattes = [_eight(truth.read(at).rgb())[..., 0].astype(np.float32) / 255 for at in range(plate.count)]
        if max(float(m.mean()) for m in mattes) > 0.002:
            cases.append(Case(f"rendered-{clip[:4]}", frames, mattes))
    return cases


def _codes(path: Path, first: int, count: int) -> list[np.ndarray]:
    sequence = open_sequence(path, 24)
    return [_eight(sequence.read(at).rgb()) for at in range(first, first + count)]


def _eight(codes: np.ndarray) -> np.ndarray:
    return codes if codes.dtype == np.uint8 else (codes >> 8).astype(np.uint8)


def boundary_f(made: np.ndarray, truth: np.ndarray) -> float:
    """F of the boundaries of two mattes cut at a half, matched within 0.8 % of the diagonal (F. Perazzi et al., CVPR 2016)."""
    reach = max(1, int(np.ceil(0.008 * np.hypot(*truth.shape))))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    edges = [cv2.morphologyEx((m > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) for m in (made, truth)]
    if not edges[0].any() or not edges[1].any():
        return float(not edges[0].any() and not edges[1].any())
    precision = float((edges[0] & cv2.dilate(edges[1], disc)).sum() / edges[0].sum())
    recall = float((edges[1] & cv2.dilate(edges[0], disc)).sum() / edges[1].sum())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def warped_key(shot: Shot, keys: dict[int, np.ndarray], frame: int) -> np.ndarray:
    """The baseline: the nearest key carried frame by frame along DIS flow."""
    start = min(keys, key=lambda k: (abs(k - frame), k))
    matte, way = keys[start], 1 if frame > start else -1
    for at in range(start, frame, way):
        matte = carry(matte, shot.back[at] if way > 0 else shot.ahead[at - 1])
    return matte


def score(case: Case, pictures: Path | None, edges_solved: bool) -> dict[int, dict[str, tuple[float, ...]]]:
    """J, F and MAD of each method by the number of keys."""
    shot = Shot.studied(lambda at: case.frames[at], len(case.frames))
    out: dict[int, dict[str, tuple[float, ...]]] = {}
    for number in KEYS:
        if number * 2 > len(case.frames):
            continue
        places = (
            [len(case.frames) // 2] if number == 1 else np.linspace(0, len(case.frames) - 1, number).round().astype(int).tolist()
        )
        keys = {int(at): case.mattes[int(at)] for at in places}
        way, _, mattes, _ = keyed_mattes(shot, keys, edges_solved=edges_solved)
        asked = [at for at in range(len(case.frames)) if at not in keys]
        warped = {at: warped_key(shot, keys, at) for at in asked}
        cut = {at: cut_out(case.frames[at], warped[at], 9) for at in asked}
        row: dict[str, tuple[float, ...]] = {}
        for name, found in (("warp", warped), ("grabcut", cut), ("ours", {at: mattes[at] for at in asked})):
            row[name] = (
                float(np.mean([overlap(found[at], case.mattes[at]) for at in asked])),
                float(np.mean([boundary_f(found[at], case.mattes[at]) for at in asked])),
                float(np.mean([np.abs(found[at] - case.mattes[at]).mean() for at in asked])) * 1000,
            )
        out[number] = row
        print(
            f"{case.name:14} {number:2} keys  "
            + "  ".join(f"{n} {j:.3f}/{f:.3f}/{m:.1f}" for n, (j, f, m) in row.items())
            + f"  ({way})",
            flush=True,
        )
        if pictures is not None and number == 5:
            pictures.mkdir(parents=True, exist_ok=True)
            at = min(asked, key=lambda k: overlap(mattes[k], case.mattes[k]))
            views = [
                case.frames[at],
                *(np.dstack([np.rint(m * 255).astype(np.uint8)] * 3) for m in (case.mattes[at], warped[at], mattes[at])),
            ]
            cv2.imwrite(str(pictures / f"{case.name}.png"), np.hstack(views)[..., ::-1])
    return out


def main() -> int:
    """Run and print; exit 3 when a bar is missed: mean J of 0.90 at 5 keys, nowhere below the better of the other two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--edge", choices=("carried", "solved"), default="carried")
    parser.add_argument(
        "--footage", type=Path, default=Path(os.environ.get("ANSWERPRINT_FOOTAGE") or HERE.parents[1] / "shared" / "footage")
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    started = time.process_time()
    rows = {
        c.name: score(c, options.pictures, options.edge == "solved")
        for c in [*composites(options.footage, options.only), *rendered()]
        if options.only in c.name
    }
    met = True
    for half in ("tuning", "held-out"):
        own = [r for name, r in rows.items() if (half == "held-out") == any(mark in name for mark in HELD_OUT)]
        for number in KEYS:
            found = [r[number] for r in own if number in r]
            if not found:
                continue
            line = "  ".join(
                f"{m} J {np.mean([f[m][0] for f in found]):.3f} (worst {min(f[m][0] for f in found):.3f}) F {np.mean([f[m][1] for f in found]):.3f} (worst {min(f[m][1] for f in found):.3f}) MAD {np.mean([f[m][2] for f in found]):.1f}"
                for m in ("warp", "grabcut", "ours")
            )
            behind = max(max(f["warp"][0], f["grabcut"][0]) - f["ours"][0] for f in found)
            print(f"{half:9} {number:2} keys, {len(found)} cases  {line}  furthest behind the better {max(behind, 0):.3f}")
            met &= behind <= 0 and (number != 5 or float(np.mean([f["ours"][0] for f in found])) >= 0.9)
    print(f"CPU seconds {time.process_time() - started:.0f}")
    return 0 if met else 3


if __name__ == "__main__":
    sys.exit(main())
