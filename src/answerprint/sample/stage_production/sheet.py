"""The contact sheet of the rendered production: first and last frame of every clip, and the light passes of the close-up."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from answerprint.colour.view import ViewLUT
from answerprint.media.exr import read_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.sample.stage_production.originals import GROUPS, clip_frame, frames_of, original
from answerprint.sample.stage_production.setups import CLIPS

_CELL, _COLUMNS, _GAP = (240, 135), 4, 4


def write_sheet(home: Path, path: Path) -> None:
    """Write the sheet (display-referred, 8-bit PNG) of the production at ``home``."""
    wanted = [original(home, clip, frames_of(clip.name)[at]) for clip in CLIPS for at in (0, -1)]
    wanted += [clip_frame(home / "reference" / "passes", light, frames_of("A003C001_21C_T1")[4]) for light in GROUPS]
    lut, cells = ViewLUT.cached(), []
    for file in wanted:
        planes = read_exr(file).planes
        picture = np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)
        cells.append(lut.apply(np.asarray(cv2.resize(picture, _CELL, interpolation=cv2.INTER_AREA))))
    width, height = _CELL[0] + _GAP, _CELL[1] + _GAP
    sheet = np.full((-(-len(cells) // _COLUMNS) * height + _GAP, _COLUMNS * width + _GAP, 3), 0.07, np.float32)
    for number, cell in enumerate(cells):
        y, x = number // _COLUMNS * height + _GAP, number % _COLUMNS * width + _GAP
        sheet[y : y + _CELL[1], x : x + _CELL[0]] = cell
    codes = np.round(np.clip(sheet, 0, 1) * 255).astype(np.uint8)
    planes8 = {c: np.ascontiguousarray(codes[..., i]) for i, c in enumerate("RGB")}
    write_frame(path, SourceFrame(planes8, FrameHeader(codes.shape[1], codes.shape[0], storage="uint8", file_format="png")))
