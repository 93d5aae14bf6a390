"""A small model of one shot: which pixels belong to what was keyed, learned from this shot's own keys and from nothing else.

Ridge regression on random cosine features (A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007)
of colour at three sizes, place, motion and what the motion-carried keys say. The seed is fixed: same keys, same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.keyed_carry import Foretold, Shot

__all__ = ["ShotModel"]

Plane = npt.NDArray[np.float32]
Real = npt.NDArray[np.float64]

_WAVES = 320
_SAMPLES = 5000
"""Pixels learned from each key: half of them near the key's edge."""
_PITCH = 0.4
_RIDGE = 3.0
_SEED = 20261


@dataclass(frozen=True)
class ShotModel:
    """What was learned: the features' ``mean`` and ``spread``, the waves, and the fit."""

    mean: Plane
    spread: Plane
    waves: Plane
    phase: Plane
    fit: Plane

    @classmethod
    def learned(cls, shot: Shot, keys: Mapping[int, Plane], said: Mapping[int, Foretold]) -> ShotModel:
        """From the key frames; ``said`` is what the other keys say of each, so that the model learns how far to believe that."""
        rng = np.random.Generator(np.random.PCG64(_SEED))
        rows, wanted = [], []
        for frame in sorted(keys):
            features = _features(shot, frame, said[frame]).reshape(-1, _COUNT)
            key = keys[frame]
            edge = cv2.GaussianBlur(np.abs(key - cv2.GaussianBlur(key, (0, 0), 3.0)), (0, 0), 4.0).ravel() + 1e-3
            near = rng.choice(len(features), _SAMPLES // 2, p=edge / edge.sum())
            anywhere = rng.integers(0, len(features), _SAMPLES // 2)
            picked = np.concatenate([near, anywhere])
            rows.append(features[picked])
            wanted.append(key.ravel()[picked])
        table, target = np.concatenate(rows), np.concatenate(wanted).astype(np.float64)
        mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-4
        waves = (rng.standard_normal((_COUNT, _WAVES)) * _PITCH).astype(np.float32)
        phase = rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32)
        lifted = _lifted((table - mean) / spread, waves, phase).astype(np.float64)
        normal = lifted.T @ lifted + _RIDGE * np.eye(lifted.shape[1])
        return cls(mean, spread, waves, phase, np.linalg.solve(normal, lifted.T @ target).astype(np.float32))

    def matte(self, shot: Shot, frame: int, said: Foretold) -> Plane:
        """The frame's matte (h, w) 0..1."""
        features = _features(shot, frame, said)
        height, width = features.shape[:2]
        out = np.empty(height * width, np.float32)
        flat = features.reshape(-1, _COUNT)
        for low in range(0, len(flat), 65536):
            out[low : low + 65536] = _lifted((flat[low : low + 65536] - self.mean) / self.spread, self.waves, self.phase) @ self.fit
        return np.clip(cv2.GaussianBlur(out.reshape(height, width), (0, 0), 0.8), 0, 1)


_COUNT = 21


def _features(shot: Shot, frame: int, said: Foretold) -> Plane:
    """(h, w, 21): Lab at three sizes, motion against the picture's own, place, and what the keys say: the carried matte at three sizes
    and its doubt, the alike one at three sizes and how unlike it is."""
    lab = cv2.cvtColor(shot.frames[frame].astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab) / np.float32(50)
    height, width = lab.shape[:2]
    motion = (
        shot.ahead[frame]
        if frame < shot.count - 1
        else -shot.back[frame - 1]
        if frame
        else np.zeros((height, width, 2), np.float32)
    )
    motion = np.clip((motion - np.median(motion, axis=(0, 1))) / 4, -3, 3)
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(max(height, width))
    told = [
        p if sigma == 0 else cv2.GaussianBlur(p, (0, 0), sigma) for p in (said.carried, said.alike) for sigma in (0.0, 2.0, 6.0)
    ]
    unlike = np.log1p(said.apart)
    planes = [lab, cv2.GaussianBlur(lab, (0, 0), 2.0), cv2.GaussianBlur(lab, (0, 0), 7.0), motion]
    return np.dstack([*planes, x, y, *told, said.doubt, unlike]).astype(np.float32)


def _lifted(table: Plane, waves: Plane, phase: Plane) -> Plane:
    cosine = np.cos(table @ waves + phase)
    return np.concatenate([cosine, table, np.ones((len(table), 1), np.float32)], axis=1).astype(np.float32)
