"""What a removal costs at HD and UHD: CPU seconds a frame and peak memory, for wires and a stationary hole.

Run: ``python benchmarks/removal_speed.py [--only NAME] [--profile]``. Each case runs in a process of its own, one thread, on real footage
brought to size (with grain added, since enlarging takes it away); decoding the frames is not counted. Bars: 0.35 CPU seconds
a frame and 1.2 GiB for wires at HD, 3 GiB at UHD.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from removal_cases import blob, draw

from answerprint.colour.spaces import to_working
from answerprint.generator.removal import Removal
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.media.sequence import open_sequence
from answerprint.production import FrameRange

HERE = Path(__file__).resolve().parent
HD, UHD = (1920, 1080), (3840, 2160)
_STEEP = {"ends": [0.35, -0.02, 0.6, 1.02], "sag": 0.0, "width_px": 5.0, "sway_px": 14.0, "period": 16.0, "shutter": 0.0}
_LEVEL = {"ends": [-0.02, 0.3, 1.02, 0.45], "sag": 0.06, "width_px": 7.0, "sway_px": 0.0, "period": 20.0, "shutter": 0.0}
_HOLE = {"middle": [0.45, 0.5], "wider": 1.1, "waves": [0.1, -0.05, 0.08, 0.02, -0.04, 0.1], "share": 0.08}
CASES: dict[str, dict[str, Any]] = {
    "hd-locked-swaying": {"size": HD, "frames": 16, "clip": "05_default_juggle", "wire": _STEEP, "pan": 0.0, "zoom": 0.0},
    "hd-locked-still": {"size": HD, "frames": 16, "clip": "05_default_juggle", "wire": _LEVEL, "pan": 0.0, "zoom": 0.0},
    "hd-moving-swaying": {"size": HD, "frames": 16, "clip": "05_default_juggle", "wire": _STEEP, "pan": 6.0, "zoom": 0.003},
    "hd-moving-still": {"size": HD, "frames": 16, "clip": "03_blocks", "wire": _LEVEL, "pan": 5.0, "zoom": 0.0},
    "hd-moving-hole": {"size": HD, "frames": 16, "clip": "05_default_juggle", "wire": None, "pan": 12.0, "zoom": 0.0},
    "uhd-moving-still": {"size": UHD, "frames": 14, "clip": "05_default_juggle", "wire": _LEVEL, "pan": 10.0, "zoom": 0.0},
    "uhd-moving-hole": {"size": UHD, "frames": 14, "clip": "05_default_juggle", "wire": None, "pan": 20.0, "zoom": 0.0},
}
"""A clip brought to a size, a virtual move (pixels and growth a frame), and a wire (width at the clip's size) or a hole of 8 %."""
_WIDTH_AT = 1920
_BARS = {HD: 1.2, UHD: 3.0}
_CPU_BAR = 0.35


class Stored:
    """Frames on disk as half floats, as an operation reads them; what reading costs is counted apart."""

    camera = None

    def __init__(self, folder: Path, name: str, count: int, shape: tuple[int, ...]) -> None:
        self._folder, self._name, self._shape = folder, name, shape
        self.clip, self.digest, self.count = name, f"{folder.name}:{name}", count
        self.height, self.width = shape[:2]
        self.spent = 0.0

    def read(self, index: int) -> np.ndarray:
        """Frame ``index``."""
        started = time.process_time()
        frame = np.fromfile(self._folder / f"{self._name}.{index}", np.float16).reshape(self._shape).astype(np.float32)
        self.spent += time.process_time() - started
        return frame


def store(case: dict[str, Any], footage: Path, folder: Path) -> tuple[Stored, Stored]:
    """The plate with the wire drawn on it, and its matte."""
    width, height = case["size"]
    clip = open_sequence(footage / "removal/sam2_gallery" / f"{case['clip']}.mp4")
    rng = np.random.Generator(np.random.PCG64(5))
    middle = (case["frames"] - 1) / 2
    scale_wire = width / _WIDTH_AT
    for at in range(case["frames"]):
        codes = clip.read(60 + at).rgb().astype(np.float32) / np.float32(255)
        grow = 1.12 * max(width / clip.width, height / clip.height) * np.exp(case["zoom"] * (at - middle))
        shift = case["pan"] * (at - middle)
        matrix = np.array([[grow, 0, (width - grow * clip.width) / 2 + shift], [0, grow, (height - grow * clip.height) / 2]])
        picture = cv2.warpAffine(codes, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        picture += rng.normal(0, 1.5 / 255, picture.shape).astype(np.float32)
        if case["wire"] is None:
            matte = blob(_HOLE, (width, height))
        else:
            wire = case["wire"] | {
                "width_px": case["wire"]["width_px"] * scale_wire,
                "sway_px": case["wire"]["sway_px"] * scale_wire,
            }
            matte = draw(wire, (width, height), at)
        picture = picture * (1 - matte[..., None]) + np.float32(0.1) * matte[..., None]
        light = to_working(np.round(np.clip(picture, 0, 1) * 65535).astype(np.uint16), "sRGB")
        light.astype(np.float16).tofile(folder / f"plate.{at}")
        matte.astype(np.float16).tofile(folder / f"matte.{at}")
    shape = (height, width)
    return Stored(folder, "plate", case["frames"], (*shape, 3)), Stored(folder, "matte", case["frames"], shape)


def measure(case: dict[str, Any], folder: Path, profile: bool) -> dict[str, float]:
    """CPU seconds a frame of analysis and of rendering all frames in order, and the process's peak memory in GiB."""
    cv2.setNumThreads(1)
    shape = case["size"][::-1]
    plate, matte = Stored(folder, "plate", case["frames"], (*shape, 3)), Stored(folder, "matte", case["frames"], shape)
    operation, parameters, context = Removal(), Removal.Parameters(), SeededContext(1)
    inputs: dict[str, Any] = {"plate": plate, "matte": matte}
    spy = cProfile.Profile()
    if profile:
        spy.enable()
    started = time.process_time()
    analysis = operation.analyse(inputs, parameters, context)
    studied, read = time.process_time() - started, plate.spent + matte.spent
    started = time.process_time()
    for _ in operation.render(Chunk(FrameRange(0, plate.count), inputs), analysis, parameters, context):
        pass
    rendered, read_later = time.process_time() - started, plate.spent + matte.spent - read
    if profile:
        spy.disable()
        pstats.Stats(spy, stream=sys.stderr).sort_stats("tottime").print_stats(28)
    count = plate.count
    return {
        "analysis": round((studied - read) / count, 3),
        "render": round((rendered - read_later) / count, 3),
        "reading": round((read + read_later) / count, 3),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def main() -> int:
    """Run the cases and print; exit 3 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument(
        "--footage", type=Path, default=Path(os.environ.get("ANSWERPRINT_FOOTAGE") or HERE.parents[1] / "shared" / "footage")
    )
    options = parser.parse_args()
    if options.measure:
        name, folder = options.measure
        print(json.dumps(measure(CASES[name], Path(folder), options.profile)))
        return 0
    met = True
    print(f"{'case':20} CPU s a frame: analysis + render   (reading)   peak GiB")
    for name, case in CASES.items():
        if options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as place:
            store(case, options.footage, Path(place))
            command = [sys.executable, __file__, "--measure", name, place, *(["--profile"] if options.profile else [])]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
        total = found["analysis"] + found["render"]
        good = found["peak_gib"] <= _BARS[case["size"]] and (total <= _CPU_BAR or case["size"] != HD or case["wire"] is None)
        met &= good
        print(
            f"{name:20} {found['analysis']:8.3f} + {found['render']:.3f} = {total:.3f}   ({found['reading']:.3f})   {found['peak_gib']:6.2f}"
            f"{'' if good else '   missed'}",
            flush=True,
        )
    return 0 if met else 3


if __name__ == "__main__":
    sys.exit(main())
