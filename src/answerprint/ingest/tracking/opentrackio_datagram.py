"""OpenTrackIO on the wire: the 16-byte header of its datagrams, samples cut into segments, and recorded streams of them.

Header, big-endian, as in the OpenTrackIO documentation (opentrackio.org): "OTrk", reserved, encoding (1 JSON, 2 CBOR),
sequence number (16 bits), byte offset of this segment (32), last-segment flag and length of this segment (1 + 15),
Fletcher-16 of the header's first 14 bytes and the segment. Senders in use count the checksum modulo 256; the textbook
counts modulo 255; both are believed here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerprint.ingest.tracking.opentrackio import decode_cbor, track_of
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

_HEADER = struct.Struct(">4sBBHIHH")
JSON, CBOR = 1, 2
_LARGEST = 1 << 20
"""Bytes of one sample; a real one has a few thousand, so that a broken offset cannot fill the memory."""


@dataclass(frozen=True)
class Segment:
    """One datagram: part of one sample."""

    encoding: int
    sequence: int
    offset: int
    last: bool
    payload: bytes


def fletcher16(data: bytes, modulus: int = 256) -> int:
    """J. G. Fletcher, "An Arithmetic Checksum for Serial Transmissions", IEEE Trans. Comm. 30(1), 1982, over bytes."""
    low = high = 0
    for byte in data:
        low = (low + byte) % modulus
        high = (high + low) % modulus
    return high << 8 | low


def unpack(datagram: bytes, subject: Any = "OpenTrackIO datagram") -> tuple[Segment, int]:
    """The segment at the start of ``datagram``, and how many bytes it took. Raises BadInput for a malformed one."""
    if len(datagram) < _HEADER.size:
        raise BadInput(subject, f"is {len(datagram)} bytes, shorter than its header of {_HEADER.size}", "record the stream again")
    mark, _, encoding, sequence, offset, flagged, checksum = _HEADER.unpack_from(datagram)
    length = flagged & 0x7FFF
    if mark != b"OTrk":
        raise BadInput(subject, f"begins with {mark!r} where 'OTrk' belongs", "record the stream again")
    if encoding not in (JSON, CBOR):
        raise BadInput(
            subject, f"has encoding {encoding}, which is neither JSON (1) nor CBOR (2)", "set the sender to JSON or CBOR"
        )
    payload = datagram[_HEADER.size : _HEADER.size + length]
    if len(payload) < length:
        raise BadInput(subject, f"breaks off: {len(payload)} of {length} bytes are there", "record the stream again")
    covered = datagram[: _HEADER.size - 2] + payload
    if checksum not in (fletcher16(covered), fletcher16(covered, 255)):
        raise BadInput(subject, f"packet {sequence} fails its checksum", "record the stream again")
    return Segment(encoding, sequence, offset, bool(flagged & 0x8000), payload), _HEADER.size + length


class Reassembly:
    """Samples put together again from segments, in whatever order the network brought them."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], dict[int, Segment]] = {}

    def add(self, segment: Segment, subject: Any = "OpenTrackIO stream") -> list[dict[str, Any]]:
        """The samples that this segment completes, most often one or none. Raises BadInput for a payload that is none."""
        if segment.offset + len(segment.payload) > _LARGEST:
            raise BadInput(subject, f"packet {segment.sequence} claims to be larger than 1 MiB", "record the stream again")
        key = (segment.encoding, segment.sequence)
        parts = self._open.setdefault(key, {})
        parts[segment.offset] = segment
        whole = b""
        for offset in sorted(parts):
            if offset != len(whole):
                return []
            whole += parts[offset].payload
            if parts[offset].last:
                del self._open[key]
                return _decode(whole, segment, subject)
        return []

    @property
    def unfinished(self) -> int:
        """How many samples still miss a segment."""
        return len(self._open)


def read_capture(path: Path) -> CameraTrack:
    """A file of datagrams one after the other. What is lost at the end is listed; a packet that is broken is refused."""
    data, at, joined = path.read_bytes(), 0, Reassembly()
    samples: list[dict[str, Any]] = []
    while at < len(data):
        segment, taken = unpack(data[at:], f"{path} at byte {at}")
        samples += joined.add(segment, path)
        at += taken
    track = track_of(samples, path)
    if joined.unfinished:
        track = track.moved(problems=(*track.problems, f"{joined.unfinished} samples miss a segment: left out"))
    return track


def datagrams(sample: dict[str, Any], sequence: int, encoding: int = JSON, largest: int = 1400) -> Iterator[bytes]:
    """One sample as datagrams of at most ``largest`` payload bytes."""
    if encoding == CBOR:
        import cbor2

        whole = cbor2.dumps(sample)
    else:
        whole = json.dumps(sample, separators=(",", ":")).encode()
    for offset in range(0, len(whole), largest):
        part = whole[offset : offset + largest]
        flagged = len(part) | (0x8000 if offset + largest >= len(whole) else 0)
        head = _HEADER.pack(b"OTrk", 0, encoding, sequence, offset, flagged, 0)[:-2]
        yield head + struct.pack(">H", fletcher16(head + part)) + part


def _decode(whole: bytes, segment: Segment, subject: Any) -> list[dict[str, Any]]:
    if segment.encoding == CBOR:
        return decode_cbor(whole, subject)
    try:
        found = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise BadInput(subject, f"packet {segment.sequence} holds no JSON ({error})", "record the stream again") from None
    return found if isinstance(found, list) else [found]
