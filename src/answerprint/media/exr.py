"""OpenEXR frames in and out: every channel, both windows and every attribute, exactly.

A lossy compression cannot give back the pixels nobody touched, so a frame that came in DWAA, DWAB, B44, B44A, LJ2K, or PXR24 with
32-bit channels is written with ZIP. Tiled files come back as scanlines, multi-part files as the one part that was read.
"""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from answerprint.colour.transform import thread_count
from answerprint.media.exr_header import (
    COMPRESSIONS,
    ExrPart,
    decode,
    decode_timecode,
    encode,
    encode_timecode,
    read_parts,
    with_attributes,
)
from answerprint.media.exr_luma_chroma import is_luma_chroma, rgb_names, to_rgb
from answerprint.media.frames import Attribute, FrameHeader, NativeAttribute, Plane, SourceFrame, Storage, colour_names
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

# CIE xy of red, green, blue and white, by colorInteropID (ASWF Color Interop Forum names).
CHROMATICITIES: dict[str, tuple[float, ...]] = {
    "lin_ap0_scene": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_ap1_scene": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "lin_rec709_scene": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
    "lin_p3d65_scene": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    "lin_rec2020_scene": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329),
    "lin_ciexyzd65_scene": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.3127, 0.329),
}
_STRUCTURAL = frozenset({"compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio", "tiles", "type", "version",
                         "chunkCount", "preview"})  # fmt: skip
_TIMECODE = frozenset({"timeCode", "framesPerSecond", "answerprint:timecode"})
_STORAGE: dict[int, Storage] = {0: "float", 1: "half", 2: "float"}
_LOSSY = frozenset({"b44", "b44a", "dwaa", "dwab", "lj2k"})


def read_header(path: Path) -> tuple[FrameHeader, list[str]]:
    """The header of the part that ``read_exr`` would read, and its channel names in file order, without decoding pixels."""
    header, part, _ = _chosen(path)
    names = [channel[0] for channel in part.channels]
    return header, rgb_names(names) if is_luma_chroma(names) else names


def read_exr(path: Path) -> SourceFrame:
    """One EXR frame; of a multi-part file the first part with R, G and B (else the first), which ``header.part`` names.

    Luminance and chroma come back as R, G and B. Raises BadInput for what is unreadable, cut off or deep.
    """
    header, part, index = _chosen(path)
    _share_threads(header.compression)
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            planes = {name: channel.pixels for name, channel in file.parts[index].channels.items()}
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(path, f"its pixels cannot be read ({reason})", "copy or render the frame again") from None
    ordered = {name: planes[name] for name, *_ in part.channels}
    return SourceFrame(to_rgb(ordered, _primaries(part)) if is_luma_chroma(ordered) else ordered, header)


def write_exr(
    path: Path,
    channels: dict[str, Plane],
    *,
    attributes: dict[str, Attribute] | None = None,
    display_window: tuple[int, int, int, int] | None = None,
    data_window: tuple[int, int, int, int] | None = None,
    pixel_aspect: float = 1.0,
    compression: str = "zip",
    timecode: str | None = None,
    rate: Fraction | None = None,
) -> None:
    """Write channels (float16, float32 or uint32, all of one size) as a single-part scanline EXR.

    Windows are (x0, y0, x1, y1), half-open; the data window defaults to the picture at the display window's corner, the display
    window to the data window. Attribute values take the EXR type their Python form suggests (8 floats named ``chromaticities``
    and 2 whole numbers named ``framesPerSecond`` take theirs). The same input gives the same bytes. ``compression`` is used as named,
    lossy ones included (DWAA and DWAB at the usual level of 45); BadInput for one that does not exist.
    """
    if compression not in COMPRESSIONS:
        raise BadInput(path, f"EXR has no compression {compression!r}", f"use one of: {', '.join(COMPRESSIONS)}")
    height, width = next(iter(channels.values())).shape[:2]
    if data_window is None:
        x, y = display_window[:2] if display_window else (0, 0)
        data_window = (x, y, x + width, y + height)
    x0, y0, x1, y1 = display_window or data_window
    header = FrameHeader(
        x1 - x0, y1 - y0, (x0, y0), data_window, pixel_aspect, compression=compression, attributes=dict(attributes or {}),
        timecode=timecode, rate=rate,
    )  # fmt: skip
    write_atomically(path, encode_exr(SourceFrame(channels, header), compression))


