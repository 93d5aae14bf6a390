"""Splats onto the picture plane: each becomes an ellipse with a depth, an opacity and a colour.

The projection of a Gaussian by the local affine approximation of the pinhole (M. Zwicker et al., "EWA Splatting", 2002),
with a pixel's own blur added and the opacity lowered by as much as the ellipse grew (Z. Yu et al., "Mip-Splatting", 2024),
so that a cloud keeps its look at other picture sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.compiled import njit
from answerprint.spatial.splats.cloud import Float, SplatCloud

U, V, A, B, C, OPACITY, RED, GREEN, BLUE, DEPTH, REACH, HALF_WIDTH, HALF_HEIGHT, LEAN_U, LEAN_V, COLUMNS = range(16)
"""Columns of a projected splat: pixel (u, v); half the inverse covariance, an eighth of it (A dx dx + B dx dy + C dy dy is
an eighth of the exponent); opacity; colour; depth in metres; the exponent's eighth where the splat falls below a 255th;
half the box around that, pixels; how the
depth leans, metres per pixel right and down: the mean depth of the splat's light at each pixel, so that a disc seen aslant
is a slanted surface. OPACITY is 0 for a splat that is not in the picture."""

BLUR = 0.3
"""Variance of a pixel's own blur, square pixels: near that of a box filter of one pixel (1/12) and of a display's (1/4) together."""
NEAR = 0.05
"""Metres; what is nearer is not drawn."""
LEAST = 1.0 / 255.0
"""What adds less than this to a pixel is left out."""
_WIDER = 1.3
"""Beyond this times the half picture, the approximation is made as if at that edge: it grows without bound outside."""

FAST = {"contract", "reassoc", "arcp", "nsz"}
compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
"""Rounding may be rearranged; infinities and NaN keep their meaning. Threads run it side by side."""


def packed(camera: Camera) -> Float:
    """What the loops need of a camera: rotation (9), translation (3), fx, fy, cx, cy, width, height. Lens distortion is left out."""
    turn, k = camera.world_to_camera, camera.matrix
    shift = -turn @ camera.position
    return np.array([*turn.ravel(), *shift, k[0, 0], k[1, 1], k[0, 2], k[1, 2], camera.width, camera.height], dtype=np.float32)


def project(cloud: SplatCloud, camera: Camera) -> Float:
    """(n, COLUMNS) of a cloud in a camera's picture."""
    out = np.zeros((len(cloud), COLUMNS), dtype=np.float32)
    project_range(0, len(cloud), packed(camera), *arrays(cloud), out)
    return out


def arrays(cloud: SplatCloud) -> tuple[Float, Float, Float, Float, Float, Float]:
    """The columns of a cloud in the order in which the loops take them."""
    return cloud.means, cloud.log_scales, cloud.quaternions, cloud.opacity_logits, cloud.colours, cloud.slopes


