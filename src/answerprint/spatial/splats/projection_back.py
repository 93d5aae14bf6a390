"""From the projected ellipse's gradients to those of the splat in the stage: `projection` differentiated step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.projection import _WIDER, BLUE, BLUR, DEPTH, GREEN, OPACITY, RED, compiled
from answerprint.spatial.splats.raster_back import (
    D_A,
    D_B,
    D_BLUE,
    D_C,
    D_DEPTH,
    D_GREEN,
    D_LEAN_U,
    D_LEAN_V,
    D_OPACITY,
    D_RED,
    D_U,
    D_V,
    GRADIENTS,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Gradients:
    """The error's gradient by every column of a cloud, of the same shapes; 0 for splats that are not in the picture."""

    means: Float
    log_scales: Float
    quaternions: Float
    opacity_logits: Float
    colours: Float
    slopes: Float
    pull: Float
    """(n,) how strongly the squares pull the splat about the picture, each by itself, per pixel: where it is large, one
    splat stands for what should be several"""

    @classmethod
    def empty(cls, n: int, slopes: int) -> Gradients:
        """Room for n splats, ``slopes`` of them (all or none) with slopes."""
        shapes = ((n, 3), (n, 3), (n, 4), (n,), (n, 3), (slopes, 3, 3), (n,))
        return cls(*(np.empty(shape, dtype=np.float32) for shape in shapes))

    def arrays(self) -> tuple[Float, Float, Float, Float, Float, Float, Float]:
        """In the order in which the loop takes them."""
        return self.means, self.log_scales, self.quaternions, self.opacity_logits, self.colours, self.slopes, self.pull


