"""Broadcast Wave files out: PCM with the slate in bext (EBU Tech 3285, version 1) and iXML, poly tracks named in order.

Files beyond 4 GB become RF64 (EBU Tech 3306) under the same name. Written by hand because no library we keep writes iXML.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from answerprint.production import BadInput
from answerprint.production.atomic import replacing

_PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
_RIFF_LIMIT = 2**32 - 1


@dataclass(frozen=True)
class Slate:
    """What a recording says of itself. ``time_reference`` counts samples since midnight at the file's own rate.

    ``tracks`` are the names of the channels in file order; ``rate`` is the timecode rate, ``drop`` whether it drops labels.
    """

    scene: str = ""
    take: str = ""
    tape: str = ""
    project: str = ""
    note: str = ""
    circled: bool = False
    time_reference: int = 0
    rate: Fraction = Fraction(24)
    drop: bool = False
    tracks: tuple[str, ...] = ()
    recorded: datetime | None = None
    originator: str = "Answerprint"
    file_uid: str = ""


def write_bwf(path: str | Path, blocks: Iterable[NDArray[np.floating[Any]]], sample_rate: int, slate: Slate, bits: int = 24) -> int:
    """Write blocks (n, channels) of samples, -1 to 1, as a BWF of 16 or 24 bits; returns how many samples a channel holds.

    Samples beyond the range are held at its ends and are rounded, not dithered: what came from the same bits goes back to them.
    Raises BadInput for no sound, blocks of differing channels, track names that are not one for each channel.
    """
    path = Path(path)
    if bits not in (16, 24) or not 8000 <= sample_rate <= 384000:
        raise BadInput(path, f"cannot hold {bits} bits at {sample_rate} Hz", "use 16 or 24 bits and 8000 to 384000 Hz")
    source = iter(blocks)
    first = next(source, None)
    if first is None or first.ndim != 2 or first.shape[1] < 1:
        raise BadInput(path, "there is no sound to write", "give blocks of samples by channels")
    channels = first.shape[1]
    if slate.tracks and len(slate.tracks) != channels:
        raise BadInput(path, f"has {channels} channels and {len(slate.tracks)} track names", "name each track once")
    with replacing(path) as temporary, temporary.open("r+b") as file:
        file.write(b"RIFF\0\0\0\0WAVE")
        _chunk(file, b"JUNK", bytes(28))  # room for RF64's own sizes
        _chunk(file, b"bext", _bext(slate, sample_rate, bits, channels))
        _chunk(file, b"fmt ", _format(channels, sample_rate, bits))
        file.write(b"data\0\0\0\0")
        begin, count = file.tell(), 0
        for block in _all(first, source):
            if block.ndim != 2 or block.shape[1] != channels:
                raise BadInput(
                    path, f"a block has the shape {block.shape}, the first {channels} channels", "give blocks of one kind"
                )
            file.write(_codes(block, bits))
            count += len(block)
        size = file.tell() - begin
        file.write(b"\0" * (size % 2))
        _chunk(file, b"iXML", _ixml(slate, sample_rate, bits, channels))
        _close(file, begin, size, count)
    return count


def _all(first: NDArray[Any], rest: Iterable[NDArray[Any]]) -> Iterable[NDArray[Any]]:
    yield first
    yield from rest


def _codes(block: NDArray[Any], bits: int) -> bytes:
    top = 2 ** (bits - 1)
    values = np.clip(np.rint(np.nan_to_num(block.astype(np.float64)) * top), -top, top - 1).astype("<i4")
    if bits == 16:
        return values.astype("<i2").tobytes()
    return np.ascontiguousarray(values.view(np.uint8).reshape(*values.shape, 4)[..., :3]).tobytes()


def _chunk(file: BinaryIO, name: bytes, content: bytes) -> None:
    file.write(struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2))


def _close(file: BinaryIO, begin: int, size: int, count: int) -> None:
    """Put in the sizes that are known now; a file too large for RIFF says so in its ds64 chunk."""
    whole = file.seek(0, 2) - 8
    file.seek(0)
    if whole <= _RIFF_LIMIT:
        file.write(struct.pack("<4sI", b"RIFF", whole))
        file.seek(begin - 4)
        file.write(struct.pack("<I", size))
        return
    file.write(struct.pack("<4sI4s", b"RF64", _RIFF_LIMIT, b"WAVE") + struct.pack("<4sIQQQI", b"ds64", 28, whole, size, count, 0))
    file.seek(begin - 4)
    file.write(struct.pack("<I", _RIFF_LIMIT))


def _format(channels: int, rate: int, bits: int) -> bytes:
    block = channels * bits // 8
    plain = struct.pack("<HIIHH", channels, rate, rate * block, block, bits)
    if channels <= 2 and bits == 16:
        return struct.pack("<H", 1) + plain
    # A mask of 0: the channels are tracks, not loudspeakers.
    return struct.pack("<H", 0xFFFE) + plain + struct.pack("<HHI", 22, bits, 0) + _PCM_GUID


def _bext(slate: Slate, rate: int, bits: int, channels: int) -> bytes:
    """Version 1 of the chunk: 602 bytes and the coding history. Text is ASCII; the same lines stand in iXML whole."""
    lines = [f"sSCENE={slate.scene}", f"sTAKE={slate.take}", f"sTAPE={slate.tape}", f"sNOTE={slate.note}"]
    lines += [f"sTRK{number}={name}" for number, name in enumerate(slate.tracks, 1)]
    when = slate.recorded
    date, clock = (when.strftime("%Y-%m-%d"), when.strftime("%H:%M:%S")) if when else ("0000-00-00", "00:00:00")
    history = f"A=PCM,F={rate},W={bits},M={'mono' if channels == 1 else 'stereo' if channels == 2 else 'multi'},T=Answerprint\r\n"
    return (
        _ascii("\r\n".join(lines), 256)
        + _ascii(slate.originator, 32)
        + _ascii(slate.file_uid, 32)
        + _ascii(date, 10)
        + _ascii(clock, 8)
        + struct.pack("<QH", slate.time_reference, 1)
        + bytes(64 + 190)
        + history.encode("ascii")
    )


def _ascii(text: str, size: int) -> bytes:
    return text.encode("ascii", "replace")[:size].ljust(size, b"\0")


def _ixml(slate: Slate, rate: int, bits: int, channels: int) -> bytes:
    root = etree.Element("BWFXML")
    _put(root, IXML_VERSION="1.61", PROJECT=slate.project, SCENE=slate.scene, TAKE=slate.take, TAPE=slate.tape, NOTE=slate.note)
    _put(root, CIRCLED=str(slate.circled).upper(), FILE_UID=slate.file_uid)
    speed = etree.SubElement(root, "SPEED")
    exact = f"{slate.rate.numerator}/{slate.rate.denominator}"
    _put(speed, MASTER_SPEED=exact, CURRENT_SPEED=exact, TIMECODE_RATE=exact, TIMECODE_FLAG="DF" if slate.drop else "NDF")
    _put(speed, FILE_SAMPLE_RATE=rate, AUDIO_BIT_DEPTH=bits, DIGITIZER_SAMPLE_RATE=rate)
    high, low = divmod(slate.time_reference, 2**32)
    _put(speed, TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI=high, TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO=low, TIMESTAMP_SAMPLE_RATE=rate)
    tracks = etree.SubElement(root, "TRACK_LIST")
    _put(tracks, TRACK_COUNT=channels)
    for number in range(1, channels + 1):
        track = etree.SubElement(tracks, "TRACK")
        name = slate.tracks[number - 1] if slate.tracks else f"track {number}"
        _put(track, CHANNEL_INDEX=number, INTERLEAVE_INDEX=number, NAME=name)
    etree.indent(root)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def _put(parent: Any, **values: object) -> None:
    for name, value in values.items():
        legal = "".join(c if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in str(value))
        etree.SubElement(parent, name).text = legal
