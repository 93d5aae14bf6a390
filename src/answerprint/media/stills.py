"""DPX, TIFF, PNG and JPEG frames in and out, in their own code values.

10- and 12-bit DPX codes are spread over 16 bits by bit replication (OpenImageIO's way), which the writer undoes exactly. Alpha
stays as the file stores it, never multiplied or divided. JPEG cannot give back the pixels nobody touched; it is read only.
"""

from __future__ import annotations

import errno
import os
import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from answerprint.media.exr_header import decode_timecode, encode_timecode
from answerprint.media.frames import Attribute, FileFormat, FrameHeader, NativeAttribute, SourceFrame, Storage
from answerprint.production import BadInput
from answerprint.production.atomic import replacing, write_failure

SUFFIXES: dict[str, FileFormat] = {
    ".dpx": "dpx", ".tif": "tiff", ".tiff": "tiff", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg",
}  # fmt: skip
# What describes the stored pixels or the library itself rather than the picture.
_STRUCTURAL = frozenset(
    {
        "compression", "PixelAspectRatio", "smpte:TimeCode", "dpx:TimeCode", "dpx:FrameRate", "dpx:EndOfLinePadding",
        "dpx:EndOfImagePadding", "dpx:ImageDescriptor", "tiff:Compression", "tiff:RowsPerStrip", "oiio:RowsPerChunk", "oiio:subimages",
        "thumbnail_image", "thumbnail_width", "thumbnail_height", "thumbnail_nchannels",
    }
)  # fmt: skip
_DESCRIPTION = re.compile(r"timecode (\d\d:\d\d:\d\d[:;]\d\d\d?)(?: at (\d+(?:/\d+)?) fps)?")
_NO_DATE = "0000:00:00 00:00:00"
_TIFF_DATE, _TIFF_XMP = 306, 700
_LOSSLESS_TIFF = frozenset({"none", "lzw", "zip", "packbits"})


def read_header(path: Path) -> tuple[FrameHeader, list[str]]:
    """Header and channel names of a still, without its pixels."""
    source, spec = _open(path)
    source.close()
    return _header(path, spec), list(spec.channelnames)


def read_still(path: Path) -> SourceFrame:
    """One DPX, TIFF, PNG or JPEG frame. Raises BadInput for what cannot be read whole or has samples of an unknown kind."""
    source, spec = _open(path)
    header = _header(path, spec)
    pixels = source.read_image(0, 0, 0, spec.nchannels, "native")
    message = source.geterror()
    source.close()
    if pixels is None or message:
        raise BadInput(path, f"its pixels cannot be read ({_first_line(message)})", "copy or export the frame again")
    pixels = pixels.reshape(spec.height, spec.width, spec.nchannels)
    depth = {"uint10": 10, "uint12": 12}.get(header.storage, 16)
    if depth < 16:
        # The library fills the low bits of some packings with zeros; one form for all makes equal codes equal numbers.
        pixels = pixels >> (16 - depth) << (16 - depth) | pixels >> depth
    planes = {name: np.ascontiguousarray(pixels[..., i]) for i, name in enumerate(spec.channelnames)}
    return SourceFrame(planes, header)


