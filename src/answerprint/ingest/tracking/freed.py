"""Free-D D1: the 29-byte packet by which studio pedestals, PTZ heads and trackers have said their pose since 1993.

After Vinten Radamec, "free-d technical manual", appendices A.3.2 and B: big-endian 24-bit two's complement, angles in
1/32768 degree, positions in 1/64 mm, Z up, +Y ahead at pan 0. Pan is positive to the right there and to the left in
OpenTrackIO, so its sign is turned; tilt up and roll clockwise mean the same in both. Zoom and focus are counts.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

SIZE = 29
_TYPE = 0xD1


def checksum(packet: bytes) -> int:
    """0x40 less every byte, modulo 256, as the last byte of a packet has it."""
    return (0x40 - sum(packet)) & 0xFF


def read_freed(path: Path, rate: Fraction | int = 50) -> CameraTrack:
    """A file of D1 packets one after the other, sent ``rate`` times in a second (the packet does not say when).

    Raises BadInput for a packet of another type, a broken checksum or a file that breaks off, with the packet's number.
    """
    data = path.read_bytes()
    if not data or len(data) % SIZE:
        whole, rest = divmod(len(data), SIZE)
        raise BadInput(path, f"breaks off after packet {whole}: {rest} of {SIZE} bytes are there", "record the stream again")
    table = np.frombuffer(data, dtype=np.uint8).reshape(-1, SIZE)
    strange = np.flatnonzero(table[:, 0] != _TYPE)
    if len(strange):
        raise BadInput(
            path, f"packet {strange[0]} is of type {table[strange[0], 0]:#04x} where D1 belongs", "record D1 packets only"
        )
    wrong = np.flatnonzero((0x40 - table[:, :-1].astype(np.int64).sum(axis=1)) & 0xFF != table[:, -1])
    if len(wrong):
        raise BadInput(path, f"packet {wrong[0]} fails its checksum", "record the stream again")
    cameras = sorted({int(camera) for camera in table[:, 1]})
    problems = ["Free-D carries no time: packets are taken to be sent at a steady rate"]
    if len(cameras) > 1:
        problems.append(f"holds cameras {cameras}: only {cameras[0]} is read")
        table = table[table[:, 1] == cameras[0]]
    numbers = _signed24(table[:, 2:20].reshape(-1, 6, 3))
    counts = _signed24(table[:, 20:26].reshape(-1, 2, 3)) % (1 << 24)
    rotation = numbers[:, :3] / 32768.0 * [-1.0, 1.0, 1.0]
    raw = np.column_stack([counts[:, 1], np.full(len(table), np.nan), counts[:, 0]])
    step = 1 / Fraction(rate)
    return CameraTrack.of(
        (i * step for i in range(len(table))), numbers[:, 3:] / 64.0 / 1000.0, rotation,
        raw_encoders=raw, device="Free-D D1", label=str(cameras[0]), rate=Fraction(rate), problems=tuple(problems),
    )  # fmt: skip


def packet(
    camera: int, rotation: tuple[float, float, float], translation: tuple[float, float, float], zoom: int, focus: int
) -> bytes:
    """One D1 packet for pan, tilt, roll in degrees and metres, both as OpenTrackIO has them."""
    pan, tilt, roll = rotation
    values = [round(v * 32768) for v in (-pan, tilt, roll)] + [round(v * 64000) for v in translation] + [zoom, focus]
    body = bytes([_TYPE, camera]) + b"".join((v & 0xFFFFFF).to_bytes(3, "big") for v in values) + b"\0\0"
    return body + bytes([checksum(body)])


def _signed24(octets: np.ndarray) -> np.ndarray:
    wide = octets.astype(np.int64)
    value = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return np.asarray(np.where(value >= 1 << 23, value - (1 << 24), value))
