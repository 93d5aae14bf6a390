"""Denoising of real moving clips with known noise, against OpenCV's non-local means in the same run.

    python benchmarks/denoise.py FOOTAGE [--frames 5] [--sigma 10,20,30,50]

Noise is Gaussian in 8-bit code values, as the literature has it; scores are PSNR of 8-bit codes, mean over clips.
Non-local means gets the true sigma and its best of five strengths; we are told nothing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from answerprint.colour.spaces import from_working, to_working
from answerprint.generator.denoise import Denoise, DenoiseParameters
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.media.sequence import open_sequence
from answerprint.production import FrameRange

CLIPS = (
    "removal/sam2_gallery/01_dog.mp4",
    "removal/sam2_gallery/05_default_juggle.mp4",
    "removal/sam2_gallery/03_blocks.mp4",
    "captioner/clips/bikes.mp4",
)
SRGB = "sRGB Encoded Rec.709 (sRGB)"
START, WIDTH = 40, 480


class Noisy:
    """Frames in memory, as 8-bit codes with noise, given as light."""

    camera = None

    def __init__(self, frames: list[np.ndarray], name: str) -> None:
        self.frames, self.count, self.clip, self.digest = frames, len(frames), name, name
        self.height, self.width = frames[0].shape[:2]

    def read(self, index: int) -> np.ndarray:
        """Frame ``index`` in ACEScg."""
        return np.asarray(to_working(self.frames[index], SRGB), np.float32)


def main() -> None:
    """Print one row for each sigma."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("footage", type=Path)
    options.add_argument("--frames", type=int, default=3)
    options.add_argument("--sigma", default="10,20,30,50")
    options.add_argument("--clips", type=int, default=len(CLIPS))
    given = options.parse_args()
    print("sigma   noisy     NLM  (s/frame)    ours  (s/frame)   gain  worst clip")
    for sigma in map(float, given.sigma.split(",")):
        rows = [_clip(given.footage / clip, sigma, given.frames) for clip in CLIPS[: given.clips]]
        mean = np.mean(rows, axis=0)
        worst = min(row[3] - row[1] for row in rows)
        print(
            f"{sigma:5.0f}  {mean[0]:6.2f}  {mean[1]:6.2f}  {mean[2]:8.2f}  {mean[3]:6.2f}  {mean[4]:8.2f}  {mean[3] - mean[1]:+6.2f}  {worst:+6.2f}",
            flush=True,
        )


def _clip(path: Path, sigma: float, count: int) -> tuple[float, float, float, float, float]:
    sequence, reach = open_sequence(path, 24), DenoiseParameters().reach
    start = min(START, sequence.count - count - 2 * reach)
    clean = [_small(sequence.read(start + i).rgb()) for i in range(count + 2 * reach)]
    rng = np.random.default_rng(round(sigma))
    noisy = [np.clip(np.rint(f + rng.normal(0, sigma, f.shape)), 0, 255).astype(np.uint8) for f in clean]
    asked = range(reach, reach + count)
    started = time.process_time()
    best = max(
        (np.mean([_psnr(cv2.fastNlMeansDenoisingColored(noisy[i], None, k * sigma, k * sigma, 7, 21), clean[i]) for i in asked]), k)
        for k in (0.5, 0.7, 0.85, 1.0, 1.2)
    )
    spent = (time.process_time() - started) / count / 5
    operation, parameters, plate = Denoise(), DenoiseParameters(), Noisy(noisy, path.stem)
    analysis = operation.analyse({"plate": plate}, parameters, SeededContext(0))
    started = time.process_time()
    made = operation.render(Chunk(FrameRange(reach, reach + count), {"plate": plate}), analysis, parameters, SeededContext(0))
    scores = [_psnr(from_working(np.asarray(r.fill), SRGB, np.uint8), clean[r.frame]) for r in made]
    ours = (time.process_time() - started) / count
    return (
        float(np.mean([_psnr(noisy[i], clean[i]) for i in asked])), float(best[0]), spent, float(np.mean(scores)), ours,
    )  # fmt: skip


def _small(codes: np.ndarray) -> np.ndarray:
    light = codes.astype(np.float32) / np.iinfo(codes.dtype).max
    height = round(codes.shape[0] * WIDTH / codes.shape[1])
    return np.rint(cv2.resize(light, (WIDTH, height), interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)


def _psnr(made: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((made.astype(np.float64) - truth) ** 2)))


if __name__ == "__main__":
    main()