def encode_exr(frame: SourceFrame, compression: str | None = None) -> bytes:
    """The bytes of a frame as an EXR file, its header as it was read wherever nothing changed.

    ``compression`` is used as it is; without it the header's, in its place ZIP where that would lose something.
    """
    header = frame.header
    chosen = compression or _lossless(header.compression, frame.planes)
    _share_threads(chosen)
    width, height = header.data_size
    stored = {name: (linear, xs, ys) for name, _, linear, xs, ys in _native_channels(header)}
    channels: dict[str, Any] = {}
    for name, plane in frame.planes.items():
        linear, xs, ys = stored.get(name, (0, 1, 1))
        if plane.dtype not in (np.float16, np.float32, np.uint32):
            raise ValueError(f"channel {name!r} is {plane.dtype}; EXR holds float16, float32 and uint32")
        if xs == ys == 1 and plane.shape != (height, width):
            raise ValueError(f"channel {name!r} is {plane.shape}, the data window {(height, width)}")
        channels[name] = OpenEXR.Channel(np.ascontiguousarray(plane), xs, ys, bool(linear))
    x, y = header.display_origin
    x0, y0, x1, y1 = header.data_window
    structure = {
        "compression": _compression(chosen),
        "type": OpenEXR.scanlineimage,
        "displayWindow": _box(x, y, x + header.width, y + header.height),
        "dataWindow": _box(x0, y0, x1, y1),
    }
    stream = io.BytesIO()
    with OpenEXR.File(structure, channels) as file:
        file.write(stream)
    return with_attributes(stream.getvalue(), _written_attributes(header))


def colour_tag(attributes: dict[str, Attribute]) -> str | None:
    """What an EXR says of its colour: its ``colorInteropID``, or the name of its chromaticities.

    Chromaticities no one has named give ``chromaticities:`` and the eight numbers; a file without a word gives None.
    """
    named = attributes.get("colorInteropID")
    if isinstance(named, str) and named and named != "unknown":
        return named
    found = attributes.get("chromaticities")
    if isinstance(found, tuple) and len(found) == 8:
        for name, known in CHROMATICITIES.items():
            if all(abs(a - b) < 5e-4 for a, b in zip(found, known, strict=True)):
                return name
        return "chromaticities:" + ",".join(f"{value:.5g}" for value in found)
    return "lin_ap0_scene" if attributes.get("acesImageContainerFlag") == 1 else None


def _chosen(path: Path) -> tuple[FrameHeader, ExrPart, int]:
    parts = read_parts(path)
    names = [[channel[0] for channel in part.channels] for part in parts]
    index = next((i for i, found in enumerate(names) if found and len(set(colour_names(found))) == 3), 0)
    if not names[index]:
        raise BadInput(path, "has no channels", "export it with a picture in it")
    if {"RY", "BY"} <= set(names[index]) and "Y" not in names[index]:
        raise BadInput(path, "has chroma without luminance", "export it with R, G and B channels")
    return _header(parts[index], len(parts), index), parts[index], index


def _primaries(part: ExrPart) -> tuple[float, ...] | None:
    found = part["chromaticities"]
    return found if isinstance(found, tuple) and len(found) == 8 and found[3] and found[5] and found[7] else None


def _header(part: ExrPart, parts: int, index: int) -> FrameHeader:
    dx0, dy0, dx1, dy1 = part["displayWindow"]
    x0, y0, x1, y1 = part["dataWindow"]
    kinds = {name: kind for name, kind, *_ in part.channels}
    compression = part["compression"]
    luma_chroma = is_luma_chroma(kinds)
    attributes = {a.name: decode(a) for a in part.attributes if a.name not in _STRUCTURAL | _TIMECODE | {"channels"}}
    rate = _rate(part)
    return FrameHeader(
        width=dx1 - dx0 + 1,
        height=dy1 - dy0 + 1,
        display_origin=(dx0, dy0),
        data_window=(x0, y0, x1 + 1, y1 + 1),
        pixel_aspect=part["pixelAspectRatio"] or 1.0,
        storage="half" if luma_chroma else _STORAGE[kinds[colour_names(kinds)[0]]],
        file_format="exr",
        compression=COMPRESSIONS[compression] if compression < len(COMPRESSIONS) else None,
        attributes={name: value for name, value in attributes.items() if value is not None},
        timecode=_label(part, rate),
        rate=rate,
        part=(part["name"] or str(index)) if parts > 1 else None,
        native=tuple(a for a in part.attributes if a.name not in _STRUCTURAL and not (luma_chroma and a.name == "channels")),
    )