@compiled
def project_back_range(
    first: int, last: int, cam: Float, means: Float, log_scales: Float, quaternions: Float, logits: Float, colours: Float,
    slopes: Float, projected: Float, slot_starts: NDArray[np.int32], said: Float, g_means: Float, g_scales: Float,
    g_quaternions: Float, g_logits: Float, g_colours: Float, g_slopes: Float, g_pull: Float,
) -> None:  # fmt: skip
    """Fill rows ``first`` to ``last`` of the gradients from what the squares ``said`` (slots, GRADIENTS)."""
    fx, fy, width, height = cam[12], cam[13], cam[16], cam[17]
    zero, one, two, half = np.float32(0), np.float32(1), np.float32(2), np.float32(0.5)
    low_x, high_x = -np.float32(_WIDER) * (cam[14] + half) / fx, np.float32(_WIDER) * (width - half - cam[14]) / fx
    low_y, high_y = -np.float32(_WIDER) * (cam[15] + half) / fy, np.float32(_WIDER) * (height - half - cam[15]) / fy
    eye_x = -(cam[0] * cam[9] + cam[3] * cam[10] + cam[6] * cam[11])
    eye_y = -(cam[1] * cam[9] + cam[4] * cam[10] + cam[7] * cam[11])
    eye_z = -(cam[2] * cam[9] + cam[5] * cam[10] + cam[8] * cam[11])
    total = np.empty(GRADIENTS, dtype=np.float32)
    turn, by_turn = np.empty((3, 3), dtype=np.float32), np.empty((3, 3), dtype=np.float32)
    for n in range(first, last):
        for i in range(3):
            g_means[n, i], g_scales[n, i], g_colours[n, i] = zero, zero, zero
        for i in range(4):
            g_quaternions[n, i] = zero
        g_logits[n], g_pull[n] = zero, zero
        if len(slopes):
            for i in range(3):
                for channel in range(3):
                    g_slopes[n, i, channel] = zero
        if not projected[n, OPACITY] > zero or slot_starts[n] == slot_starts[n + 1]:
            continue
        total[:] = zero
        for slot in range(slot_starts[n], slot_starts[n + 1]):
            for column in range(GRADIENTS):
                total[column] += said[slot, column]
            g_pull[n] += np.sqrt(said[slot, D_U] ** 2 + said[slot, D_V] ** 2)
        # The ellipse once more, as in projection.
        mx, my, mz = means[n, 0], means[n, 1], means[n, 2]
        z = projected[n, DEPTH]
        x = (cam[0] * mx + cam[1] * my + cam[2] * mz + cam[9]) / z
        y = (cam[3] * mx + cam[4] * my + cam[5] * mz + cam[10]) / z
        qw, qx, qy, qz = quaternions[n, 0], quaternions[n, 1], quaternions[n, 2], quaternions[n, 3]
        length = one / np.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
        qw, qx, qy, qz = qw * length, qx * length, qy * length, qz * length
        turn[0, 0], turn[0, 1], turn[0, 2] = one - two * (qy * qy + qz * qz), two * (qx * qy - qw * qz), two * (qx * qz + qw * qy)
        turn[1, 0], turn[1, 1], turn[1, 2] = two * (qx * qy + qw * qz), one - two * (qx * qx + qz * qz), two * (qy * qz - qw * qx)
        turn[2, 0], turn[2, 1], turn[2, 2] = two * (qx * qz - qw * qy), two * (qy * qz + qw * qx), one - two * (qx * qx + qy * qy)
        jx, jy = min(max(x, low_x), high_x), min(max(y, low_y), high_y)
        ux, uy = fx / z, fy / z
        t00, t01, t02 = ux * (cam[0] - jx * cam[6]), ux * (cam[1] - jx * cam[7]), ux * (cam[2] - jx * cam[8])
        t10, t11, t12 = uy * (cam[3] - jy * cam[6]), uy * (cam[4] - jy * cam[7]), uy * (cam[5] - jy * cam[8])
        a, b, c, with_u, with_v = zero, zero, zero, zero, zero
        for k in range(3):
            s = np.exp(log_scales[n, k])
            p = s * (t00 * turn[0, k] + t01 * turn[1, k] + t02 * turn[2, k])
            q = s * (t10 * turn[0, k] + t11 * turn[1, k] + t12 * turn[2, k])
            a, b, c = a + p * p, b + p * q, c + q * q
            away = s * (cam[6] * turn[0, k] + cam[7] * turn[1, k] + cam[8] * turn[2, k])
            with_u, with_v = with_u + p * away, with_v + q * away
        wide, high = a + np.float32(BLUR), c + np.float32(BLUR)
        grown, kept = wide * high - b * b, a * c - b * b
        # By the covariance: -I G I with I the inverse and G the gradient by it.
        i00, i01, i11 = high / grown, -b / grown, wide / grown
        sixteenth = np.float32(0.0625)
        lean_u, lean_v = total[D_LEAN_U], total[D_LEAN_V]
        h00 = sixteenth * total[D_A] + lean_u * with_u
        h01 = sixteenth * total[D_B] + half * (lean_u * with_v + lean_v * with_u)
        h11 = sixteenth * total[D_C] + lean_v * with_v
        by_with_u, by_with_v = i00 * lean_u + i01 * lean_v, i01 * lean_u + i11 * lean_v
        m00, m01 = i00 * h00 + i01 * h01, i00 * h01 + i01 * h11
        m10, m11 = i01 * h00 + i11 * h01, i01 * h01 + i11 * h11
        by_a, by_c = -(m00 * i00 + m01 * i01), -(m10 * i01 + m11 * i11)
        by_b = -two * (m00 * i01 + m01 * i11)
        # By the opacity, and by what the pixel's blur takes from it.
        share = one / (one + np.exp(-logits[n]))
        by_log = total[D_OPACITY] * projected[n, OPACITY]
        g_logits[n] = by_log * (one - share)
        if kept > np.float32(1e-6) * grown:
            by_a += half * by_log * (c / kept - high / grown)
            by_c += half * by_log * (a / kept - wide / grown)
            by_b += half * by_log * two * b * (one / grown - one / kept)
        # By scales, rotation and the rows of J W.
        d00, d01, d02, d10, d11, d12 = zero, zero, zero, zero, zero, zero
        for k in range(3):
            s = np.exp(log_scales[n, k])
            p = s * (t00 * turn[0, k] + t01 * turn[1, k] + t02 * turn[2, k])
            q = s * (t10 * turn[0, k] + t11 * turn[1, k] + t12 * turn[2, k])
            away = s * (cam[6] * turn[0, k] + cam[7] * turn[1, k] + cam[8] * turn[2, k])
            by_p = two * p * by_a + q * by_b + away * by_with_u
            by_q = two * q * by_c + p * by_b + away * by_with_v
            by_away = p * by_with_u + q * by_with_v
            g_scales[n, k] = by_p * p + by_q * q + by_away * away
            by_turn[0, k] = s * (by_p * t00 + by_q * t10 + by_away * cam[6])
            by_turn[1, k] = s * (by_p * t01 + by_q * t11 + by_away * cam[7])
            by_turn[2, k] = s * (by_p * t02 + by_q * t12 + by_away * cam[8])
            d00, d01, d02 = d00 + by_p * s * turn[0, k], d01 + by_p * s * turn[1, k], d02 + by_p * s * turn[2, k]
            d10, d11, d12 = d10 + by_q * s * turn[0, k], d11 + by_q * s * turn[1, k], d12 + by_q * s * turn[2, k]
        _by_quaternion(qw, qx, qy, qz, length, by_turn, g_quaternions[n])
        # By the place: through the pixel, through the ellipse's shape, through the depth.
        by_x, by_y, by_z = fx * total[D_U], fy * total[D_V], total[D_DEPTH]
        by_z -= (d00 * t00 + d01 * t01 + d02 * t02 + d10 * t10 + d11 * t11 + d12 * t12) / z
        if low_x < x < high_x:
            by_x -= ux * (d00 * cam[6] + d01 * cam[7] + d02 * cam[8])
        if low_y < y < high_y:
            by_y -= uy * (d10 * cam[6] + d11 * cam[7] + d12 * cam[8])
        by_z -= (x * by_x + y * by_y) / z
        by_x, by_y = by_x / z, by_y / z
        for i in range(3):
            g_means[n, i] = by_x * cam[i] + by_y * cam[3 + i] + by_z * cam[6 + i]
        red = total[D_RED] if projected[n, RED] > zero else zero
        green = total[D_GREEN] if projected[n, GREEN] > zero else zero
        blue = total[D_BLUE] if projected[n, BLUE] > zero else zero
        g_colours[n, 0], g_colours[n, 1], g_colours[n, 2] = red, green, blue
        if len(slopes):
            _by_direction(mx - eye_x, my - eye_y, mz - eye_z, red, green, blue, slopes[n], g_slopes[n], g_means[n])


