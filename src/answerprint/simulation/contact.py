"""Contact sheets of what was shot: up to twelve frames of each camera and every pass of the first one; or the levels of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.view import display
from answerprint.media.exr import read_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.simulation.stage import Stage

_WIDTH = 320
_COLUMNS = 4
_STRIP = 18

Cell = NDArray[np.float32]


def contact_sheet(stage: Stage, out: Path) -> Path:
    """Write ``contact-sheet.png`` (display-referred, 8 bit) and return its path."""
    cells: list[Cell] = []
    for camera in stage.cameras:
        chosen = sorted({stage.frames[round(i)] for i in np.linspace(0, stage.frame_count - 1, min(12, stage.frame_count))})
        for frame in chosen:
            cells.append(_labelled(_beauty(stage, out, camera.label, frame), f"{camera.label}  {frame}"))
    first = out / stage.cameras[0].label
    if len(cells) <= _COLUMNS * 2:
        for folder in sorted(p for p in first.rglob("*") if p.is_dir() and p.name not in ("beauty", "records")):
            file = folder / f"{stage.name}.{stage.first_frame:04d}.exr"
            if file.is_file():
                kind = folder.relative_to(first)
                cells.append(_labelled(_shown(file, kind.parts[0]), str(kind)))
    return _written(cells, out / "contact-sheet.png")


def sheet_of_levels(stages: Sequence[Stage], folders: Sequence[Path], labels: Sequence[str], path: Path) -> Path:
    """Write the first frame of each of ``stages``, shot into ``folders``, under its label (display-referred, 8 bit); at most 48 of them."""
    chosen = sorted({round(i) for i in np.linspace(0, len(stages) - 1, min(48, len(stages)))})
    cells = [
        _labelled(_beauty(stages[i], folders[i], stages[i].cameras[0].label, stages[i].first_frame), labels[i]) for i in chosen
    ]
    return _written(cells, path)


def _beauty(stage: Stage, out: Path, camera: str, frame: int) -> Cell:
    return _shown(out / camera / "beauty" / f"{stage.name}.{frame:04d}.exr", "beauty")


def _written(cells: list[Cell], path: Path) -> Path:
    rows = [_row(cells[i : i + _COLUMNS]) for i in range(0, len(cells), _COLUMNS)]
    sheet = np.concatenate(rows, axis=0)
    codes = np.round(np.clip(sheet, 0, 1) * 255).astype(np.uint8)
    planes = {c: np.ascontiguousarray(codes[..., i]) for i, c in enumerate("RGB")}
    header = FrameHeader(codes.shape[1], codes.shape[0], storage="uint8", file_format="png")
    write_frame(path, SourceFrame(planes, header))
    return path


def _labelled(cell: Cell, text: str) -> Cell:
    """The picture with its name on a strip below it, never on it."""
    strip = np.full((_STRIP, cell.shape[1], 3), 20, dtype=np.uint8)
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(strip, plain, (4, _STRIP - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (190, 190, 190), 1, cv2.LINE_AA)
    return np.concatenate([cell, np.asarray(strip / np.float32(255), dtype=np.float32)], axis=0)


def _shown(path: Path, kind: str) -> Cell:
    frame = read_exr(path)
    planes = [np.asarray(p, dtype=np.float32) for p in frame.planes.values()]
    if kind in ("beauty", "plate", "groups", "clean", "albedo"):
        picture = np.stack([np.asarray(frame.planes[c], dtype=np.float32) for c in "RGB"], axis=-1)
        return _fit(np.asarray(display(picture, "srgb"), dtype=np.float32))
    if kind == "depth":
        near = 1.0 / np.maximum(planes[0], 0.1)
        return _fit(np.repeat((near / max(float(near.max()), 1e-9))[..., None], 3, axis=-1))
    if kind == "normal":
        xyz = np.stack([np.asarray(frame.planes[c], dtype=np.float32) for c in "XYZ"], axis=-1)
        return _fit(xyz * 0.5 + 0.5)
    if kind == "vectors":
        moved = np.stack(
            [np.asarray(frame.planes[f"forward.{c}"], dtype=np.float32) for c in "XY"] + [np.zeros_like(planes[0])], axis=-1
        )
        return _fit(0.5 + moved / (2 * max(1.0, float(np.abs(moved).max()))))
    if kind in ("object_id", "material_id"):
        number = planes[0][..., None]
        return _fit(np.asarray(0.5 + 0.5 * np.sin(number * np.array([1.7, 2.9, 4.1], dtype=np.float32)), dtype=np.float32))
    return _fit(np.repeat(planes[0][..., None], 3, axis=-1))


def _fit(picture: Cell) -> Cell:
    """Nearest-neighbour to the sheet's cell width."""
    h, w = picture.shape[:2]
    height = max(1, round(h * _WIDTH / w))
    return np.asarray(picture[np.arange(height) * h // height][:, np.arange(_WIDTH) * w // _WIDTH], dtype=np.float32)


def _row(cells: list[Cell]) -> Cell:
    height = max(cell.shape[0] for cell in cells)
    row = np.full((height + 4, _COLUMNS * (_WIDTH + 4), 3), 0.08, dtype=np.float32)
    for i, cell in enumerate(cells):
        row[2 : 2 + cell.shape[0], i * (_WIDTH + 4) + 2 : i * (_WIDTH + 4) + 2 + _WIDTH] = cell
    return row
