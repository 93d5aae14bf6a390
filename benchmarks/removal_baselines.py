"""What removal is measured against, in the same run: Telea's single frame, plain propagation, and published figures."""

from __future__ import annotations

import cv2
import numpy as np
from removal_cases import Case

from answerprint.perception.flow import carry, dense_flow

PUBLISHED = (
    ("ProPainter", 34.47, 0.9776),
    ("E2FGVI", 33.01, 0.9721),
    ("FuseFormer", 32.59, 0.9701),
    ("FGVC (optimisation)", 30.80, 0.9497),
)
"""DAVIS, stationary masks, 432x240, whole-frame PSNR and SSIM, as public summaries quote them (not re-read in the papers). The
protocol is that of the stratum ``stationary``; the clips are others, so the rows stand beside ours and prove no order."""


def telea(case: Case, at: int) -> np.ndarray:
    """OpenCV's Telea, radius 3, on 8-bit codes: the single-frame baseline."""
    codes = np.round(case.plate[at] * 255).astype(np.uint8)
    return cv2.inpaint(codes, (case.matte[at] > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32) / 255


def propagation(case: Case, filled: list[np.ndarray], at: int) -> np.ndarray:
    """Plain bidirectional propagation: DIS flow over Telea-filled frames, nearest frame that shows the pixel wins, no check."""
    out = filled[at].copy()
    open_ = case.matte[at] > 0
    height, width = open_.shape
    grid = np.indices((height, width)).astype(np.float32)
    grey = [_grey(f) for f in filled]
    for step in range(1, 7):
        total, weight = np.zeros_like(out), np.zeros((height, width, 1), np.float32)
        for other in (at - step, at + step):
            if not 0 <= other < len(filled):
                continue
            flow = dense_flow(grey[at], grey[other])
            x, y = grid[1] + flow[..., 0], grid[0] + flow[..., 1]
            seen = cv2.remap((case.matte[other] > 0).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=1.0) < 0.01
            total += cv2.remap(case.plate[other], x, y, cv2.INTER_LINEAR) * seen[..., None]
            weight += seen[..., None]
        take = open_ & (weight[..., 0] > 0)
        out[take] = (total / np.maximum(weight, 1))[take]
        open_ &= ~take
        if not open_.any():
            break
    return out


def chained_propagation(case: Case, filled: list[np.ndarray]) -> list[np.ndarray]:
    """Propagation for large holes, frame to frame through the whole clip in both directions: DIS flow, completed inside the
    hole by Telea, carries what the last frame knows; the younger of the two directions wins, their mean where both are equal."""
    grey = [_grey(f) for f in filled]
    ways = [_carried(case, filled, grey, order) for order in (range(len(filled)), range(len(filled) - 1, -1, -1))]
    out = []
    for at, base in enumerate(filled):
        (one, age), (two, other) = ways[0][at], ways[1][at]
        share = np.where(age == other, 0.5, np.where(age < other, 1.0, 0.0))[..., None]
        known = np.isfinite(np.minimum(age, other))[..., None]
        out.append(np.where(known, one * share + two * (1 - share), base).astype(np.float32))
    return out


def _carried(
    case: Case, filled: list[np.ndarray], grey: list[np.ndarray], order: range
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    made: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    last = None
    for at in order:
        hole = case.matte[at] > 0
        picture, age = filled[at].copy(), np.where(hole, np.float32(np.inf), np.float32(0))
        if last is not None:
            flow = _completed(dense_flow(grey[at], grey[last]), hole)
            old = np.where(np.isfinite(made[last][1]), made[last][1], np.float32(1e6))
            brought, years = carry(made[last][0], flow), carry(old, flow, outside=1e6)
            take = hole & (years < 1e3)
            picture[take], age[take] = brought[take], years[take] + 1
        made[at] = picture, age
        last = at
    return made


def _completed(flow: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Flow inside the hole from the flow round it."""
    codes = np.clip(flow * 256 + 32768, 0, 65535).astype(np.uint16)
    drawn = [cv2.inpaint(np.ascontiguousarray(codes[..., i]), hole.astype(np.uint8), 3, cv2.INPAINT_TELEA) for i in (0, 1)]
    return np.stack([(plane.astype(np.float32) - 32768) / 256 for plane in drawn], axis=-1)


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.round(picture * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
