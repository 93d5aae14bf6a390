"""The picture of splats written straight down from the formulas, in double precision, every splat at every pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera

Real = NDArray[np.float64]
Columns = dict[str, Real]

BLUR, LEAST, MOST, WIDER = 0.3, 1 / 255, 0.99, 1.3


def planes(columns: Columns, camera: Camera) -> Real:
    """(5, h, w): light that comes through, colour over black, sum of depth times weight."""
    turn, k, size = camera.world_to_camera, camera.matrix, (camera.height, camera.width)
    local = (columns["means"] - camera.position) @ turn.T
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    out = np.zeros((5, *size))
    through = np.ones(size)
    for n in np.argsort(local[:, 2], kind="stable"):
        px, py, pz = local[n]
        edges = np.array([[-0.5, -0.5], [size[1] - 0.5, size[0] - 0.5]])
        low, high = WIDER * (edges - k[:2, 2]) / [k[0, 0], k[1, 1]]
        slope = np.clip(local[n, :2] / pz, low, high)
        jacobian = np.array([[k[0, 0] / pz, 0, -k[0, 0] * slope[0] / pz], [0, k[1, 1] / pz, -k[1, 1] * slope[1] / pz]])
        spread = jacobian @ turn @ rotation(columns["quaternions"][n]) @ np.diag(np.exp(columns["log_scales"][n]))
        bare = spread @ spread.T
        covariance = bare + BLUR * np.eye(2)
        opacity = np.sqrt(np.linalg.det(bare) / np.linalg.det(covariance)) / (1 + np.exp(-columns["opacity_logits"][n]))
        away = np.stack([x - (k[0, 0] * px / pz + k[0, 2]), y - (k[1, 1] * py / pz + k[1, 2])], axis=-1)
        full = opacity * np.exp(-0.5 * np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(covariance), away))
        alpha = np.where(full >= LEAST, np.minimum(full, MOST), 0)
        direction = columns["means"][n] - camera.position
        colour = columns["colours"][n] + direction / np.linalg.norm(direction) @ columns["slopes"][n]
        out[1:4] += (alpha * through) * np.maximum(colour, 0)[:, None, None]
        along = (turn @ rotation(columns["quaternions"][n]) @ np.diag(np.exp(columns["log_scales"][n])))[2]
        lean = np.linalg.inv(covariance) @ spread @ along
        out[4] += alpha * through * (pz + away @ lean)
        through = through * (1 - alpha)
    out[0] = through
    return out


def rotation(quaternion: Real) -> Real:
    """3x3 of w, x, y, z of any length, by rotating the three axes: q v q*."""
    w, v = quaternion[0] / np.linalg.norm(quaternion), quaternion[1:] / np.linalg.norm(quaternion)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.asarray((w * w - v @ v) * np.eye(3) + 2 * np.outer(v, v) + 2 * w * cross)
