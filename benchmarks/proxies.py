"""HD dailies proxies: our pass (decode, CDL, view, H.264 key frames, hash) against FFmpeg with the same look baked into a cube.

Both read one ProRes 422 HQ movie made from a photograph and encode alike. By hand there is the usual command (a 33-point cube, tetrahedral,
in the filter's own choice of pixels) and the same in 16 bits; the faster counts. They are run by an ``ffmpeg`` found on the path, in the
package imageio-ffmpeg or named with --ffmpeg; baking their cube is not counted, baking ours is. Each way is run ``--runs`` times in turn and
the best counts. Closeness is dE2000 of a decoded frame to the analytic CDL and view of the same source frame: once written without loss
(what the look does) and once as it is used.

Run: ``python benchmarks/proxies.py PHOTO.exr [--frames 96] [--threads 2] [--runs 3]``
"""

from __future__ import annotations

import argparse
import importlib
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

from answerprint.colour import cdl as grades
from answerprint.colour.camera_look import camera_look
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.colour.lut import Lut, write_cube
from answerprint.colour.spaces import CAMERA_709, to_working
from answerprint.colour.view import display
from answerprint.media.movie import write_prores
from answerprint.media.proxy_of_movie import CODES_TOP, write_proxy_of_movie
from answerprint.media.sequence import MovieSequence, open_sequence
from answerprint.provenance.digests import file_digests

GRADE = CDL(slope=(1.08, 1.0, 0.94), offset=(0.01, 0.0, -0.01), power=(1.0, 1.03, 0.98), saturation=0.92)


def source(photo: Path, place: Path, frames: int) -> None:
    """An HD movie that moves: the photograph as a monitor shows it, sliding by a pixel a frame."""
    light = to_working(open_sequence(photo).read(0).rgb(), "Linear Rec.709 (sRGB)")
    shown = display(cv2.resize(np.maximum(light, 0), (2048, 1080), interpolation=cv2.INTER_AREA))
    write_prores(place, (shown[:, n % 128 : n % 128 + 1920].copy() for n in range(frames)), 24, "01:00:00:00", profile="hq")


def analytic(codes: np.ndarray) -> np.ndarray:
    return display(grades.apply(GRADE, to_working(codes, CAMERA_709)))


def ours(movie: Path, place: Path, quality: int = 20) -> None:
    sequence = open_sequence(movie)
    assert isinstance(sequence, MovieSequence)
    look = camera_look(CAMERA_709, GRADE, top=CODES_TOP)
    write_proxy_of_movie(place, sequence, look, timecode=sequence.start_timecode, longest=1920, quality=quality)
    file_digests(place)


def by_hand(program: str, cube: Path, threads: int, pixels: str) -> Callable[[Path, Path, int], None]:
    def run(movie: Path, place: Path, quality: int = 20) -> None:
        look = f"{pixels}lut3d=file={cube}:interp=tetrahedral,scale=out_color_matrix=bt709,format=yuv420p"
        encoder = ["-c:v", "libx264", "-crf", str(quality), "-preset", "veryfast", "-x264-params", "keyint=1:bframes=0:scenecut=0"]
        few = ["-threads", str(threads)]
        command = [program, "-y", "-loglevel", "error", *few, "-i", str(movie), "-filter_threads", str(threads), "-vf", look]
        subprocess.run([*command, *encoder, *few, "-an", "-movflags", "faststart", str(place)], check=True)

    return run


def apart(place: Path, wanted: np.ndarray) -> tuple[float, float]:
    """Mean and 99th percentile of dE2000 of the first frame to the analytic picture."""
    seen = open_sequence(place).read(0).rgb().astype(np.float32) / 65535
    there, here = (to_working(picture, "Rec.1886 Rec.709 - Display") for picture in (seen, wanted))
    found = ciede2000(there, here)
    return float(found.mean()), float(np.quantile(found, 0.99))


def spent() -> float:
    """Processor seconds of this process and of those it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except ImportError:
        sys.exit("proxies: no ffmpeg to compare with; install one, pip install imageio-ffmpeg, or give --ffmpeg")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ffmpeg", default="")
    options = parser.parse_args()
    os.environ["ANSWERPRINT_THREADS"] = str(options.threads)
    program = options.ffmpeg or ffmpeg()
    with tempfile.TemporaryDirectory() as scratch:
        movie, still, cube = (Path(scratch) / name for name in ("in.mov", "still.mov", "look.cube"))
        source(options.photo, movie, options.frames)
        source(options.photo, still, 1)
        write_cube(cube, Lut.baked(analytic, 33), "adobe")
        wanted = analytic(open_sequence(still).read(0).rgb())
        ways: dict[str, Callable[[Path, Path, int], None]] = {
            "ours": ours,
            "by hand": by_hand(program, cube, options.threads, ""),
            "by hand, 16 bit": by_hand(program, cube, options.threads, "format=gbrp16le,"),
        }
        best = report(ways, movie, still, wanted, options.frames / 24, options.runs)
    print(f"ours takes {best['ours'] / min(best['by hand'], best['by hand, 16 bit']):.2f} times as long as the faster command")
    return 0


def report(
    ways: dict[str, Callable[[Path, Path, int], None]], movie: Path, still: Path, wanted: np.ndarray, seconds: float, runs: int
) -> dict[str, float]:
    """Print a line for each way; returns the best wall time of each."""
    wall: dict[str, float] = {}
    processor: dict[str, float] = {}
    made = movie.with_name("out.mp4")
    for _ in range(runs):
        for name, run in ways.items():
            began, used = time.perf_counter(), spent()
            run(movie, made, 20)
            wall[name] = min(wall.get(name, 1e9), time.perf_counter() - began)
            processor[name] = min(processor.get(name, 1e9), spent() - used)
    print(
        f"{'way':16} {'seconds':>8} {'x realtime':>10} {'cpu s':>7} {'look alone, dE2000':>20} {'as written':>16}   (mean, 99th percentile)"
    )
    for name, run in ways.items():
        told = []
        for quality in (0, 20):
            run(still, made, quality)
            told.append("{:.3f} {:7.3f}".format(*apart(made, wanted)))
        print(f"{name:16} {wall[name]:8.2f} {seconds / wall[name]:10.2f} {processor[name]:7.2f} {told[0]:>20} {told[1]:>16}")
    return wall


if __name__ == "__main__":
    sys.exit(main())
