"""How good the clean-up is, measured against truth that no operation was allowed to see.

For the woman the truth is the reference take: the same performance without her, registered and fitted in colour because the two were
processed apart (they agree only to 31 to 37 dB where nothing changed). For the wires it is the frames before they were drawn on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.colour.spaces import from_working
from answerprint.graph.compositor import full_frame
from answerprint.graph.layers import read_layers
from answerprint.media.exr import read_header
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.passes.footage import located
from answerprint.production.catalogue import Production
from answerprint.production.home import cache_folder
from answerprint.production.tables import Shot, Version
from answerprint.sample.footage import FOOTAGE, extract, wheel_in_cache
from answerprint.sample.wires import WIRE_FRAMES, wire_source

FRAMES_SCORED = 6
_DISPLAY = "Camera Rec.709"


def score_woman(production: Production, shot: Shot, version: Version, wheel: Path | None = None) -> dict[str, Any] | None:
    """PSNR inside the matte (camera code values 0..1) against the reference take, beside single-frame Telea on the same frames."""
    number = "ABCD".index(shot.clip.camera_label) + 1
    archive = wheel_in_cache(FOOTAGE, wheel)
    reference = open_sequence(
        extract(
            archive,
            f"Pose2Sim/Demo_SinglePerson/videos/cam{number:02d}.mp4",
            cache_folder() / "sample" / f"cam{number:02d}_reference.mp4",
        )
    )
    return _score(production, shot, version, reference, 0, register=True)


def score_wires(production: Production, shot: Shot, version: Version, wheel: Path | None = None) -> dict[str, Any] | None:
    """The same for the wires, whose truth is exact."""
    return _score(production, shot, version, wire_source(wheel_in_cache(FOOTAGE, wheel)), WIRE_FRAMES.start, register=False)


def score_lines(production: Production, shot: Shot, version: Version, clean: Path) -> dict[str, Any] | None:
    """The same for flying lines of the rendered production: ``clean`` holds the clip's frames rendered without them, free of noise."""
    return _score(production, shot, version, open_sequence(clean), 0, register=False)


def _score(
    production: Production, shot: Shot, version: Version, truth: FrameSequence, offset: int, register: bool
) -> dict[str, Any] | None:
    records = [r for r in version.figures["frames"] if r["changed"]]
    if not records:
        return None
    chosen = [records[i] for i in sorted({round(i) for i in np.linspace(0, len(records) - 1, FRAMES_SCORED)})]
    out = production.root / version.path
    made, plate = open_sequence(out, shot.clip.rate), open_sequence(located(production, shot.clip.asset), shot.clip.rate)
    warp = None
    inside, telea, outside = [], [], []
    for record in chosen:
        frame = record["frame"]
        after, before = _display(made, frame - shot.start, shot.clip.input_space), _display(plate, frame, shot.clip.input_space)
        clean = _display(truth, frame + offset, _DISPLAY)
        matte = _matte(out / record["layers"], before.shape)
        changed = matte & (after != before).any(axis=2)
        around = cv2.dilate(matte.astype(np.uint8), np.ones((61, 61), np.uint8)).astype(bool) & ~cv2.dilate(
            matte.astype(np.uint8), np.ones((9, 9), np.uint8)
        ).astype(bool)
        if register:
            warp = _registration(clean, before) if warp is None else warp
            clean = cv2.warpAffine(
                clean, warp, (before.shape[1], before.shape[0]), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
            clean = _colour_fitted(clean, before, ~cv2.dilate(matte.astype(np.uint8), np.ones((31, 31), np.uint8)).astype(bool))
        filled = cv2.inpaint(
            (before * 255 + 0.5).clip(0, 255).astype(np.uint8), matte.astype(np.uint8), 5, cv2.INPAINT_TELEA
        ) / np.float32(255)
        inside.append(_mse(after, clean, changed))
        telea.append(_mse(filled, clean, changed))
        outside.append(_mse(before, clean, around))
    return {"frames": len(chosen), "psnr_in_matte": _psnr(inside), "psnr_telea": _psnr(telea), "psnr_agreement": _psnr(outside)}


def _display(sequence: FrameSequence, index: int, space: str) -> np.ndarray:
    """Camera code values 0..1: of an EXR through the camera curve, of a movie as decoded."""
    codes = sequence.read(index).rgb()
    if codes.dtype.kind == "f":
        codes = from_working(codes.astype(np.float32), _DISPLAY, np.uint16)
    return codes.astype(np.float32) / np.float32(65535)


def _matte(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    header, _ = read_header(path)
    result = read_layers(path, 0, {"box": list(header.data_window)})
    return np.asarray(full_frame(result.matte, result, shape[1], shape[0]) > 0.5)


def _registration(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The affine map that lays ``moving`` over ``fixed``: SIFT matches, RANSAC with OpenCV's fixed seed."""
    cv2.setRNGSeed(1)
    grey = [cv2.cvtColor((p * 255).clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for p in (moving, fixed)]
    sift = cv2.SIFT_create(2000)
    (ka, da), (kb, db) = (sift.detectAndCompute(g, None) for g in grey)
    pairs = [p for p, q in cv2.BFMatcher().knnMatch(da, db, k=2) if p.distance < 0.7 * q.distance]
    found, _ = cv2.estimateAffine2D(
        np.array([ka[p.queryIdx].pt for p in pairs], np.float32),
        np.array([kb[p.trainIdx].pt for p in pairs], np.float32),
        ransacReprojThreshold=1.0,
    )
    return np.asarray(found)


def _colour_fitted(picture: np.ndarray, target: np.ndarray, where: np.ndarray) -> np.ndarray:
    """One affine colour map for the whole frame, fitted where nothing was changed."""
    sample = np.flatnonzero(where)[::97]
    source = np.c_[picture.reshape(-1, 3)[sample], np.ones(len(sample))]
    fitted, *_ = np.linalg.lstsq(source, target.reshape(-1, 3)[sample], rcond=None)
    return (picture.reshape(-1, 3) @ fitted[:3] + fitted[3]).reshape(picture.shape).astype(np.float32)


def _mse(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    return float(np.mean((a - b)[where] ** 2)) if where.any() else 0.0


def _psnr(errors: list[float]) -> float:
    return round(float(-10 * np.log10(max(float(np.mean(errors)), 1e-10))), 2)
