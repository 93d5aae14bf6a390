"""Splat clouds as SPZ, Niantic's compressed exchange format (github.com/nianticlabs/spz): a tenth of a PLY's size.

Versions 2 and 3 are read, 3 is written: gzip over a header of 16 bytes and one block for each column, positions in 24-bit
fixed point, the rest in bytes. Its axes are right, up, back; stage axes (Z up) are turned on the way. Colours are display
values (`exchange`) from -0.44 to 1.44: light of more than 2.3 times white is lost.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.exchange import from_harmonics, to_harmonics

_MAGIC = 0x5053474E
_HEADER = struct.Struct("<IIIBBBB")
_BITS = 12
"""Fractional bits of a position: a quarter of a millimetre, up to 2 km."""
_COLOUR = 0.15
_REST = {0: 0, 1: 9, 2: 24, 3: 45}
_ANTIALIASED = 1
_LARGEST = 1 << 31
# Stage axes (right, forward, up) to the file's (right, up, back), as a matrix and as a rotation about x by -90 degrees.
_TURN = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float32)
_HALF = np.float32(np.sqrt(0.5))


def write_spz(path: Path, cloud: SplatCloud) -> tuple[str, ...]:
    """Write a cloud; returns what the format could not hold. Raises BadInput for places beyond 2 km."""
    means = cloud.means @ _TURN.T
    if len(means) and np.abs(means).max() >= (1 << 23) / (1 << _BITS):
        raise BadInput(path, "the cloud reaches beyond 2 km, which SPZ cannot hold", "write it as .ply")
    slopes = np.einsum("ij,njc->nic", _TURN, cloud.slopes) if len(cloud.slopes) else cloud.slopes
    base, rest = to_harmonics(cloud.colours, np.asarray(slopes, dtype=np.float32), display=True)
    fixed = np.rint(means.astype(np.float64) * (1 << _BITS)).astype("<i4")
    bright = base * (_COLOUR * 255) + 127.5
    blocks = [
        fixed.view(np.uint8).reshape(-1, 3, 4)[:, :, :3].tobytes(),
        _bytes(cloud.opacities * 255),
        _bytes(bright),
        _bytes((cloud.log_scales + 10) * 16),
        _smallest_three(_turned(cloud.quaternions, -1)).tobytes(),
    ]
    if len(rest):
        # Five bits of eight, centred on 128.
        blocks.append(_bytes(np.rint((rest * 128 + 128) / 8) * 8))
    header = _HEADER.pack(_MAGIC, 3, len(cloud), 1 if len(rest) else 0, _BITS, _ANTIALIASED, 0)
    write_atomically(path, gzip.compress(header + b"".join(blocks), mtime=0))
    clipped = int(((bright < -0.5) | (bright > 255.5)).any(axis=1).sum())
    lost = [f"light beyond the format's range: {clipped} splats"] if clipped else []
    if len(cloud.seen_by):
        lost.append("how many cameras saw each splat")
    return tuple(lost)


def read_spz(path: Path) -> tuple[SplatCloud, tuple[str, ...]]:
    """A cloud, and what of the file was left out. Raises BadInput for what is no SPZ of version 2 or 3."""
    data = _unpacked(path)
    magic, version, n, degree, bits, _, _ = _HEADER.unpack_from(data)
    if magic != _MAGIC or version not in (2, 3) or degree not in _REST:
        raise BadInput(path, f"is no SPZ of version 2 or 3 (found version {version})", "export it again as version 3, or as .ply")
    sizes = [9 * n, n, 3 * n, 3 * n, (4 if version == 3 else 3) * n, _REST[degree] * n]
    if len(data) < _HEADER.size + sum(sizes):
        raise BadInput(path, f"breaks off: {len(data)} bytes of {_HEADER.size + sum(sizes)}", "copy or export it again")
    starts = np.cumsum([_HEADER.size, *sizes])
    blocks = [np.frombuffer(data, np.uint8, size, int(start)) for size, start in zip(sizes, starts, strict=False)]
    four = np.zeros((n, 3, 4), dtype=np.uint8)
    # The three bytes above an empty one: dividing by 256 keeps the sign.
    four[:, :, 1:] = blocks[0].reshape(n, 3, 3)
    means = ((four.view("<i4")[:, :, 0] >> 8) / (1 << bits)).astype(np.float32)
    opacity = np.clip(blocks[1].astype(np.float32) / 255, 0.5 / 255, 1 - 0.5 / 255)
    base = ((blocks[2].reshape(n, 3) / 255 - 0.5) / _COLOUR).astype(np.float32)
    rest: Float = np.zeros((0, 3, 3), dtype=np.float32)
    if degree:
        rest = ((blocks[5].reshape(n, -1, 3)[:, :3] - 128.0) / 128).astype(np.float32)
    colours, slopes = from_harmonics(base, rest, display=True)
    if len(slopes):
        slopes = np.einsum("ji,njc->nic", _TURN, slopes).astype(np.float32)
    quaternions = _from_smallest_three(blocks[4]) if version == 3 else _from_first_three(blocks[4])
    cloud = SplatCloud(
        means @ _TURN, (blocks[3].reshape(n, 3) / 16 - 10).astype(np.float32), _turned(quaternions, 1),
        np.log(opacity / (1 - opacity)), colours, slopes,
    )  # fmt: skip
    return cloud, ((f"spherical harmonics of degree {degree} above degree 1",) if degree > 1 else ())


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(path, f"is no SPZ ({error})", "copy or export it again") from None
    if len(data) < _HEADER.size:
        raise BadInput(path, "is no SPZ: it has no header", "export it again")
    return data


def _bytes(values: NDArray[np.floating]) -> bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes()


def _turned(quaternions: Float, way: int) -> Float:
    """w, x, y, z after a quarter turn about x, ``way`` 1 or -1."""
    unit = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    w, x, y, z = unit.T
    s = _HALF * way
    return np.stack([_HALF * w - s * x, _HALF * x + s * w, _HALF * y - s * z, _HALF * z + s * y], axis=1).astype(np.float32)


def _smallest_three(quaternions: Float) -> NDArray[np.uint32]:
    """x, y, z, w without the largest of them, which is made positive: nine bits and a sign each, its number in the top two bits."""
    order = quaternions[:, [1, 2, 3, 0]]
    rows, largest = np.arange(len(order)), np.abs(order).argmax(axis=1)
    order = order * np.where(order[rows, largest] < 0, -1, 1)[:, None]
    packed = largest.astype(np.uint32)
    for i in range(4):
        value = order[:, i]
        bits = np.minimum(np.rint(np.abs(value) / _HALF * 511), 511).astype(np.uint32) | ((value < 0).astype(np.uint32) << 9)
        packed = np.where(largest == i, packed, (packed << np.uint32(10)) | bits)
    return packed.astype("<u4")


def _from_smallest_three(block: NDArray[np.uint8]) -> Float:
    packed = block.view("<u4").copy()
    largest = (packed >> 30).astype(int)
    order = np.zeros((len(packed), 4), dtype=np.float32)
    for i in (3, 2, 1, 0):
        other = largest != i
        value = (packed & 511).astype(np.float32) / 511 * _HALF
        order[:, i] = np.where(other, np.where(packed & 512, -value, value), 0)
        packed = np.where(other, packed >> 10, packed)
    order[np.arange(len(order)), largest] = np.sqrt(np.maximum(0, 1 - (order**2).sum(axis=1)))
    return order[:, [3, 0, 1, 2]]


def _from_first_three(block: NDArray[np.uint8]) -> Float:
    xyz = block.reshape(-1, 3).astype(np.float32) / np.float32(127.5) - 1
    w = np.sqrt(np.maximum(0, 1 - (xyz**2).sum(axis=1)))
    return np.concatenate([w[:, None], xyz], axis=1).astype(np.float32)
