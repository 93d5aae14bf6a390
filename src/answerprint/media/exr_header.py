"""The attribute block of an OpenEXR file, read and written byte for byte.

The binding cannot carry rationals, doubles or a maker's own types, so attributes pass by it: pixels are compressed by the
OpenEXR library, and the attribute block in front of them is replaced (layout: OpenEXR file layout document, "Components One to
Five"). Numbers are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from answerprint.media.frames import Attribute, NativeAttribute
from answerprint.production import BadInput

MAGIC = b"\x76\x2f\x31\x01"
STRUCTURE = frozenset(
    {"channels", "compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio", "tiles", "type", "version",
     "chunkCount", "preview"}
)  # fmt: skip
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab", "htj2k256", "htj2k32", "lj2k", "zstd")
# Lines of one chunk for each compression, in the order of COMPRESSIONS; 0 where the library alone knows.
_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 0, 0, 0, 0)

_MULTIPART, _LONG_NAMES, _DEEP, _TILED = 0x1000, 0x400, 0x800, 0x200
_PACKING = {
    "int": "<i", "float": "<f", "double": "<d", "v2i": "<2i", "v3i": "<3i", "v2f": "<2f", "v3f": "<3f", "v2d": "<2d",
    "v3d": "<3d", "box2i": "<4i", "box2f": "<4f", "m33f": "<9f", "m44f": "<16f", "m33d": "<9d", "m44d": "<16d",
    "chromaticities": "<8f", "rational": "<iI", "keycode": "<7i", "timecode": "<2I", "envmap": "<B", "lineOrder": "<B",
    "compression": "<B",
}  # fmt: skip


@dataclass(frozen=True)
class ExrPart:
    """One part's attributes, in file order."""

    attributes: tuple[NativeAttribute, ...]

    def __getitem__(self, name: str) -> Any:
        found = next((a for a in self.attributes if a.name == name), None)
        return None if found is None else decode(found)

    @property
    def channels(self) -> list[tuple[str, int, int, int, int]]:
        """(name, pixel type 0 uint 1 half 2 float, perceptually linear, x sampling, y sampling) of each channel."""
        data = next((a.data for a in self.attributes if a.name == "channels"), b"\0")
        out, at = [], 0
        while at < len(data) and data[at]:
            end = data.index(b"\0", at)
            kind, linear, xs, ys = struct.unpack_from("<iB3x2i", data, end + 1)
            out.append((data[at:end].decode("utf-8", "surrogateescape"), kind, linear, xs, ys))
            at = end + 17
        return out


