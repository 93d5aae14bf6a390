"""Mo-Sys F4: the tracker's packet of five-byte axis blocks, as it stands in recordings and on the wire.

After the field list that Mo-Sys published with SMPTE's camdkit (BSD-3-Clause): 0xF4, camera, number of axes, status,
blocks of (axis, status, three bytes), checksum 0x40 less every byte. Angles count thousandths of a degree and lengths
hundredths of a millimetre (that list's own note; camdkit takes them a hundred times as long, which puts its sample
camera 185 m from the stage). Lens values are IEEE floats over the last four bytes of a block.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from answerprint.ingest.tracking.units import UNKNOWN
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, Timecode

_COMMAND = 0xF4
_ANGLES = {0x01: "pan", 0x02: "tilt", 0x13: "roll"}
_LENGTHS = {0x05: "x", 0x06: "y", 0x07: "z"}
_COUNTS = {0x03: "focus", 0x0D: "iris", 0x04: "zoom"}
_FLOATS = {0x50: "entrance_pupil", 0x51: "k1", 0x52: "k2", 0x53: "hfov", 0x54: "cx", 0x55: "cy", 0x57: "inverse_focus", 0x58: "vfov",
           0x60: "f_stop"}  # fmt: skip
_TIMECODE, _STATUS = 0xF8, 0xF9
_RATES = (24, 25, 30, 60)
_TRUSTED = (1, 2, 3, 13)
"""Tracking, optical good, optical acceptable, mechanical encoders only; the others are searching, lost or failing."""
_SENSOR_WIDTH_MM = 36.0
"""F4 sends an angle of view and no sensor; SMPTE's reader assumes full frame too, and the track says so."""


@dataclass
class Packet:
    """One F4 packet: what each axis said, angles in degrees and lengths in metres."""

    camera: int
    values: dict[str, float] = field(default_factory=dict)
    timecode: tuple[int, int, int, int, int] | None = None
    """hours, minutes, seconds, frames, frames per second"""
    status: int | None = None
    recording: bool = False


def parse(data: bytes, at: int, subject: object) -> tuple[Packet, int]:
    """The packet at byte ``at`` and the byte after it. Raises BadInput for one that breaks off or fails its checksum."""
    if data[at] != _COMMAND:
        raise BadInput(str(subject), f"byte {at} is {data[at]:#04x} where an F4 packet begins", "record the stream again")
    if len(data) < at + 4 or len(data) < at + 5 + 5 * data[at + 2] or not data[at + 2]:
        raise BadInput(str(subject), f"the packet at byte {at} breaks off", "record the stream again")
    end = at + 5 + 5 * data[at + 2]
    if (0x40 - sum(data[at : end - 1])) & 0xFF != data[end - 1]:
        raise BadInput(str(subject), f"the packet at byte {at} fails its checksum", "record the stream again")
    packet = Packet(camera=data[at + 1], recording=bool(data[at + 3] & 0x10))
    for block in range(at + 4, end - 1, 5):
        _axis(packet, data[block], data[block + 1 : block + 5])
    return packet, end


def _axis(packet: Packet, axis: int, octets: bytes) -> None:
    signed = int.from_bytes(octets[1:], "big", signed=True)
    if axis in _ANGLES:
        packet.values[_ANGLES[axis]] = signed / 1000.0
    elif axis in _LENGTHS:
        packet.values[_LENGTHS[axis]] = signed * 1e-5
    elif axis in _COUNTS:
        packet.values[_COUNTS[axis]] = int.from_bytes(octets[2:], "big") / 65536.0
    elif axis in _FLOATS:
        packet.values[_FLOATS[axis]] = struct.unpack(">f", octets)[0]
    elif axis == _STATUS:
        packet.status = octets[3]
    elif axis == _TIMECODE:
        packed = int.from_bytes(octets[1:], "big")
        rate = _RATES[octets[0] >> 5 & 3]
        packet.timecode = ((packed >> 18) & 31, (packed >> 12) & 63, (packed >> 6) & 63, packed & 63, rate)


def read_f4(path: Path, rate: Fraction | int | None = None) -> CameraTrack:
    """A recording of F4 packets as a track. ``rate`` serves where the packets carry no timecode.

    Raises BadInput for broken packets, and without any time.
    """
    data, at, packets = path.read_bytes(), 0, []
    while at < len(data):
        packet, at = parse(data, at, path)
        packets.append(packet)
    if not packets:
        raise BadInput(path, "holds no packet", "record the stream again")
    problems = []
    packets = [p for p in packets if p.camera == packets[0].camera]
    start = _start(packets[0])
    step = Fraction(rate) if rate else start.rate if start else None
    if step is None:
        raise BadInput(path, "its packets carry no timecode", "give the packets sent in a second")
    columns = {name: [p.values.get(name, UNKNOWN) for p in packets] for name in (*_LENGTHS.values(), *_ANGLES.values())}
    fields = [p.values.get("hfov", UNKNOWN) for p in packets]
    if any(not math.isnan(v) for v in fields):
        problems.append(
            f"focal length follows from the angle of view on a sensor {_SENSOR_WIDTH_MM:g} mm wide, which F4 does not name"
        )
    return CameraTrack.of(
        (Fraction(i) / step for i in range(len(packets))),
        list(zip(*(columns[axis] for axis in "xyz"), strict=True)),
        list(zip(*(columns[axis] for axis in ("pan", "tilt", "roll")), strict=True)),
        encoders=[[p.values.get(ring, UNKNOWN) for ring in ("focus", "iris", "zoom")] for p in packets],
        valid=[p.status is None or p.status in _TRUSTED for p in packets],
        focal_length_mm=[_SENSOR_WIDTH_MM / (2 * math.tan(math.radians(v) / 2)) if 0 < v < 180 else UNKNOWN for v in fields],
        focus_distance_m=[_inverse(p.values.get("inverse_focus")) for p in packets],
        f_stop=[p.values.get("f_stop") or UNKNOWN for p in packets],
        entrance_pupil_offset_m=[p.values.get("entrance_pupil", UNKNOWN) for p in packets],
        device="Mo-Sys F4", label=str(packets[0].camera), rate=step, start=start, sensor_mm=None, problems=tuple(problems),
        extra={name: packets[0].values[name] for name in ("k1", "k2", "cx", "cy") if name in packets[0].values},
    )  # fmt: skip


def _inverse(value: float | None) -> float:
    """Metres from the reciprocal of metres that F4 sends; 0 is infinity there, and nothing sent is unknown."""
    if value is None:
        return UNKNOWN
    return 1.0 / value if value > 0 else math.inf


def _start(packet: Packet) -> Timecode | None:
    if packet.timecode is None:
        return None
    hours, minutes, seconds, frames, rate = packet.timecode
    return Timecode.parse(f"{hours:02d}:{minutes:02d}:{seconds:02d}:{frames:02d}", rate)
