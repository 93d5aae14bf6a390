"""Denoising of real moving clips with known noise, against OpenCV's non-local means and ffmpeg's bm3d in the same run.

    python benchmarks/denoise.py FOOTAGE [--frames 5] [--sigma 10,20,30,50]

Noise is Gaussian in 8-bit code values, as the literature has it; scores are PSNR of 8-bit codes, mean over clips.
Non-local means gets the true sigma and its best of five strengths, bm3d its best of ten settings (five strengths, block matching or not);
we are told nothing. bm3d is that of the ffmpeg that the package imageio-ffmpeg brings (``pip install imageio-ffmpeg``), of $FFMPEG, or on the
path; without one its column is empty. Seconds are CPU seconds a frame of the best setting.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from answerprint.colour.spaces import from_working, to_working
from answerprint.generator.denoise import Denoise, DenoiseParameters
from answerprint.graph.contract import Analysis, Chunk
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
    """Print one row for each sigma; exit 3 where a bar is missed: 2 dB over non-local means, above bm3d,
    and the preset ``quick`` above bm3d at no more CPU time than the slower of the two."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("footage", type=Path)
    options.add_argument("--frames", type=int, default=3)
    options.add_argument("--sigma", default="10,20,30,50")
    options.add_argument("--clips", type=int, default=len(CLIPS))
    given = options.parse_args()
    ffmpeg = _with_bm3d()
    print(
        "sigma   noisy     NLM (CPU s)    bm3d (CPU s)    ours (CPU s)   over NLM, worst clip   over bm3d, worst clip   quick (CPU s)"
    )
    met = True
    for sigma in map(float, given.sigma.split(",")):
        rows = [_clip(given.footage / clip, sigma, given.frames, ffmpeg) for clip in CLIPS[: given.clips]]
        noisy, nlm, nlm_s, bm3d, bm3d_s, ours, ours_s, quick, quick_s = np.mean(rows, axis=0)
        over = [min(row[5] - row[at] for row in rows) for at in (1, 3)]
        print(
            f"{sigma:5.0f}  {noisy:6.2f}  {nlm:6.2f}  {nlm_s:6.2f}  {bm3d:6.2f}  {bm3d_s:6.2f}  {ours:6.2f}  {ours_s:6.2f}"
            f"   {ours - nlm:+8.2f}  {over[0]:+10.2f}   {ours - bm3d:+9.2f}  {over[1]:+10.2f}  {quick:12.2f}  {quick_s:6.2f}",
            flush=True,
        )
        met &= ours - nlm >= 2 and (np.isnan(bm3d) or (ours > bm3d and quick > bm3d and quick_s <= max(nlm_s, bm3d_s)))
    sys.exit(0 if met else 3)


def _clip(path: Path, sigma: float, count: int, ffmpeg: str) -> tuple[float, ...]:
    """PSNR of the noisy frames; PSNR and CPU seconds a frame of non-local means, of bm3d, of ours and of ours in the preset ``quick``."""
    sequence, reach = open_sequence(path, 24), DenoiseParameters().reach
    start = min(START, sequence.count - count - 2 * reach)
    clean = [_small(sequence.read(start + i).rgb()) for i in range(count + 2 * reach)]
    rng = np.random.default_rng(round(sigma))
    noisy = [np.clip(np.rint(f + rng.normal(0, sigma, f.shape)), 0, 255).astype(np.uint8) for f in clean]
    asked = range(reach, reach + count)
    started = time.process_time()
    best = max(
        float(
            np.mean([_psnr(cv2.fastNlMeansDenoisingColored(noisy[i], None, k * sigma, k * sigma, 7, 21), clean[i]) for i in asked])
        )
        for k in (0.5, 0.7, 0.85, 1.0, 1.2)
    )
    spent = (time.process_time() - started) / count / 5
    blocks = _best_bm3d(ffmpeg, [noisy[i] for i in asked], [clean[i] for i in asked], sigma) if ffmpeg else (np.nan, np.nan)
    plate = Noisy(noisy, path.stem)
    analysis = Denoise().analyse({"plate": plate}, DenoiseParameters(), SeededContext(0))
    ours = [
        figure
        for parameters in (DenoiseParameters(), DenoiseParameters(**DenoiseParameters.presets["quick"]))
        for figure in _ours(plate, analysis, parameters, range(reach, reach + count), clean)
    ]
    before = float(np.mean([_psnr(noisy[i], clean[i]) for i in asked]))
    print(
        f"  {path.stem}: NLM {best:.2f}  bm3d {blocks[0]:.2f}  ours {ours[0]:.2f}  quick {ours[2]:.2f}", file=sys.stderr, flush=True
    )
    return before, best, spent, *blocks, *ours