def write_still(path: Path, frame: SourceFrame) -> None:
    """Write a frame as the DPX, TIFF or PNG that the extension of ``path`` names; the same frame gives the same bytes."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind in (None, "jpeg"):
        raise ValueError(f"{path.name}: stills are written as DPX, TIFF or PNG")
    planes = list(frame.planes.values())
    pixels = np.ascontiguousarray(np.stack(planes, axis=-1))
    spec = _spec(frame, str(kind), pixels)
    with replacing(path) as temporary:
        output = oiio.ImageOutput.create(str(kind))
        assert output is not None  # every format in SUFFIXES is built into the library
        written = output.open(str(temporary), spec) and output.write_image(pixels)
        message = output.geterror()
        written = output.close() and written
        if not written or message:
            raise _failure(path, message or output.geterror())
        if kind == "dpx":
            _restore_dpx_header(temporary, path.name, frame.header)
        elif kind == "tiff" and "DateTime" not in frame.header.attributes:
            _strip_tiff_date(temporary)


def colour_tag(header: FrameHeader) -> str | None:
    """What a still says of its colour, or None: the DPX transfer, or the colour space a PNG or TIFF names."""
    key = "dpx:Transfer" if header.file_format == "dpx" else "oiio:ColorSpace"
    value = header.attributes.get(key)
    return value if isinstance(value, str) and value and value != "Undefined" else None


def _open(path: Path) -> tuple[Any, Any]:
    if not path.is_file():
        raise BadInput(path, "does not exist", "check the path")
    if path.stat().st_size == 0:
        raise BadInput(path, "is an empty file", "copy or export the frame again")
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(path), hints)
    if source is None:
        raise BadInput(path, f"cannot be read ({_first_line(oiio.geterror())})", "copy or export the frame again")
    return source, source.spec()


def _header(path: Path, spec: Any) -> FrameHeader:
    kind = SUFFIXES[path.suffix.lower()]
    attributes: dict[str, Attribute] = {}
    native = []
    for a in spec.extra_attribs:
        value = a.value
        if a.name in _STRUCTURAL or value is None:
            continue
        if isinstance(value, np.ndarray):
            value = tuple(value.ravel().tolist())
        elif isinstance(value, str):
            value = _text(value)
        attributes[a.name] = value
        native.append(NativeAttribute(a.name, str(a.type)))
    x, y = (spec.full_x, spec.full_y) if spec.full_width else (spec.x, spec.y)
    rate = spec.get_float_attribute("dpx:FrameRate", 0.0)
    exact = _rate(rate)
    packed = spec.getattribute("smpte:TimeCode")
    label, told = _described(attributes)
    if label is not None:
        del attributes["ImageDescription"]
    if packed is not None and int(packed[0]) != 0xFFFFFFFF:
        label = decode_timecode(int(packed[0]), exact)
    if kind == "dpx":
        plate = _dpx_header(path)
        native.append(NativeAttribute("dpx header", "bytes", plate))
        if len(plate) < 2048:  # pixels begin where the film and television headers would be, and were read as such
            label, exact = None, None
    return FrameHeader(
        width=spec.full_width or spec.width,
        height=spec.full_height or spec.height,
        display_origin=(x, y),
        data_window=(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height),
        pixel_aspect=spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0,
        storage=_storage(path, kind, spec),
        file_format=kind,
        compression=spec.get_string_attribute("compression") or None,
        attributes=attributes,
        timecode=label,
        rate=exact or told,
        native=tuple(native),
    )


def _text(value: str) -> str:
    """Header text that is not UTF-8 (old film scanners fill unused fields with 0xFF) read as Latin-1."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _storage(path: Path, kind: FileFormat, spec: Any) -> Storage:
    found = str(spec.format)
    bits = spec.get_int_attribute("oiio:BitsPerSample", 0)
    if found == "uint16" and bits in (10, 12):
        return "uint10" if bits == 10 else "uint12"
    storage: dict[str, Storage] = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float"}
    if found not in storage:
        raise BadInput(path, f"has {found} samples", f"export the {kind.upper()} with 8, 10, 12 or 16 bits, half or float")
    return storage[found]


def _spec(frame: SourceFrame, kind: str, pixels: Any) -> Any:
    """The OpenImageIO description of what to write."""
    header = frame.header
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, str(oiio.TypeDesc(_TYPES[pixels.dtype.name])))
    spec.channelnames = tuple(frame.planes)
    spec.alpha_channel = next((i for i, name in enumerate(frame.planes) if name == "A"), -1)
    spec.x, spec.y = header.data_window[:2]
    spec.full_x, spec.full_y = header.display_origin
    spec.full_width, spec.full_height = header.width, header.height
    types = {a.name: a.type for a in header.native} if header.file_format != "exr" else {}
    for name, value in header.attributes.items():
        _set(spec, name, value, types.get(name))
    spec.attribute("PixelAspectRatio", float(header.pixel_aspect))
    depth = {"uint10": 10, "uint12": 12}.get(header.storage, pixels.dtype.itemsize * 8)
    spec.attribute("oiio:BitsPerSample", depth)
    if kind == "tiff":
        spec.attribute("compression", header.compression if header.compression in _LOSSLESS_TIFF else "zip")
        if "DateTime" not in header.attributes:
            spec.attribute("DateTime", _NO_DATE)
    if pixels.dtype == np.float16:
        spec.attribute("tiff:half", 1)
    if kind == "png":
        spec.attribute("oiio:UnassociatedAlpha", 1)
    if kind == "dpx":
        plate = next((a.data for a in header.native if a.name == "dpx header"), b"")
        spec.attribute("oiio:Endian", "little" if plate[:4] == b"XPDS" else "big")
        _set_dpx_time(spec, header)
    elif header.timecode is not None and "ImageDescription" not in header.attributes:
        spec.attribute("ImageDescription", _description(header))
    return spec


def _set_dpx_time(spec: Any, header: FrameHeader) -> None:
    if header.rate is not None:
        spec.attribute("dpx:FrameRate", float(header.rate))
    if header.timecode is not None:
        packed = encode_timecode(header.timecode, header.rate or Fraction(60 if int(header.timecode[9:]) > 29 else 30))
        if packed is not None:
            spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), tuple(np.frombuffer(packed.data, "<u4").tolist()))


def _description(header: FrameHeader) -> str:
    """TIFF and PNG have no field for timecode; this line is read back as one."""
    return f"timecode {header.timecode}" + (f" at {header.rate} fps" if header.rate is not None else "")


def _described(attributes: dict[str, Attribute]) -> tuple[str | None, Fraction | None]:
    found = _DESCRIPTION.fullmatch(str(attributes.get("ImageDescription", "")).strip())
    return (None, None) if found is None else (found[1], Fraction(found[2]) if found[2] else None)


