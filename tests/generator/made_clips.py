"""Small made footage in memory, and an operation run on it as the runner does, within its halo."""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.graph.sources import Windowed
from answerprint.production import FrameRange


class Clip:
    """Frames in memory."""

    camera = None

    def __init__(self, frames, name="plate", camera=None):
        self.frames, self.count, self.clip, self.digest, self.camera = frames, len(frames), name, name, camera
        self.height, self.width = frames[0].shape[:2]

    def read(self, index):
        return self.frames[index].copy()


def texture(height, width, seed, sigma=1.6):
    """A busy surface in linear light, 0.05 to 1.5."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.random((height, width, 3)).astype(np.float32), (0, 0), sigma)
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    return (0.05 + 1.45 * noise).astype(np.float32)


def rendered(operation, inputs, parameters, order, chunk=1):
    """Results by frame: analysed once, then made in pieces of ``chunk`` frames, in the order of ``order``'s starts."""
    context = SeededContext(5)
    analysis = operation.analyse(inputs, parameters, context)
    count = inputs["plate"].count
    out = {}
    for start in order:
        frames = FrameRange(start, min(start + chunk, count))
        window = frames.grown(operation.halo(parameters), FrameRange(0, count))
        limited = {
            name: [Windowed(r, window) for r in reader] if isinstance(reader, list) else Windowed(reader, window)
            for name, reader in inputs.items()
        }
        for result in operation.render(Chunk(frames, limited), analysis, parameters, context):
            out[result.frame] = result
    return out


def same_bytes(first, second):
    """Whether two results are the same to the last bit."""
    planes = [(r.fill, r.matte, r.support, *[r.layers[n] for n in sorted(r.layers)]) for r in (first, second)]
    return first.box == second.box and all(
        (a is None and b is None) or a.tobytes() == b.tobytes() for a, b in zip(*planes, strict=True)
    )


def decibels(made, truth):
    """Peak 1.0."""
    return float(-10 * np.log10(((made - truth) ** 2).mean() + 1e-12))


def wire_matte(start, end, width, height, across):
    """A straight wire's exact matte (height, across), from (x, y) to (x, y), ``width`` pixels thick."""
    canvas = np.zeros((height * 8, across * 8), np.uint8)
    points = [tuple(round(float(v) * 8) for v in end_) for end_ in (start, end)]
    cv2.line(canvas, points[0], points[1], 255, round(width * 8))
    return cv2.resize(canvas, (across, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
