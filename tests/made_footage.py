"""Small footage made for tests: frame folders with timecode and reel, movies, and the paper that goes with them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.movie import write_proxy
from answerprint.media.write import write_frame
from answerprint.production import Timecode


def exr_folder(
    folder: Path, frames: int = 4, start: str | None = "01:00:00:00", rate: int = 24, reel: str = "A001", seed: int = 0
) -> Path:
    """A folder of small half-float EXR frames with timecode and reel in their headers."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for index in range(frames):
        label = str(Timecode.parse(start, rate) + index) if start else None
        header = FrameHeader(
            24, 16, storage="half", compression="zip", timecode=label, rate=Fraction(rate), attributes={"reelName": reel}
        )
        planes = {name: random.random((16, 24)).astype(np.float16) for name in "RGB"}
        write_frame(folder / f"{folder.name}.{1001 + index:04d}.exr", SourceFrame(planes, header))
    return folder


def movie(path: Path, frames: int = 4, rate: int = 24, start: str | None = None, seed: int = 0) -> Path:
    """A small movie of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    write_proxy(path, (random.random((32, 48, 3)).astype(np.float32) for _ in range(frames)), rate, start)
    return path


def document(path: Path, **content: Any) -> Path:
    """A paper in JSON."""
    path.write_text(json.dumps(content, ensure_ascii=False))
    return path


def edl(path: Path, *events: tuple[str, str, str, str, str], title: str = "CUT") -> Path:
    """An edit list: (reel, source in, source out, record in, record out) for each event."""
    lines = [f"TITLE: {title}", "FCM: NON-DROP FRAME", ""]
    lines += [f"{number:03d}  {reel:8} V     C        {a} {b} {c} {d}" for number, (reel, a, b, c, d) in enumerate(events, 1)]
    path.write_text("\n".join(lines) + "\n")
    return path
