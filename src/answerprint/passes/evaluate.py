"""Scoring an operation: against the truth when there is one, else on surfaces of the plate itself that nothing hides.

*Revealed*: the matte is moved to where nothing has to be removed, and the operation fills pixels that are known. No outside truth is
needed, and it works on any dailies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.graph.sources import MatteFiles, PlateReader
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.fill_scores import border_error, grain_distance
from answerprint.passes.loose import LooseOrder, apply_operation
from answerprint.production import BadInput
from answerprint.provenance.digests import footage_digest
from answerprint.quality.flicker import warp_error
from answerprint.quality.metrics import decibels, mean_square, shown, ssim
from answerprint.quality.perceived import flip

Tell = Callable[[int, int, str], None]
_CLEAR_PX = 12
"""How far a moved matte must stay from the real one, so that nothing hidden is taken for truth."""


def evaluate_operation(
    operation: str, plate: Path, matte: Path, truth: Path | None, settings: dict[str, str], rate: str | None, tell: Tell
) -> dict[str, Any]:
    """Run the operation in a scratch folder and score it. ``truth`` None means *revealed*. Returns the `evaluate` document."""
    footage = open_sequence(plate, rate)
    with tempfile.TemporaryDirectory(prefix="answerprint-") as scratch:
        given = matte if truth is not None else _moved_matte(footage, matte, Path(scratch) / "matte", rate)
        clean = footage if truth is None else _fitting(open_sequence(truth, rate), footage)
        out = Path(scratch) / "out"
        told = apply_operation(LooseOrder(operation, plate, out, given, settings=settings, rate=rate), tell)
        case, worst = _scored(footage, open_sequence(out, rate), clean, open_sequence(given, rate))
    case |= {"seconds": told["seconds"], "support_share": told["support_share"]}
    return {"operation": operation, "cases": [{"name": plate.stem, "figures": case, "worst_frames": worst}], "mean": case}


def _fitting(truth: FrameSequence, plate: FrameSequence) -> FrameSequence:
    if (truth.width, truth.height, truth.count) != (plate.width, plate.height, plate.count):
        raise BadInput(
            truth.path,
            f"is {truth.count} frames of {truth.width}x{truth.height}, the plate {plate.count} of {plate.width}x{plate.height}",
            "give a truth that fits the plate frame for frame",
        )
    return truth


def _scored(
    plate: FrameSequence, made: FrameSequence, clean: FrameSequence, mattes: FrameSequence
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """The figures, and the five worst frames, the worst first."""
    ours, telea, similar, outside = [], [], [], 0
    seen: list[float] = []
    frames: list[dict[str, float]] = []
    seams, grain, restless = [], [], []
    last: tuple[np.ndarray, np.ndarray] | None = None
    for number in range(plate.count):
        before, after, wanted = shown(plate.read(number).rgb()), shown(made.read(number).rgb()), shown(clean.read(number).rgb())
        inside = shown(mattes.read(0 if mattes.count == 1 else number).rgb())[..., 0] > 0.5
        if not inside.any():
            last = None
            continue
        filled = cv2.inpaint(
            (before * 255 + 0.5).clip(0, 255).astype(np.uint8), inside.astype(np.uint8), 5, cv2.INPAINT_TELEA
        ) / np.float32(255)
        ours.append(mean_square(after, wanted, inside))
        telea.append(mean_square(filled, wanted, inside))
        similar.append(ssim(after, wanted, inside))
        eye = flip(after, wanted, inside)
        seen += [] if eye is None else [eye]
        frames.append({"frame": number, "psnr_in_matte": decibels(ours[-1])} | ({} if eye is None else {"flip_in_matte": eye}))
        seams.append(border_error(after, wanted, inside))
        grain.append(grain_distance(after, wanted, inside))
        if last is not None:
            restless.append(
                [warp_error(now, before_, inside, (wanted, last[1])) for now, before_ in ((after, last[0]), (wanted, last[1]))]
            )
        last = after, wanted
        margin = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
        outside += int((before != after).any(axis=2)[margin].sum())
    if not ours:
        raise BadInput(mattes.path, "is black in every frame", "give a matte that is white where the operation works")
    figures = {
        "psnr_in_matte": decibels(float(np.mean(ours))),
        "psnr_telea": decibels(float(np.mean(telea))),
        "ssim_in_matte": round(float(np.mean(similar)), 5),
        "border_error": round(float(np.mean(seams)), 5),
        "grain_distance": round(float(np.mean(grain)), 4),
        **_restlessness(restless),
        **({"flip_in_matte": round(float(np.mean(seen)), 5)} if seen else {}),
        "frames": len(ours),
        "changed_outside": outside,
    }
    return figures, sorted(frames, key=lambda one: one["psnr_in_matte"])[:5]


def _restlessness(pairs: list[list[float]]) -> dict[str, float]:
    """The mean warp error inside the matte, of the result and of the truth, over the pairs of frames in which it could be told."""
    told = np.array([pair for pair in pairs if np.isfinite(pair).all()])
    if not len(told):
        return {}
    ours, truth = told.mean(axis=0)
    return {"warp_error": round(float(ours), 5), "warp_error_truth": round(float(truth), 5)}


def _moved_matte(plate: FrameSequence, matte: Path, folder: Path, rate: str | None) -> Path:
    """The matte moved by the one offset that keeps it clear of itself in every frame, inside the picture as far as can be."""
    reader = MatteFiles(open_sequence(matte, rate), footage_digest(matte), PlateReader(plate, "ACEScg", "", plate.path.stem))
    mattes = [reader.read(i) > 0.02 for i in range(reader.count)]
    dx, dy = _clear_offset(mattes)
    for number, inside in enumerate(mattes):
        moved = np.zeros(inside.shape, np.uint8)
        height, width = inside.shape
        rows, columns = slice(max(0, dy), min(height, height + dy)), slice(max(0, dx), min(width, width + dx))
        moved[rows, columns] = inside[
            slice(max(0, -dy), min(height, height - dy)), slice(max(0, -dx), min(width, width - dx))
        ] * np.uint8(255)
        folder.mkdir(exist_ok=True)
        write_frame(
            folder / f"moved.{number:06d}.png",
            SourceFrame({"Y": moved}, FrameHeader(width, height, storage="uint8", file_format="png")),
        )
    return folder


def _clear_offset(mattes: list[np.ndarray]) -> tuple[int, int]:
    height, width = mattes[0].shape
    grown = [cv2.dilate(m.astype(np.uint8), np.ones((2 * _CLEAR_PX + 1,) * 2, np.uint8)) > 0 for m in mattes]
    best: tuple[float, int, int] | None = None
    for step in range(2 * _CLEAR_PX, max(width, height) // 2, 8):
        for dx, dy in ((step, 0), (-step, 0), (0, step), (0, -step)):
            kept, clear = 0, True
            for inside, near in zip(mattes, grown, strict=True):
                y, x = np.nonzero(inside)
                fits = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
                kept += int(fits.sum())
                clear &= not near[y[fits] + dy, x[fits] + dx].any()
            share = kept / max(1, sum(int(m.sum()) for m in mattes))
            if clear and share > 0.5 and (best is None or share > best[0] + 0.05):
                best = (share, dx, dy)
        if best is not None and best[0] > 0.9:
            break
    if best is None:
        raise BadInput("--matte", "it fills so much of the picture that there is no clear place to test on", "give --truth instead")
    return best[1], best[2]
