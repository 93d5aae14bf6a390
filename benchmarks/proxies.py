"""HD dailies proxies: our pass (decode, CDL, view, H.264 key frames, hash) against FFmpeg with the same look baked into a cube.

Both read one ProRes 422 HQ movie made from a photograph and encode alike; both are told to use the same number of threads. Closeness
is the mean absolute difference (8-bit codes) of a decoded frame to the analytic CDL and view of the same source frame.

Run: ``python benchmarks/proxies.py PHOTO.exr [--frames 48] [--threads 1]``
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.lut import Lut, write_cube
from answerprint.colour.spaces import CAMERA_709, to_working
from answerprint.colour.view import ViewLUT, display
from answerprint.media.movie import write_prores, write_proxy
from answerprint.media.sequence import open_sequence
from answerprint.provenance.digests import file_digests

GRADE = CDL(slope=(1.08, 1.0, 0.94), offset=(0.01, 0.0, -0.01), power=(1.0, 1.03, 0.98), saturation=0.92)


def source(photo: Path, place: Path, frames: int) -> None:
    light = to_working(open_sequence(photo).read(0).rgb(), "Linear Rec.709 (sRGB)")
    shown = display(cv2.resize(np.maximum(light, 0), (1984, 1080), interpolation=cv2.INTER_AREA))
    write_prores(place, (shown[:, n : n + 1920].copy() for n in range(frames)), 24, "01:00:00:00", profile="hq")


def ours(movie: Path, place: Path) -> None:
    sequence, view = open_sequence(movie), ViewLUT.cached()
    frames = (view.apply(grades.apply(GRADE, to_working(sequence.read(i).rgb(), CAMERA_709))) for i in range(sequence.count))
    write_proxy(place, frames, 24, sequence.start_timecode)
    file_digests(place)


def by_hand(movie: Path, place: Path, cube: Path, threads: int) -> None:
    with av.open(str(movie)) as reader, av.open(str(place), "w", options={"movflags": "faststart"}) as writer:
        picture = reader.streams.video[0]
        picture.codec_context.thread_count = threads
        graph = av.filter.Graph()
        chain = [
            graph.add_buffer(template=picture),
            graph.add("format", "gbrp10le"),
            graph.add("lut3d", f"file={cube}:interp=tetrahedral"),
            graph.add("scale", "out_color_matrix=bt709"),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        for first, second in itertools.pairwise(chain):
            first.link_to(second)
        graph.configure()
        options = {"crf": "20", "preset": "veryfast", "x264-params": f"keyint=1:bframes=0:threads={max(2, threads)}:scenecut=0"}
        stream = writer.add_stream("libx264", rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for frame in reader.decode(picture):
            graph.push(frame)
            made = graph.pull()
            made.pts = None
            writer.mux(stream.encode(made))
        writer.mux(stream.encode(None))


def distance(proxy: Path, wanted: np.ndarray) -> float:
    shown = open_sequence(proxy).read(0).rgb().astype(np.float64) / 65535
    return float(np.abs(shown - wanted).mean() * 255)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    os.environ["ANSWERPRINT_THREADS"] = str(options.threads)
    cv2.setNumThreads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        movie, cube = Path(scratch) / "in.mov", Path(scratch) / "look.cube"
        source(options.photo, movie, options.frames)
        write_cube(cube, Lut.baked(lambda codes: display(grades.apply(GRADE, to_working(codes, CAMERA_709))), 33), "adobe")
        wanted = display(grades.apply(GRADE, to_working(open_sequence(movie).read(0).rgb(), CAMERA_709)))
        ViewLUT.cached()
        seconds = options.frames / 24
        print(f"{'pass':10} {'seconds':>8} {'x realtime':>10} {'difference':>10}")
        times = {}
        for name, run in (("ours", ours), ("by hand", lambda m, p: by_hand(m, p, cube, options.threads))):
            place = Path(scratch) / f"{name.replace(' ', '-')}.mp4"
            began = time.perf_counter()
            run(movie, place)
            times[name] = time.perf_counter() - began
            print(f"{name:10} {times[name]:8.2f} {seconds / times[name]:10.3f} {distance(place, wanted):10.3f}")
        print(f"ours takes {times['ours'] / times['by hand']:.2f} times as long")
    return 0


if __name__ == "__main__":
    sys.exit(main())