def _ours(
    plate: Noisy, analysis: Analysis, parameters: DenoiseParameters, asked: range, clean: list[np.ndarray]
) -> tuple[float, float]:
    """PSNR and CPU seconds a frame."""
    chunk = Chunk(FrameRange(asked.start, asked.stop), {"plate": plate})
    started = time.process_time()
    made = list(Denoise().render(chunk, analysis, parameters, SeededContext(0)))
    spent = (time.process_time() - started) / len(asked)
    return float(np.mean([_psnr(from_working(np.asarray(r.fill), SRGB, np.uint8), clean[r.frame]) for r in made])), spent


def _with_bm3d() -> str:
    """An ffmpeg that has the filter, or nothing, which is said."""
    found = os.environ.get("FFMPEG") or ""
    if not found:
        try:
            found = str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            found = shutil.which("ffmpeg") or ""
    if found:
        listed = subprocess.run([found, "-hide_banner", "-filters"], capture_output=True, text=True, check=False).stdout
        if " bm3d " in listed:
            return found
    print(
        "no ffmpeg with the filter bm3d here (pip install imageio-ffmpeg, or set FFMPEG): its column stays empty", file=sys.stderr
    )
    return ""


def _best_bm3d(ffmpeg: str, noisy: list[np.ndarray], clean: list[np.ndarray], sigma: float) -> tuple[float, float]:
    """PSNR and CPU seconds a frame of bm3d's best setting; its own scale of sigma is not the 8-bit one, so strengths are tried."""
    found = []
    for strength in (0.5, 1.0, 2.0, 3.5, 6.0):
        for filters in (
            f"bm3d=sigma={strength * sigma}:block=8:bstep=2:group=1:estim=basic",
            f"split[a][b];[a]bm3d=sigma={strength * sigma}:block=8:bstep=4:group=1:estim=basic[c];"
            f"[b][c]bm3d=sigma={strength * sigma}:block=8:bstep=4:group=8:range=9:mstep=2:estim=final:ref=1",
        ):
            made, spent = _bm3d(ffmpeg, noisy, filters)
            found.append((float(np.mean([_psnr(m, c) for m, c in zip(made, clean, strict=True)])), spent))
    return max(found)


def _bm3d(ffmpeg: str, frames: list[np.ndarray], filters: str) -> tuple[list[np.ndarray], float]:
    height, width = frames[0].shape[:2]
    luma_first = [cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]].transpose(2, 0, 1) for frame in frames]
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", f"{width}x{height}"]
    command = [ffmpeg, "-v", "error", "-threads", "1", "-filter_complex_threads", "1", *raw, "-i", "-", "-filter_complex", filters]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run([*command, *raw, "-"], input=np.stack(luma_first).tobytes(), capture_output=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    planes = np.frombuffer(told, np.uint8).reshape(len(frames), 3, height, width).transpose(0, 2, 3, 1)
    made = [cv2.cvtColor(np.ascontiguousarray(one[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB) for one in planes]
    return made, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(frames)


def _small(codes: np.ndarray) -> np.ndarray:
    light = codes.astype(np.float32) / np.iinfo(codes.dtype).max
    height = round(codes.shape[0] * WIDTH / codes.shape[1])
    return np.rint(cv2.resize(light, (WIDTH, height), interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)


def _psnr(made: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((made.astype(np.float64) - truth) ** 2)))


if __name__ == "__main__":
    main()