@compiled
def _by_quaternion(w: np.float32, x: np.float32, y: np.float32, z: np.float32, length: np.float32, d: Float, out: Float) -> None:
    two = np.float32(2)
    by_w = two * (-z * d[0, 1] + y * d[0, 2] + z * d[1, 0] - x * d[1, 2] - y * d[2, 0] + x * d[2, 1])
    by_x = two * (y * (d[0, 1] + d[1, 0]) + z * (d[0, 2] + d[2, 0]) + w * (d[2, 1] - d[1, 2]) - two * x * (d[1, 1] + d[2, 2]))
    by_y = two * (x * (d[0, 1] + d[1, 0]) + z * (d[1, 2] + d[2, 1]) + w * (d[0, 2] - d[2, 0]) - two * y * (d[0, 0] + d[2, 2]))
    by_z = two * (x * (d[0, 2] + d[2, 0]) + y * (d[1, 2] + d[2, 1]) + w * (d[1, 0] - d[0, 1]) - two * z * (d[0, 0] + d[1, 1]))
    along = by_w * w + by_x * x + by_y * y + by_z * z
    out[0], out[1] = (by_w - along * w) * length, (by_x - along * x) * length
    out[2], out[3] = (by_y - along * y) * length, (by_z - along * z) * length


@compiled
def _by_direction(
    dx: np.float32, dy: np.float32, dz: np.float32, red: np.float32, green: np.float32, blue: np.float32, slopes: Float,
    g_slopes: Float, g_mean: Float,
) -> None:  # fmt: skip
    inv = np.float32(1) / np.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx * inv, dy * inv, dz * inv
    g_slopes[0, 0], g_slopes[0, 1], g_slopes[0, 2] = dx * red, dx * green, dx * blue
    g_slopes[1, 0], g_slopes[1, 1], g_slopes[1, 2] = dy * red, dy * green, dy * blue
    g_slopes[2, 0], g_slopes[2, 1], g_slopes[2, 2] = dz * red, dz * green, dz * blue
    by_x = slopes[0, 0] * red + slopes[0, 1] * green + slopes[0, 2] * blue
    by_y = slopes[1, 0] * red + slopes[1, 1] * green + slopes[1, 2] * blue
    by_z = slopes[2, 0] * red + slopes[2, 1] * green + slopes[2, 2] * blue
    along = by_x * dx + by_y * dy + by_z * dz
    g_mean[0] += (by_x - along * dx) * inv
    g_mean[1] += (by_y - along * dy) * inv
    g_mean[2] += (by_z - along * dz) * inv
