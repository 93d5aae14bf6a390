"""Image statistics of random frames of the virtual stage beside those of real clips: are they of the same kind of picture?

Both are taken as shown (Rec.709 display codes; renders through the SDR view), cut to 16:9 and averaged down to one small size, so that
resolution and codec noise do not decide. A render is taken as its camera's plate, with the noise that an HD sensor has left when its pixels are
averaged down as far. Each figure of a render counts as inside where it lies between the least and the greatest of the real frames: up to
150 of each clip, evenly, so that the range is the clips' and not a sample's. What this cannot tell: noise finer than a small picture's pixel, and anything that only a person sees.

- level: mean luminance, stops against 18 % grey. contrast: stops from the 5th to the 95th percentile of luminance (floor 0.1 %).
- key_fill: stops between the brighter and the darker half of the frame, left and right: a stand-in for a face's key and fill.
- cct: correlated colour temperature of the mean colour, kelvin on a D65 display; frames too colourful to have one are left out.
- noise: standard deviation of what a pixel differs from its neighbours in flat places, display codes (J. Immerkaer, "Fast noise
  variance estimation", 1996, by its median). edges: share of pixels where luma changes by more than 0.08 of the range a pixel.

Run: ``python benchmarks/stage_statistics.py --footage DIR [--count 12] [--first 0] [--size 160x90] [--samples 24] [--out DIR] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.temperature import cct_duv
from answerprint.colour.view import display
from answerprint.media.exr import read_exr
from answerprint.optics.sensor import Gain
from answerprint.production import AnswerprintError
from answerprint.simulation.generate import generate
from answerprint.simulation.light import REC709_TO_AP1
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import FAMILIES, Family, Stage

Picture = NDArray[np.float64]
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_NOT_REAL = ("mask", "bigbuckbunny")
"""In the names of clips that are mattes, or drawn."""
_OF_EACH_CLIP = 150
_HD, _ELECTRONS, _READ_NOISE = 1920, 900.0, 4.0
"""A Super 35 sensor of HD width at ISO 800: electrons a pixel of a grey card, and electrons of read noise."""


def statistics(codes: Picture) -> dict[str, float]:
    """The figures of one picture (h, w, 3) of display codes 0 to 1."""
    linear = np.clip(codes, 0, 1) ** 2.4
    light = linear @ _LUMA
    luma = codes @ _LUMA
    low, high = np.percentile(np.maximum(light, 1e-3), [5, 95])
    half = light.shape[1] // 2
    sides = light[:, :half].mean(), light[:, half:].mean()
    across = cv2.filter2D(luma, cv2.CV_64F, np.array([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]))[1:-1, 1:-1]
    edge = np.hypot(cv2.Sobel(luma, cv2.CV_64F, 1, 0), cv2.Sobel(luma, cv2.CV_64F, 0, 1)) / 8
    return {
        "level": float(np.log2(max(light.mean(), 1e-4) / 0.18)),
        "contrast": float(np.log2(high / low)),
        "key_fill": float(np.log2(max(sides) / max(min(sides), 1e-4))),
        "cct": cct_duv(REC709_TO_AP1 @ linear.mean(axis=(0, 1)))[0],
        "noise": float(np.median(np.abs(across)) / 0.6745 / 6),
        "edges": float((edge > 0.08).mean()),
    }


def real_frames(footage: Path, size: tuple[int, int]) -> list[dict[str, float]]:
    """Figures of frames evenly from every real clip."""
    out = []
    for clip in sorted(footage.rglob("*.mp4")):
        if any(word in clip.name for word in _NOT_REAL):
            continue
        video = cv2.VideoCapture(str(clip))
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        chosen = {round(i) for i in np.linspace(0, count - 1, min(count, _OF_EACH_CLIP))}
        for number in range(count):
            if not video.grab() or number not in chosen:
                continue
            held, frame = video.retrieve()
            if held:
                out.append(statistics(_small(frame[..., ::-1] / 255.0, size)))
        video.release()
    return out


def random_stage(number: int, seed: int, size: tuple[int, int], samples: int) -> Stage:
    """The ``number``-th random stage: the families in turn, by day and night, everything else from the seed."""
    random = np.random.default_rng([seed, number])
    family: Family = FAMILIES[number % len(FAMILIES)]  # type: ignore[assignment]
    stage = generate(family, int(random.integers(1, 10_000)), "night" if random.random() < 0.4 else "day")
    render = stage.render.model_copy(update={"samples": samples, "passes": ("beauty",)})
    averaged = (_HD / size[0]) ** 2
    gain = Gain(iso=800, electrons_at_grey=_ELECTRONS * averaged, read_noise=_READ_NOISE * averaged**0.5)
    own = tuple(
        camera.model_copy(update={"active_sensor_resolution": size, "sensor_gains": (gain,), "iso_speed": 800.0})
        for camera in stage.cameras
    )
    return stage.model_copy(update={"render": render, "cameras": own})


def rendered_frames(first: int, count: int, seed: int, size: tuple[int, int], samples: int, out: Path) -> list[dict[str, float]]:
    """Figures of ``count`` random frames from the ``first`` on, rendered into ``out`` (kept there, and not rendered again)."""
    figures = []
    with Renderer() as renderer:
        for number in range(first, first + count):
            stage = random_stage(number, seed, size, samples)
            folder = out / f"{number:03d}-{stage.name}-{stage.set.time}"
            shoot_stage(stage, folder, renderer=renderer)
            planes = read_exr(pass_file(folder, stage, stage.cameras[0], "plate", stage.first_frame)).planes
            picture = np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)
            figures.append(statistics(np.asarray(display(picture), dtype=np.float64)))
            print(f"{folder.name}: {_line(figures[-1])}", file=sys.stderr, flush=True)
    return figures


def _small(codes: Picture, size: tuple[int, int]) -> Picture:
    height, width = codes.shape[:2]
    wide, high = min(width, height * size[0] // size[1]), min(height, width * size[1] // size[0])
    x, y = (width - wide) // 2, (height - high) // 2
    return np.asarray(cv2.resize(codes[y : y + high, x : x + wide], size, interpolation=cv2.INTER_AREA), dtype=np.float64)


def _line(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in figures.items())


def compared(real: list[dict[str, float]], made: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """For each figure the range of the real frames, that of the rendered ones, and the share of these inside."""
    table = {}
    for name in real[0]:
        a = np.array([f[name] for f in real if np.isfinite(f[name])])
        b = np.array([f[name] for f in made if np.isfinite(f[name])])
        if not len(a) or not len(b):
            continue
        table[name] = {
            "real_least": float(a.min()),
            "real_median": float(np.median(a)),
            "real_greatest": float(a.max()),
            "rendered_least": float(b.min()),
            "rendered_median": float(np.median(b)),
            "rendered_greatest": float(b.max()),
            "inside": float(((b >= a.min()) & (b <= a.max())).mean()),
        }
    return table


def main() -> int:
    """Print the table; 0 when it could be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--footage", type=Path, required=True, help="folder of real clips")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="number of the first random stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", default="160x90")
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--out", type=Path, help="where rendered frames stay; without it they are thrown away")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    width, _, height = options.size.partition("x")
    size = (int(width), int(height))
    real = real_frames(options.footage, size)
    if not real:
        print(f"{options.footage}: no clips there", file=sys.stderr)
        return 2
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            made = rendered_frames(options.first, options.count, options.seed, size, options.samples, options.out or Path(scratch))
    except AnswerprintError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code
    table = compared(real, made)
    print(
        f"{len(real)} real frames, {len(made)} rendered in {time.monotonic() - started:.0f} s at {options.size}, {options.samples} samples"
    )
    print(f"{'':10}{'real: least  median  greatest':>32}{'rendered: least  median  greatest':>38}{'inside':>9}")
    for name, row in table.items():
        a = "".join(f"{row[f'real_{k}']:10.3g}" for k in ("least", "median", "greatest"))
        b = "".join(f"{row[f'rendered_{k}']:10.3g}" for k in ("least", "median", "greatest"))
        print(f"{name:10}  {a}        {b}{row['inside']:9.0%}")
    if options.json:
        options.json.write_text(
            json.dumps({"real_frames": len(real), "rendered_frames": len(made), "figures": table}, indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