def read_parts(path: Path) -> list[ExrPart]:
    """The attribute blocks of all parts, after checking that the last pixel chunk is there.

    Raises BadInput for what is not an EXR, deep data, and a file that was cut off or never finished.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from None
    except (struct.error, ValueError, IndexError):
        raise BadInput(path, "is cut off inside its EXR header", "copy or render the frame again") from None


def _read(path: Path, file: BinaryIO) -> list[ExrPart]:
    start = file.read(8)
    if not start:
        raise BadInput(path, "is an empty file", "copy or render the frame again")
    if start[:4] != MAGIC:
        raise BadInput(path, "is not an EXR file", "give it the extension of the format it is in, or export it again")
    (version,) = struct.unpack_from("<I", start, 4)
    if version & _DEEP:
        raise BadInput(path, "holds deep data", "flatten it to ordinary scanlines first")
    parts = []
    while True:
        attributes = _block(file)
        if not attributes:
            break
        parts.append(ExrPart(tuple(attributes)))
        if not version & _MULTIPART:
            break
    if not parts:
        raise ValueError("no header")
    chunks = [_chunk_count(part, bool(version & _TILED)) for part in parts]
    if all(chunks):
        _check_complete(path, file, sum(chunks), bool(version & _MULTIPART), bool(version & _TILED))
    return parts


def _block(file: BinaryIO) -> list[NativeAttribute]:
    out: list[NativeAttribute] = []
    while name := _word(file):
        kind = _word(file)
        (size,) = struct.unpack("<i", file.read(4))
        data = file.read(size) if 0 <= size < 1 << 28 else b""
        if len(data) != size:
            raise ValueError("cut off")
        out.append(NativeAttribute(name, kind, data))
    return out


def _word(file: BinaryIO) -> str:
    out = bytearray()
    while (letter := file.read(1)) != b"\0":
        if not letter or len(out) > 255:
            raise ValueError("cut off")
        out += letter
    return out.decode("utf-8", "surrogateescape")


def _chunk_count(part: ExrPart, tiled: bool) -> int:
    """Pixel chunks a part has; 0 when this cannot be told without the library."""
    count = part["chunkCount"]
    if isinstance(count, int):
        return count
    lines = _LINES[part["compression"]] if part["compression"] < len(_LINES) else 0
    if tiled or not lines:
        return 0
    _, y0, _, y1 = part["dataWindow"]
    return int((y1 - y0) // lines + 1)


def _check_complete(path: Path, file: BinaryIO, chunks: int, multipart: bool, tiled: bool) -> None:
    table = file.read(8 * chunks)
    end = file.seek(0, 2)
    offsets = np.frombuffer(table[: len(table) // 8 * 8], "<u8")
    complete = len(offsets) == chunks and bool((offsets > 0).all()) and int(offsets.max()) + 8 < end
    if complete and not tiled:
        lead = 8 if multipart else 4
        at = int(offsets.max()) + lead
        file.seek(at)
        size = file.read(4)
        complete = len(size) == 4 and at + 4 + struct.unpack("<i", size)[0] <= end
    if not complete:
        raise BadInput(path, "is cut off: part of its picture is missing", "copy or render the frame again")


def decode(attribute: NativeAttribute) -> Attribute | None:
    """An attribute's value as plain Python, or None for a type we only carry."""
    data, kind = attribute.data, attribute.type
    if kind == "string":
        return data.decode("utf-8", "surrogateescape")
    if kind == "stringvector":
        words, at = [], 0
        while at + 4 <= len(data):
            (size,) = struct.unpack_from("<i", data, at)
            words.append(data[at + 4 : at + 4 + size].decode("utf-8", "surrogateescape"))
            at += 4 + size
        return tuple(words)
    if kind == "floatvector":
        return tuple(struct.unpack(f"<{len(data) // 4}f", data))
    packing = _PACKING.get(kind)
    if packing is None or struct.calcsize(packing) != len(data):
        return None
    values = struct.unpack(packing, data)
    return values if len(values) > 1 else values[0]


def encode(name: str, value: Attribute, kind: str | None = None) -> NativeAttribute:
    """A value as an EXR attribute of type ``kind``, or of the type its Python form suggests.

    A whole number beyond 32 bits becomes a string: EXR has no such number.
    """
    kind = kind or _suggested(name, value)
    try:
        if kind in _PACKING:
            values = value if isinstance(value, tuple) else (value,)
            return NativeAttribute(name, kind, struct.pack(_PACKING[kind], *values))
        if kind == "floatvector" and isinstance(value, tuple):
            return NativeAttribute(name, kind, struct.pack(f"<{len(value)}f", *value))
        if kind == "stringvector" and isinstance(value, tuple):
            words = [str(word).encode("utf-8", "surrogateescape") for word in value]
            return NativeAttribute(name, kind, b"".join(struct.pack("<i", len(w)) + w for w in words))
    except (struct.error, OverflowError):
        pass
    return NativeAttribute(name, "string", str(value).encode("utf-8", "surrogateescape"))


def _suggested(name: str, value: Attribute) -> str:
    if isinstance(value, int):
        return "int" if -(2**31) <= value < 2**31 else "string"
    if isinstance(value, float):
        return "float"
    if not isinstance(value, tuple) or not value:
        return "string"
    if all(isinstance(v, str) for v in value):
        return "stringvector"
    if all(isinstance(v, int) for v in value) and name == "framesPerSecond":
        return "rational"
    sizes = {2: "v2i", 3: "v3i", 4: "box2i"}
    if all(isinstance(v, int) for v in value):
        return sizes.get(len(value), "string")
    if not all(isinstance(v, (int, float)) for v in value):
        return "string"
    if name == "chromaticities" and len(value) == 8:
        return "chromaticities"
    return {2: "v2f", 3: "v3f", 4: "box2f", 9: "m33f", 16: "m44f"}.get(len(value), "floatvector")


