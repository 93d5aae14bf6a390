"""Calibrations brought to the pictures they are used on: a clip that was scaled or shifted after calibration keeps its geometry.

The calibration still and the clip show the same static set; matched features between them give the scale and shift.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.ingest.material import IngestedFile
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera

_FEATURES = 2000
_FEWEST_INLIERS = 40
_UNCHANGED_PX = 0.5
"""A shift below this is measurement noise: the calibration is kept as recorded."""


def register_cameras(files: list[IngestedFile]) -> list[str]:
    """Refine each clip's calibration where a calibration still of its camera was given; returns what was found, a line each."""
    stills = [f.path for f in files if f.kind == "still"]
    found = []
    for clip in files:
        name, record = clip.metadata.get("calibration_name"), clip.metadata.get("calibration")
        still = next((s for s in stills if name and s.stem.split("_")[0] == name and "ext" in s.stem), None)
        if record is None or still is None:
            continue
        line = _register(clip, record, still)
        if line:
            found.append(line)
    return found


def _register(clip: IngestedFile, record: dict[str, Any], still: Path) -> str:
    scale, shift, inliers = similarity(_grey(still, 0), _grey(clip.path, 0))
    size = (int(clip.metadata["width"]), int(clip.metadata["height"]))
    if inliers < _FEWEST_INLIERS:
        return f"{clip.path.name}: too little of its calibration still is seen again to check the calibration"
    moved = max(abs(shift[0]), abs(shift[1]), abs(scale - 1) * max(size))
    camera = Camera.model_validate(record)
    if moved < _UNCHANGED_PX and (camera.width, camera.height) == size:
        return ""
    clip.metadata["calibration"] = camera.remapped((scale, scale), shift, size).model_dump(mode="json", by_alias=True)
    clip.metadata["calibration_registered"] = {"scale": round(scale, 5), "shift": [round(s, 2) for s in shift], "matches": inliers}
    return (
        f"{clip.path.name}: calibration moved by {shift[0]:+.1f}, {shift[1]:+.1f} px and scaled by {scale:.4f} to fit the picture"
    )


def similarity(first: np.ndarray, second: np.ndarray) -> tuple[float, tuple[float, float], int]:
    """Scale and shift (x, y in pixels) that take grey picture ``first`` to ``second``, and how many features agree."""
    cv2.setRNGSeed(1)
    sift = cv2.SIFT_create(_FEATURES)
    (here, ours), (there, theirs) = sift.detectAndCompute(first, None), sift.detectAndCompute(second, None)
    if ours is None or theirs is None or len(there) < 2:
        return 1.0, (0.0, 0.0), 0
    pairs = [p for p, q in cv2.BFMatcher().knnMatch(ours, theirs, k=2) if p.distance < 0.7 * q.distance]
    if len(pairs) < 4:
        return 1.0, (0.0, 0.0), 0
    source = np.array([here[p.queryIdx].pt for p in pairs], np.float32)
    target = np.array([there[p.trainIdx].pt for p in pairs], np.float32)
    found, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=1.0)
    if found is None:
        return 1.0, (0.0, 0.0), 0
    return float(np.hypot(found[0, 0], found[1, 0])), (float(found[0, 2]), float(found[1, 2])), int(inliers.sum())


def _grey(path: Path, frame: int) -> np.ndarray:
    codes = open_sequence(path).read(frame).rgb()
    eight = (codes >> 8).astype(np.uint8) if codes.dtype == np.uint16 else codes.astype(np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(eight), cv2.COLOR_RGB2GRAY))
