"""Reading and writing EXR at HD and UHD against OpenImageIO: its Python API in this process, and its oiiotool from file to file.

The picture is a photograph enlarged to size with 2 % grain (half float RGB). Both sides may use the same number of threads; ours flushes
each file to disk before it takes its name, which theirs does not. ``copy`` reads a file and writes it again: ours as one call each in
this process, oiiotool in one process for all files. Every figure is the best of ``--runs`` alternating runs, in milliseconds a frame;
the last columns are theirs divided by ours: above 1 ours is faster.

Run: ``python benchmarks/exr.py PHOTO.exr [--threads 2] [--runs 5]``
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.media.exr import read_exr, write_exr

COMPRESSIONS = ("none", "zip", "piz", "dwab")
FRAMES = 4


def picture(photo: Path, width: int, height: int) -> np.ndarray:
    planes = read_exr(photo).planes
    small = np.stack([planes[name] for name in "RGB"], -1).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = 1 + 0.02 * np.random.default_rng(1).standard_normal(large.shape, np.float32)
    return np.asarray(large * grain, np.float16)


def spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def best(ways: dict[str, Callable[[], None]], runs: int) -> dict[str, tuple[float, float]]:
    """Wall and processor milliseconds a frame of each way."""
    found = dict.fromkeys(ways, (1000000000.0, 1000000000.0))
    for _ in range(runs):
        for name, run in ways.items():
            began, used = time.perf_counter(), spent()
            run()
            told = ((time.perf_counter() - began) / FRAMES * 1e3, (spent() - used) / FRAMES * 1e3)
            found[name] = (min(found[name][0], told[0]), min(found[name][1], told[1]))
    return found


def ways_of(half: np.ndarray, compression: str, folder: Path, threads: int) -> dict[str, dict[str, Callable[[], None]]]:
    planes = {name: np.ascontiguousarray(half[..., i]) for i, name in enumerate("RGB")}
    files = [folder / f"in.{n:04d}.exr" for n in range(FRAMES)]
    made = folder / "made.exr"
    spec = oiio.ImageSpec(half.shape[1], half.shape[0], 3, "half")
    spec.attribute("compression", "dwab:45" if compression == "dwab" else compression)
    for file in files:
        write_exr(file, planes, compression=compression)

    def write_ours() -> None:
        for _ in files:
            write_exr(made, planes, compression=compression)

    def write_theirs() -> None:
        for _ in files:
            out = oiio.ImageOutput.create(str(made))
            out.open(str(made), spec)
            out.write_image(half)
            out.close()

    def read_ours() -> None:
        for file in files:
            read_exr(file)

    def read_theirs() -> None:
        for file in files:
            opened = oiio.ImageInput.open(str(file))
            opened.read_image("half")
            opened.close()

    def copy_ours() -> None:
        for file in files:
            frame = read_exr(file)
            write_exr(file.with_suffix(".copy.exr"), frame.planes, attributes=frame.header.attributes, compression=compression)

    def copy_theirs() -> None:
        pairs = [word for file in files for word in (str(file), "-o", str(file.with_suffix(".copy.exr")))]
        subprocess.run([tool, "--threads", str(threads), *pairs], check=True)

    tool = shutil.which("oiiotool", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") or ""
    found = {"write": {"ours": write_ours, "theirs": write_theirs}, "read": {"ours": read_ours, "theirs": read_theirs}}
    return found | ({"copy": {"ours": copy_ours, "theirs": copy_theirs}} if tool else {})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    os.environ["ANSWERPRINT_THREADS"] = str(options.threads)
    oiio.attribute("threads", options.threads)
    oiio.attribute("exr_threads", options.threads)
    print(f"{'':26} {'ours':>14} {'theirs':>14}   theirs / ours")
    print(f"{'':26} {'wall':>7}{'cpu':>7} {'wall':>7}{'cpu':>7} {'wall':>7}{'cpu':>7}")
    with tempfile.TemporaryDirectory() as scratch:
        for name, width, height in (("HD", 1920, 1080), ("UHD", 3840, 2160)):
            half = picture(options.photo, width, height)
            for compression in COMPRESSIONS:
                for step, ways in ways_of(half, compression, Path(scratch), options.threads).items():
                    told = best(ways, options.runs)
                    (wall, used), (other_wall, other_used) = told["ours"], told["theirs"]
                    figures = f"{wall:7.0f}{used:7.0f} {other_wall:7.0f}{other_used:7.0f} {other_wall / wall:7.2f}{other_used / used:7.2f}"
                    print(f"{name:4} {compression:5} {step:14} {figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
