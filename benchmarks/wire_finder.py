"""How well wires are found from one stroke, on the wires of the removal benchmark: overlap, recall, and what removal loses by it.

Run: ``python benchmarks/wire_finder.py [--split tuning|held-out] [--only NAME] [--pictures DIR]``. The stroke is four points on the
true wire of the middle frame, each off by up to 3 pixels. Scores are over all frames; removal is scored on the listed ones. "left" is the
share of what the wire changed in the picture (squared) that lies outside the found matte, and that no removal can take away.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from removal import HERE, LIST, Frames, answerprint, psnr
from removal_cases import Case, course, load, read_list, working

from answerprint.generator.wire_finder import WireFinder
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.production import FrameRange


def found_mattes(case: Case, seed: int, aim: tuple[float, float] | None) -> tuple[list[np.ndarray], dict[str, Any], float]:
    """The mattes from one shaky stroke, the analysis' facts, and CPU seconds a frame."""
    height, width = case.matte[0].shape
    middle = len(case.plate) // 2
    line = course(case.entry["wire"], (width, height), middle, aim)
    inside = line[(line[:, 0] > 4) & (line[:, 0] < width - 4) & (line[:, 1] > 4) & (line[:, 1] < height - 4)]
    picked = inside[np.linspace(3, len(inside) - 4, 4).astype(int)]
    shaky = picked + np.random.default_rng(seed).uniform(-3, 3, picked.shape)
    stroke = {"frame": middle, "points": [[float(x), float(y)] for x, y in shaky]}
    inputs = {"plate": Frames([working(f, case.space) for f in case.plate], case.entry["name"])}
    operation, context = WireFinder(), SeededContext(1)
    parameters = operation.Parameters.model_validate({"stroke": [stroke]})
    started = time.process_time()
    analysis = operation.analyse(inputs, parameters, context)
    mattes = [
        np.asarray(full_frame(r.matte, r, width, height))
        for r in operation.render(Chunk(FrameRange(0, len(case.plate)), inputs), analysis, parameters, context)
    ]
    return mattes, analysis.facts, (time.process_time() - started) / len(mattes)


def score(case: Case, seed: int, pictures: Path | None, aim: tuple[float, float] | None) -> dict[str, Any]:
    """Overlap of found and drawn, and dB of removal with either."""
    made, facts, seconds = found_mattes(case, seed, aim)
    overlap, recall, left = [], [], []
    for ours, true, plate, clean in zip(made, case.matte, case.plate, case.clean, strict=True):
        changed = ((np.asarray(plate, np.float64) - clean) ** 2).sum(axis=2)
        left.append(float(changed[ours <= 0.03].sum() / max(changed.sum(), 1e-12)))
        overlap.append(float(np.minimum(ours, true).sum() / max(1e-6, np.maximum(ours, true).sum())))
        recall.append(float(((ours > 0.03) & (true > 0.1)).sum() / max(1, (true > 0.1).sum())))
    scored = case.entry["scored"]
    truth = np.stack([case.clean[at] for at in scored])
    where = np.stack([case.matte[at] > 0 for at in scored])
    with_true, _, _ = answerprint(case)
    with_found, _, _ = answerprint(Case(case.entry, case.clean, case.plate, made, None, case.space))
    figures = {
        "iou": round(float(np.mean(overlap)), 3),
        "worst_iou": round(min(overlap), 3),
        "recall": round(float(np.mean(recall)), 3),
        "worst_recall": round(min(recall), 3),
        "left": round(float(np.mean(left)), 4),
        "removal_true_matte": round(psnr(np.stack([with_true[at] for at in scored]), truth, where), 2),
        "removal_found_matte": round(psnr(np.stack([with_found[at] for at in scored]), truth, where), 2),
        "width_px": facts["width_px"][0],
        "confidence": facts["confidence"][0],
        "cpu_s_per_frame": round(seconds, 3),
    }
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        at = int(np.argmin(recall))
        over = np.round(np.clip(case.plate[at], 0, 1) * 255).astype(np.uint8)[..., ::-1].copy()
        over[made[at] > 0.1] = (0.4 * over[made[at] > 0.1] + 0.6 * np.array([60, 60, 255])).astype(np.uint8)
        over[(case.matte[at] > 0.1) & (made[at] <= 0.03)] = (0, 255, 255)
        cv2.imwrite(str(pictures / f"{case.entry['name']}.png"), over)
    return {"name": case.entry["name"], "split": case.entry["split"], **figures}


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("tuning", "held-out"))
    parser.add_argument("--only", default="")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument(
        "--footage", type=Path, default=Path(os.environ.get("ANSWERPRINT_FOOTAGE") or HERE.parents[1] / "shared" / "footage")
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = []
    for seed, entry in enumerate(read_list(LIST)):
        if "wire" not in entry or options.only not in entry["name"] or options.split not in (None, entry["split"]):
            continue
        case = load(entry, options.footage)
        rows.append(score(case, seed, options.pictures, case.aim))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print("split      n    IoU  worst  recall  worst  left   removal dB: true matte, found matte   CPU s/frame")
    for split in ("tuning", "held-out"):
        own = [r for r in rows if r["split"] == split]
        if own:
            mean = {k: float(np.mean([r[k] for r in own])) for k in own[0] if isinstance(own[0][k], float)}
            print(
                f"{split:9} {len(own):2}  {mean['iou']:.3f}  {min(r['worst_iou'] for r in own):.3f}   {mean['recall']:.3f}  "
                f"{min(r['worst_recall'] for r in own):.3f}  {mean['left']:.4f}  {mean['removal_true_matte']:22.2f} {mean['removal_found_matte']:12.2f}"
                f"  {mean['cpu_s_per_frame']:12.3f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