def with_attributes(file: bytes, attributes: list[NativeAttribute]) -> bytes:
    """A single-part EXR file with these attributes beside the structural ones its own header has.

    ``attributes`` that name structure (channels, windows, compression) are ignored, except ``pixelAspectRatio``.
    """
    at = 8
    own: dict[str, NativeAttribute] = {}
    while file[at]:
        name_end = file.index(b"\0", at)
        kind_end = file.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<i", file, kind_end + 1)
        name = file[at:name_end].decode("utf-8", "surrogateescape")
        own[name] = NativeAttribute(name, file[name_end + 1 : kind_end].decode(), file[kind_end + 5 : kind_end + 5 + size])
        at = kind_end + 5 + size
    keep = {name: a for name, a in own.items() if name in STRUCTURE or name.startswith("screenWindow")}
    keep.update({a.name: a for a in attributes if a.name not in STRUCTURE or a.name == "pixelAspectRatio"})
    block = bytearray()
    longest = 0
    for a in sorted(keep.values(), key=lambda a: a.name.encode("utf-8", "surrogateescape")):
        name_bytes = a.name.encode("utf-8", "surrogateescape")
        longest = max(longest, len(name_bytes), len(a.type))
        block += name_bytes + b"\0" + a.type.encode() + b"\0" + struct.pack("<i", len(a.data)) + a.data
    (version,) = struct.unpack_from("<I", file, 4)
    version |= _LONG_NAMES if longest > 31 else 0
    # The offset table follows the header at once, and the first chunk follows the table: its own entry says how long it is.
    table_at = at + 1
    table = np.frombuffer(file, "<u8", (_first_chunk(file, table_at) - table_at) // 8, table_at)
    moved = (table.astype(np.int64) + (8 + len(block) + 1 - table_at)).astype("<u8").tobytes()
    return MAGIC + struct.pack("<I", version) + bytes(block) + b"\0" + moved + file[table_at + len(moved) :]


def _first_chunk(file: bytes, table_at: int) -> int:
    """Where pixels begin: the smallest offset, found by growing the table until an entry points just behind it."""
    count, smallest = 1, struct.unpack_from("<Q", file, table_at)[0]
    while table_at + 8 * count < smallest:
        smallest = min(smallest, struct.unpack_from("<Q", file, table_at + 8 * count)[0])
        count += 1
    return int(smallest)


def encode_timecode(label: str, rate: Fraction) -> NativeAttribute | None:
    """SMPTE ST 12-1 time address as EXR stores it (BCD); None where 30 frames with two fields cannot hold the rate.

    From 31 to 60 frames per second two frames share a number and the field mark tells them apart (ST 12-3).
    """
    nominal = round(rate)
    frames = int(label[9:])
    field = 0
    if nominal > 60:
        return None
    if nominal > 30:
        frames, field = divmod(frames, 2)
    hours, minutes, seconds = (int(label[i : i + 2]) for i in (0, 3, 6))
    packed = _bcd(frames) | _bcd(seconds) << 8 | _bcd(minutes) << 16 | _bcd(hours) << 24
    packed |= (label[8] != ":") << 6 | field << 15
    return NativeAttribute("timeCode", "timecode", struct.pack("<2I", packed, 0))


def decode_timecode(packed: int, rate: Fraction | None) -> str:
    """The label in an EXR ``timeCode``: HH:MM:SS:FF, frames doubled where the rate is above 30."""
    frames, seconds = _int(packed & 0x3F), _int(packed >> 8 & 0x7F)
    minutes, hours = _int(packed >> 16 & 0x7F), _int(packed >> 24 & 0x3F)
    if rate is not None and 30 < round(rate) <= 60:
        frames = frames * 2 + (packed >> 15 & 1)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if packed >> 6 & 1 else ':'}{frames:02d}"


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _int(bcd: int) -> int:
    return (bcd >> 4) * 10 + (bcd & 15)