_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}


def _set(spec: Any, name: str, value: Attribute, kind: str | None) -> None:
    """Set an attribute in its own type where the binding can, else in the nearest it takes."""
    kind = kind or ""
    if isinstance(value, tuple) and kind.startswith("uint8["):
        spec.attribute(name, oiio.TypeDesc(kind), np.array(value, np.uint8))
    elif isinstance(value, tuple) and kind.startswith(("rational", "urational", "float", "string", "int[", "vector", "point")):
        spec.attribute(name, oiio.TypeDesc(kind.replace("rational2i", "rational")), value)
    elif isinstance(value, tuple):
        base = "string" if isinstance(value[0], str) else "int" if all(isinstance(v, int) for v in value) else "float"
        spec.attribute(name, oiio.TypeDesc(f"{base}[{len(value)}]"), value)
    elif isinstance(value, int) and not -(2**31) <= value < 2**31:
        spec.attribute(name, str(value))
    else:
        spec.attribute(name, value)


def _rate(value: float) -> Fraction | None:
    """A float frame rate as an exact one: whole, or an NTSC fraction."""
    if not 0 < value <= 1000:
        return None
    for exact in (Fraction(round(value)), Fraction((int(value) + 1) * 1000, 1001)):
        if abs(float(exact) - value) < 2e-3:
            return exact
    return Fraction(value).limit_denominator(1001)


def _failure(path: Path, message: str) -> BadInput:
    """OpenImageIO reports a full disk as any failed write, so the disk itself is asked."""
    disk = os.statvfs(path.parent)
    if disk.f_bavail * disk.f_frsize < 1 << 16 or "space" in message.lower():
        return write_failure(path, OSError(errno.ENOSPC, "no space"))
    return BadInput(path, f"cannot be written ({_first_line(message)})", "check the folder and its permissions")


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0].rstrip(". ") if message.strip() else "no reason given"


# SMPTE ST 268-1 header: (from, to) of the fields that describe the picture's history rather than how its samples are packed:
# creation time to copyright; orientation and source information; film and television headers.
_DPX_HISTORY = ((136, 660), (1408, 2048))
_DPX_FILE_NAME = (36, 136)
_DPX_TIMECODE = (1920, 1924)
_DPX_FRAME_RATE = (1940, 1944)


def _dpx_header(path: Path) -> bytes:
    """The header as far as it goes: at most 2048 bytes, less where pixels begin earlier."""
    with path.open("rb") as file:
        data = file.read(2048)
    (pixels_at,) = struct.unpack_from("<I" if data[:4] == b"XPDS" else ">I", data, 4)
    return data[: max(4, pixels_at)]


def _restore_dpx_header(written: Path, name: str, header: FrameHeader) -> None:
    """Put back the header fields of the plate that OpenImageIO does not carry, and no clock time or temporary name."""
    plate = next((a.data for a in header.native if a.name == "dpx header"), b"")
    with written.open("r+b") as file:
        new = bytearray(file.read(2048))
        new[slice(*_DPX_FILE_NAME)] = name.encode("utf-8")[:99].ljust(100, b"\0")
        new[136:160] = bytes(24)
        if plate[:4] == new[:4]:
            timecode, rate = new[slice(*_DPX_TIMECODE)], new[slice(*_DPX_FRAME_RATE)]
            for start, end in _DPX_HISTORY:
                new[start : min(end, len(plate))] = plate[start:end] if start < len(plate) else b""
            if header.timecode is not None:
                new[slice(*_DPX_TIMECODE)] = timecode
            if header.rate is not None and plate[slice(*_DPX_FRAME_RATE)] != rate:
                new[slice(*_DPX_FRAME_RATE)] = rate
        file.seek(0)
        file.write(new)


def _strip_tiff_date(written: Path) -> None:
    """Take the date out of a TIFF whose plate had none: OpenImageIO insists on one, and repeats it in XMP."""
    with written.open("r+b") as file:
        order = "<" if file.read(4) == b"II*\0" else ">"
        (at,) = struct.unpack(order + "I", file.read(4))
        file.seek(at)
        (count,) = struct.unpack(order + "H", file.read(2))
        entries = [file.read(12) for _ in range(count)]
        after = file.read(4)
        kept = []
        for entry in entries:
            tag, _, size, place = struct.unpack(order + "HHII", entry)
            if tag == _TIFF_XMP and size > 4:
                file.seek(place)
                packet = file.read(size)
                said = f'xmp:CreateDate="{_NO_DATE}"'.encode()
                file.seek(place)
                file.write(packet.replace(said, b" " * len(said)))
            if tag == _TIFF_DATE:
                file.seek(place)
                file.write(bytes(size))
            else:
                kept.append(entry)
        file.seek(at)
        file.write(struct.pack(order + "H", len(kept)) + b"".join(kept) + after + bytes(12 * (count - len(kept))))
