"""Wire removal against OpenCV Telea and plain flow propagation, on wires drawn over real clips, in three strata.

Run: ``python benchmarks/wires.py [--split tuning|held-out] [--only NAME] [--pictures DIR]``; ``--list`` writes wires.json
anew from its seed. PSNR is measured inside the matte on display codes (the clip's own encoding, 0 to 1). The footage is
all but static: camera moves in the stratum ``moving`` are virtual (a window that pans and zooms over the real frames).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from drawn_wires import HELD_OUT, SEED, Case, load, make_list, read_list, working

from answerprint.colour.spaces import from_working
from answerprint.generator.removal import Removal
from answerprint.graph.compositor import admit, full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.perception.flow import dense_flow
from answerprint.production import FrameRange

HERE = Path(__file__).resolve().parent
LIST = HERE / "wires.json"
RESULTS = HERE / "wires-results.json"
METHODS = ("telea", "propagation", "answerprint")


class Frames:
    """Frames in memory, as an operation reads them."""

    camera = None

    def __init__(self, frames: list[np.ndarray], name: str) -> None:
        self.frames, self.count, self.clip = frames, len(frames), name
        self.height, self.width = frames[0].shape[:2]
        self.digest = hashlib.sha256(name.encode()).hexdigest()

    def read(self, index: int) -> np.ndarray:
        """Frame ``index``."""
        return self.frames[index].copy()


def telea(case: Case, at: int) -> np.ndarray:
    """OpenCV's Telea, radius 3, on 8-bit codes: the single-frame baseline."""
    codes = np.round(case.plate[at] * 255).astype(np.uint8)
    return cv2.inpaint(codes, (case.matte[at] > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32) / 255


def propagation(case: Case, filled: list[np.ndarray], at: int) -> np.ndarray:
    """Plain bidirectional propagation: DIS flow over Telea-filled frames, nearest frame that shows the pixel wins, no check."""
    out = filled[at].copy()
    open_ = case.matte[at] > 0
    height, width = open_.shape
    grid = np.indices((height, width)).astype(np.float32)
    grey = [cv2.cvtColor(np.round(f * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for f in filled]
    for step in range(1, 7):
        total, weight = np.zeros_like(out), np.zeros((height, width, 1), np.float32)
        for other in (at - step, at + step):
            if not 0 <= other < len(filled):
                continue
            flow = dense_flow(grey[at], grey[other])
            x, y = grid[1] + flow[..., 0], grid[0] + flow[..., 1]
            seen = cv2.remap((case.matte[other] > 0).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=1.0) < 0.01
            total += cv2.remap(case.plate[other], x, y, cv2.INTER_LINEAR) * seen[..., None]
            weight += seen[..., None]
        take = open_ & (weight[..., 0] > 0)
        out[take] = (total / np.maximum(weight, 1))[take]
        open_ &= ~take
        if not open_.any():
            break
    return out


def answerprint(case: Case, protect: bool = False) -> tuple[dict[int, np.ndarray], dict[int, Any], float]:
    """The operation as the runner runs it, one frame at a time; display codes, the admitted planes, and CPU seconds."""
    started = time.process_time()
    inputs: dict[str, Any] = {
        "plate": Frames([working(f, case.space) for f in case.plate], case.entry["name"]),
        "matte": Frames(case.matte, case.entry["name"] + " matte"),
    }
    guard = case.performer if protect else None
    if guard is not None:
        inputs["protect"] = Frames([guard] * len(case.plate), case.entry["name"] + " protect")
    operation, parameters, context = Removal(), Removal.Parameters(), SeededContext(1)
    analysis = operation.analyse(inputs, parameters, context)
    made, admitted = {}, {}
    height, width = case.matte[0].shape
    for at in case.entry["scored"]:
        result = next(operation.render(Chunk(FrameRange(at, at + 1), inputs), analysis, parameters, context))
        found = admit(result, guard, width, height)
        fill = full_frame(result.fill, result, width, height)
        matte = found.matte[..., None]
        light = inputs["plate"].frames[at] * (1 - matte) + fill * matte
        made[at] = from_working(light.astype(np.float32), case.space, np.uint16).astype(np.float32) / 65535
        admitted[at] = found
    return made, admitted, time.process_time() - started


def psnr(made: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    """Peak signal to noise in dB over the pixels ``where``, peak 1."""
    error = float(((made - truth)[where] ** 2).mean()) if where.any() else 0.0
    return float(-10 * np.log10(max(error, 1e-10)))


def score(case: Case, pictures: Path | None) -> dict[str, Any]:
    """All methods on one case; PSNR of the pooled squared error over the scored frames, and the R lane where there is one."""
    scored = case.entry["scored"]
    filled = [telea(case, at) for at in range(len(case.plate))]
    made, _, seconds = answerprint(case)
    results = {"telea": {at: filled[at] for at in scored}, "answerprint": made}
    results["propagation"] = {at: propagation(case, filled, at) for at in scored}
    where = np.stack([case.matte[at] > 0 for at in scored])
    truth = np.stack([case.clean[at] for at in scored])
    figures: dict[str, Any] = {m: round(psnr(np.stack([results[m][at] for at in scored]), truth, where), 2) for m in METHODS}
    figures["cpu_s_per_frame"] = round(seconds / len(scored), 3)
    if case.performer is not None:
        figures["restored"] = _restored(case, results)
    if pictures is not None:
        _save(case, results, scored[len(scored) // 2], pictures)
    return {"name": case.entry["name"], "stratum": case.entry["stratum"], "split": case.entry["split"], **figures}


def _restored(case: Case, results: dict[str, dict[int, np.ndarray]]) -> dict[str, Any]:
    """With the performer protected: the share of the wire over the performer that could be restored, and PSNR there."""
    made, admitted, _ = answerprint(case, protect=True)
    scored = case.entry["scored"]
    where = np.stack([admitted[at].restored for at in scored])
    left = int(sum(int(admitted[at].unreached.sum()) for at in scored))
    truth = np.stack([case.clean[at] for at in scored])
    figures = {m: round(psnr(np.stack([results[m][at] for at in scored]), truth, where), 2) for m in ("telea", "propagation")}
    figures["answerprint"] = round(psnr(np.stack([made[at] for at in scored]), truth, where), 2)
    return {"share": round(int(where.sum()) / max(1, int(where.sum()) + left), 3), **(figures if where.any() else {})}


def _save(case: Case, results: dict[str, dict[int, np.ndarray]], at: int, folder: Path) -> None:
    """Full-size strips: plate, truth, the three methods."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in {"plate": case.plate[at], "truth": case.clean[at], **{m: results[m][at] for m in METHODS}}.items():
        codes = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)[..., ::-1]
        cv2.imwrite(str(folder / f"{case.entry['name']}-{name}.png"), codes)


def table(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Means by stratum and split, and the worst clip of each stratum (least gain over the better baseline)."""
    out: dict[str, Any] = {}
    for stratum in ("static", "moving", "crossing"):
        out[stratum] = {}
        for split in ("all", "tuning", "held-out"):
            own = [c for c in cases if c["stratum"] == stratum and split in ("all", c["split"])]
            if own:
                out[stratum][split] = {"cases": len(own), **{m: round(float(np.mean([c[m] for c in own])), 2) for m in METHODS}}
        own = [c for c in cases if c["stratum"] == stratum]
        if own:
            worst = min(own, key=lambda c: c["answerprint"] - max(c["telea"], c["propagation"]))
            out[stratum]["worst"] = {k: worst[k] for k in ("name", *METHODS)}
    return out


def main() -> int:
    """Run and print; exit 3 when a stratum's mean is not better than both baselines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--split", choices=("tuning", "held-out"))
    parser.add_argument("--only", default="")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument(
        "--footage", type=Path, default=Path(os.environ.get("ANSWERPRINT_FOOTAGE") or HERE.parents[1] / "shared" / "footage")
    )
    options = parser.parse_args()
    if options.list:
        LIST.write_text(json.dumps({"seed": SEED, "held_out": list(HELD_OUT), "cases": make_list()}, indent=1) + "\n")
        return 0
    cv2.setNumThreads(1)
    cases = []
    for entry in read_list(LIST):
        if options.only in entry["name"] and options.split in (None, entry["split"]):
            cases.append(score(load(entry, options.footage), options.pictures))
            print(json.dumps(cases[-1]), file=sys.stderr, flush=True)
    means = table(cases)
    document = {"measure": "PSNR in dB inside the matte, display codes", "strata": means, "cases": cases}
    if not options.only and options.split is None:
        RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["strata"], indent=1))
    better = all(m["answerprint"] > max(m["telea"], m["propagation"]) for s in means.values() for k, m in s.items() if k == "all")
    return 0 if better else 3


if __name__ == "__main__":
    sys.exit(main())
