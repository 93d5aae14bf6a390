"""CinemaDNG frames in: developed to scene-linear ACES2065-1 by LibRaw with the camera's own matrices and as-shot white.

Nothing is brightened, sharpened or rolled off: 1.0 is where the sensor ended, after white balance. Time, rate and reel come from
CinemaDNG's own tags (CinemaDNG 1.1.0.0, tags 51043, 51044, 51105). Needs the extra ``[raw]``.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np

from answerprint.media.frames import Attribute, FrameHeader, SourceFrame
from answerprint.production import BadInput, Timecode

_TIMECODES, _FRAME_RATE, _REEL = 51043, 51044, 51105
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
_NAMES = ["B", "G", "R"]


def read_header(path: Path) -> tuple[FrameHeader, list[str]]:
    """Header and channel names of a DNG, without developing it. Raises BadInput as ``read_dng``."""
    with _opened(path) as raw:
        sizes = raw.sizes
        width, height = (sizes.height, sizes.width) if sizes.flip in (5, 6) else (sizes.width, sizes.height)
    return _header(path, width, height), list(_NAMES)


def read_dng(path: Path) -> SourceFrame:
    """One frame as float32 ACES2065-1. Raises BadInput for a file that LibRaw cannot develop, and when the extra is missing."""
    import rawpy

    with _opened(path) as raw:
        try:
            picture = raw.postprocess(
                gamma=(1, 1),
                no_auto_bright=True,
                output_bps=16,
                use_camera_wb=True,
                output_color=rawpy.ColorSpace.ACES,
                demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
            )
        except rawpy.LibRawError as error:
            raise BadInput(path, f"cannot be developed ({error})", "copy the frame again from the card") from None
    light = picture.astype(np.float32) / np.float32(65535)
    planes = {name: np.ascontiguousarray(light[..., "RGB".index(name)]) for name in _NAMES}
    return SourceFrame(planes, _header(path, light.shape[1], light.shape[0]))


def _opened(path: Path):  # type: ignore[no-untyped-def]
    try:
        import rawpy
    except ImportError:
        raise BadInput(path, "is CinemaDNG, which needs the raw extra", "install it: pip install 'answerprint[raw]'") from None
    if not path.is_file():
        raise BadInput(path, "does not exist", "check the path")
    try:
        return rawpy.imread(str(path))
    except (rawpy.LibRawError, OSError, ValueError) as error:
        raise BadInput(path, f"is no DNG that can be read ({error})", "copy the frame again from the card") from None


def _header(path: Path, width: int, height: int) -> FrameHeader:
    tags = _tags(path)
    rate = _rate(tags.get(_FRAME_RATE))
    reel = tags.get(_REEL, b"").split(b"\0")[0].decode("utf-8", "replace")
    attributes: dict[str, Attribute] = {"colorInteropID": "lin_ap0_scene"}
    if reel:
        attributes["reelName"] = reel
    label = _label(tags.get(_TIMECODES, b""), rate)
    return FrameHeader(width, height, storage="float", file_format="dng", attributes=attributes, timecode=label, rate=rate)


def _rate(value: bytes | None) -> Fraction | None:
    if value is None or len(value) < 8:
        return None
    top, bottom = struct.unpack("<ii", value[:8])
    return Fraction(top, bottom) if top > 0 and bottom > 0 else None


def _label(value: bytes, rate: Fraction | None) -> str | None:
    """SMPTE ST 331 timecode: four bytes of binary-coded decimals, frames first; bit 6 of the first says drop frame."""
    if len(value) < 4:
        return None
    masks = (0x3F, 0x7F, 0x7F, 0x3F)
    digits = [(byte & mask) for byte, mask in zip(value[:4], masks, strict=True)]
    frames, seconds, minutes, hours = (10 * (digit >> 4) + (digit & 15) for digit in digits)
    text = f"{hours:02}:{minutes:02}:{seconds:02}{';' if value[0] & 0x40 else ':'}{frames:02}"
    try:
        Timecode.parse(text, rate or Fraction(60))
    except BadInput:
        return None
    return text


def _tags(path: Path) -> dict[int, bytes]:
    """The tags we need from the first directory, as little-endian bytes; what is damaged is left out."""
    found: dict[int, bytes] = {}
    with path.open("rb") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None:
            return found
        file.seek(struct.unpack(order + "I", head[4:])[0])
        count = file.read(2)
        entries = file.read(12 * struct.unpack(order + "H", count)[0]) if len(count) == 2 else b""
        for place in range(0, len(entries) - 11, 12):
            tag, kind, number = struct.unpack_from(order + "HHI", entries, place)
            size = _SIZES.get(kind, 0) * number
            if tag not in (_TIMECODES, _FRAME_RATE, _REEL) or not 0 < size <= 4096:
                continue
            value = entries[place + 8 : place + 8 + size]
            if size > 4:
                file.seek(struct.unpack_from(order + "I", entries, place + 8)[0])
                value = file.read(size)
            if order == ">" and kind in (5, 10):
                value = b"".join(value[n : n + 4][::-1] for n in range(0, len(value), 4))
            found[tag] = value
    return found
