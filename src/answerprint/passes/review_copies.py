"""Review copies of a version: the picture, its matte and its support as intra-frame movies the page can step through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.colour.spaces import to_working
from answerprint.colour.view import ViewLUT
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Context
from answerprint.graph.layers import read_layers
from answerprint.graph.sources import PlateReader
from answerprint.media.movie import proxy_sized, write_proxy
from answerprint.media.sequence import open_sequence

PICTURE, MATTE, SUPPORT = "review/picture.mp4", "review/matte.mp4", "review/support.mp4"
_FULL_SUPPORT = 8
"""Source frames at which the support overlay is at its brightest."""


def write_review_copies(plate: PlateReader, out: Path, records: list[dict[str, Any]], context: Context) -> None:
    """Write the three movies beside the frames, with the frames' count and start timecode."""
    (out / "review").mkdir(parents=True, exist_ok=True)
    made = open_sequence(out, plate.sequence.rate)
    rate, start = plate.sequence.rate or 24, records[0]["timecode"] or None
    lut = ViewLUT.cached()

    def pictures() -> Iterator[np.ndarray]:
        for number in range(made.count):
            context.check_cancelled()
            context.progress(number, made.count, "review copies")
            yield lut.apply(proxy_sized(to_working(made.read(number).rgb(), plate.space)))

    def planes(which: str) -> Iterator[np.ndarray]:
        for record in records:
            result = read_layers(out / record["layers"], record["frame"], {"box": layers_box(out / record["layers"])})
            plane = result.matte if which == "matte" else result.support
            if plane is None:
                plane = np.zeros_like(result.matte)
            value = np.clip(full_frame(np.asarray(plane, np.float32), result, plate.width, plate.height), 0, None)
            grey = value if which == "matte" else _support_grey(value, full_frame(result.matte, result, plate.width, plate.height))
            yield np.repeat(proxy_sized(np.clip(grey, 0, 1).astype(np.float32))[..., None], 3, axis=2)

    write_proxy(out / PICTURE, pictures(), rate, start)
    write_proxy(out / MATTE, planes("matte"), rate, start)
    write_proxy(out / SUPPORT, planes("support"), rate, start)


def _support_grey(support: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Black outside the matte, dark grey where invented, brighter the more source frames saw the surface."""
    inside = matte > 0
    return np.where(inside, np.where(support > 0, 0.4 + 0.6 * np.minimum(support, _FULL_SUPPORT) / _FULL_SUPPORT, 0.15), 0.0)


def layers_box(path: Path) -> list[int]:
    """The data window of a layered file, without decoding it."""
    from answerprint.media.exr import read_header

    header, _ = read_header(path)
    return list(header.data_window)