def _rate(part: ExrPart) -> Fraction | None:
    value = part["framesPerSecond"]
    if isinstance(value, tuple) and len(value) == 2 and value[1]:
        return Fraction(*value) or None
    return Fraction(value).limit_denominator(1001) if isinstance(value, (int, float)) and value > 0 else None


def _label(part: ExrPart, rate: Fraction | None) -> str | None:
    text, packed = part["answerprint:timecode"], part["timeCode"]
    if isinstance(text, str):
        return text
    return decode_timecode(packed[0], rate) if isinstance(packed, tuple) else None


def _written_attributes(header: FrameHeader) -> list[NativeAttribute]:
    """Attributes to store: as read where unchanged, in their own type where changed, dropped where removed."""
    native = {a.name: a for a in header.native} if header.file_format == "exr" else {}
    out = [encode("pixelAspectRatio", float(header.pixel_aspect), "float")]
    out += [a for a in native.values() if a.name not in header.attributes | dict.fromkeys(_TIMECODE) and decode(a) is None]
    for name, value in header.attributes.items():
        before = native.get(name)
        same = before is not None and repr(decode(before)) == repr(value)
        out.append(before if before is not None and same else encode(name, value, before.type if before else None))
    read = ExrPart(tuple(native.values()))
    if header.rate == _rate(read) and header.timecode == _label(read, _rate(read)):
        return out + [a for a in native.values() if a.name in _TIMECODE]
    return out + _timecode_attributes(header)


def _timecode_attributes(header: FrameHeader) -> list[NativeAttribute]:
    """Rate and label; above 30 frames per second the true label goes in a string, as a number field is too small for it."""
    out: list[NativeAttribute] = []
    if header.rate is not None:
        out.append(encode("framesPerSecond", (header.rate.numerator, header.rate.denominator), "rational"))
    if header.timecode is not None:
        rate = header.rate or Fraction(60 if int(header.timecode[9:]) > 29 else 30)
        packed = encode_timecode(header.timecode, rate)
        out += [packed] if packed else []
        if round(rate) > 30:
            out.append(encode("answerprint:timecode", header.timecode))
    return out


def _native_channels(header: FrameHeader) -> list[tuple[str, int, int, int, int]]:
    return ExrPart(tuple(a for a in header.native if a.name == "channels")).channels if header.file_format == "exr" else []


def _lossless(compression: str | None, planes: dict[str, Plane]) -> str:
    wide = any(plane.dtype == np.float32 for plane in planes.values())
    if compression is None or compression in _LOSSY or (compression == "pxr24" and wide) or compression not in COMPRESSIONS:
        return "zip"
    return compression


def _compression(name: str) -> Any:
    return getattr(OpenEXR, ("no" if name == "none" else name).upper() + "_COMPRESSION")


def _share_threads(compression: str | None) -> None:
    """Let the library use as many threads as one picture may; it starts with none, and copying alone is faster without."""
    count = 0 if compression == "none" or thread_count() == 1 else thread_count()
    if OpenEXR.global_thread_count() != count:
        OpenEXR.set_global_thread_count(count)


# A forked child has none of its parent's threads, and would wait for them for ever.
os.register_at_fork(before=lambda: OpenEXR.set_global_thread_count(0))


def _box(x0: int, y0: int, x1: int, y1: int) -> tuple[Any, Any]:
    return np.array([x0, y0], np.int32), np.array([x1 - 1, y1 - 1], np.int32)


__all__ = ["CHROMATICITIES", "colour_tag", "encode_exr", "read_exr", "read_header", "write_exr"]