@compiled
def project_range(
    first: int, last: int, cam: Float, means: Float, log_scales: Float, quaternions: Float, logits: Float, colours: Float,
    slopes: Float, out: NDArray[Any],
) -> None:  # fmt: skip
    """Fill rows ``first`` to ``last`` of ``out`` (n, COLUMNS)."""
    fx, fy, width, height = cam[12], cam[13], cam[16], cam[17]
    one, two, half = np.float32(1), np.float32(2), np.float32(0.5)
    low_x, high_x = -np.float32(_WIDER) * (cam[14] + half) / fx, np.float32(_WIDER) * (width - half - cam[14]) / fx
    low_y, high_y = -np.float32(_WIDER) * (cam[15] + half) / fy, np.float32(_WIDER) * (height - half - cam[15]) / fy
    eye_x = -(cam[0] * cam[9] + cam[3] * cam[10] + cam[6] * cam[11])
    eye_y = -(cam[1] * cam[9] + cam[4] * cam[10] + cam[7] * cam[11])
    eye_z = -(cam[2] * cam[9] + cam[5] * cam[10] + cam[8] * cam[11])
    for n in range(first, last):
        out[n, OPACITY] = 0
        mx, my, mz = means[n, 0], means[n, 1], means[n, 2]
        z = cam[6] * mx + cam[7] * my + cam[8] * mz + cam[11]
        if not z > np.float32(NEAR):
            continue
        x = (cam[0] * mx + cam[1] * my + cam[2] * mz + cam[9]) / z
        y = (cam[3] * mx + cam[4] * my + cam[5] * mz + cam[10]) / z
        # Rotation of the splat, scaled: M = R S; covariance M M'. Rows of J W M give the ellipse.
        qw, qx, qy, qz = quaternions[n, 0], quaternions[n, 1], quaternions[n, 2], quaternions[n, 3]
        inv = one / np.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
        qw, qx, qy, qz = qw * inv, qx * inv, qy * inv, qz * inv
        jx, jy = min(max(x, low_x), high_x), min(max(y, low_y), high_y)
        ux, uy = fx / z, fy / z
        # Rows of J W: gradient of u and v by world position.
        t00, t01, t02 = ux * (cam[0] - jx * cam[6]), ux * (cam[1] - jx * cam[7]), ux * (cam[2] - jx * cam[8])
        t10, t11, t12 = uy * (cam[3] - jy * cam[6]), uy * (cam[4] - jy * cam[7]), uy * (cam[5] - jy * cam[8])
        a, b, c, by_u, by_v = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for k in range(3):
            if k == 0:
                r0, r1, r2 = one - two * (qy * qy + qz * qz), two * (qx * qy + qw * qz), two * (qx * qz - qw * qy)
            elif k == 1:
                r0, r1, r2 = two * (qx * qy - qw * qz), one - two * (qx * qx + qz * qz), two * (qy * qz + qw * qx)
            else:
                r0, r1, r2 = two * (qx * qz + qw * qy), two * (qy * qz - qw * qx), one - two * (qx * qx + qy * qy)
            s = np.exp(log_scales[n, k])
            p, q = s * (t00 * r0 + t01 * r1 + t02 * r2), s * (t10 * r0 + t11 * r1 + t12 * r2)
            a, b, c = a + p * p, b + p * q, c + q * q
            away = s * (cam[6] * r0 + cam[7] * r1 + cam[8] * r2)
            by_u, by_v = by_u + p * away, by_v + q * away
        wide, high = a + np.float32(BLUR), c + np.float32(BLUR)
        grown = wide * high - b * b
        kept = max(a * c - b * b, np.float32(1e-6) * grown)
        opacity = one / (one + np.exp(-logits[n])) * np.sqrt(kept / grown)
        if not opacity > np.float32(LEAST):
            continue
        reach = np.log(opacity / np.float32(LEAST))
        half_width, half_height = np.sqrt(two * reach * wide), np.sqrt(two * reach * high)
        u, v = fx * x + cam[14], fy * y + cam[15]
        if u + half_width < 0 or v + half_height < 0 or u - half_width > width - one or v - half_height > height - one:
            continue
        out[n, U], out[n, V] = u, v
        eighth = np.float32(0.0625) / grown
        out[n, A], out[n, B], out[n, C] = eighth * high, -two * eighth * b, eighth * wide
        out[n, OPACITY], out[n, DEPTH], out[n, REACH] = opacity, z, reach * np.float32(0.125)
        out[n, HALF_WIDTH], out[n, HALF_HEIGHT] = half_width, half_height
        out[n, LEAN_U], out[n, LEAN_V] = (high * by_u - b * by_v) / grown, (wide * by_v - b * by_u) / grown
        red, green, blue = colours[n, 0], colours[n, 1], colours[n, 2]
        if len(slopes):
            dx, dy, dz = mx - eye_x, my - eye_y, mz - eye_z
            inv = one / np.sqrt(dx * dx + dy * dy + dz * dz)
            dx, dy, dz = dx * inv, dy * inv, dz * inv
            red += dx * slopes[n, 0, 0] + dy * slopes[n, 1, 0] + dz * slopes[n, 2, 0]
            green += dx * slopes[n, 0, 1] + dy * slopes[n, 1, 1] + dz * slopes[n, 2, 1]
            blue += dx * slopes[n, 0, 2] + dy * slopes[n, 1, 2] + dz * slopes[n, 2, 2]
        out[n, RED], out[n, GREEN], out[n, BLUE] = max(red, np.float32(0)), max(green, np.float32(0)), max(blue, np.float32(0))
