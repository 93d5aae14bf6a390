"""Movies out: ProRes and DNxHR for editors and finishing, HDR10 for review, an intra-only H.264 proxy for the page, and thumbnails.

The matrix is our own (swscale's default is BT.601); colour tags go into the container and onto every frame, because the ProRes frame
header takes them from there. Timecode becomes a ``tmcd`` track that starts at the given label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.media.hdr10 import Hdr10, add_boxes
from answerprint.media.ycbcr import from_rgb, halved_left
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import replacing, write_atomically

Picture = NDArray[np.floating[Any]]
Tags = Literal["bt709", "bt2020_pq", "bt2020_hlg", "untagged"]
ProRes = Literal["proxy", "lt", "standard", "hq", "4444", "4444xq"]
DnxHr = Literal["lb", "sq", "hq", "hqx", "444"]

_PROFILES: dict[str, str] = {"proxy": "0", "lt": "1", "standard": "2", "hq": "3", "4444": "4", "4444xq": "5"}
_LIMITED = 1  # AVCOL_RANGE_MPEG


@dataclass(frozen=True)
class _Colour:
    """H.273 numbers: primaries, transfer, and the matrix that is applied and named."""

    primaries: int
    transfer: int
    named_matrix: int
    matrix: int


@dataclass(frozen=True)
class _Codec:
    """What an encoder is asked for."""

    name: str
    layout: str
    options: dict[str, str]
    colour: _Colour
    reel: str | None = None
    tag: str | None = None


_COLOURS: dict[str, _Colour] = {
    "bt709": _Colour(1, 1, 1, 1),
    "bt2020_pq": _Colour(9, 16, 9, 9),
    "bt2020_hlg": _Colour(9, 18, 9, 9),
    "untagged": _Colour(2, 2, 2, 1),
}


PROXY_LONGEST = 1280
"""Pixels on the longer side of a proxy: enough to judge a cut; single frames are looked at in full size."""


def write_prores(
    path: str | Path,
    frames: Iterable[Picture],
    rate: Fraction | str | float,
    timecode: str | None = None,
    reel: str | None = None,
    metadata: dict[str, str] | None = None,
    profile: ProRes = "4444",
    tags: Tags = "bt709",
    hdr: Hdr10 | None = None,
) -> int:
    """Write display-encoded R'G'B' pictures (height, width, 3), 0..1, as a ProRes MOV; returns how many frames it holds.

    ``reel`` becomes the tape name of the timecode track; ``metadata`` keys are stored as they are. Values a little outside 0..1
    keep their place in the foot- and headroom. 4444 is encoded with 10 bits (what FFmpeg's encoder takes). Log pictures are written
    ``untagged``: a BT.709 tag would make players bend them. ``hdr`` goes into the container beside ``bt2020_pq``. Raises BadInput for no frames, pictures of mixed size, a label that
    does not exist at the rate, and a place that cannot be written.
    """
    path, exact = Path(path), frame_rate(rate)
    if path.suffix.lower() != ".mov":
        raise BadInput(path, "ProRes goes into a MOV file", "name it .mov")
    layout = "yuv444p10le" if profile in ("4444", "4444xq") else "yuv422p10le"
    colour = _COLOURS[tags]

    def planes(picture: Picture) -> list[NDArray[Any]]:
        y, cb, cr = from_rgb(picture, 10, colour.matrix)
        return [y, cb, cr] if layout == "yuv444p10le" else [y, _halved_across(cb), _halved_across(cr)]

    notes = dict(metadata or {})
    if reel:
        notes.setdefault("com.apple.proapps.reel", reel)
    options = {"profile": _PROFILES[profile], "vendor": "apl0"}
    with _written(path, exact, timecode, notes, {"movflags": "use_metadata_tags"}, hdr) as container:
        return _encode(container, _Codec("prores_ks", layout, options, colour, reel), _lead(path, frames), exact, planes)


def write_dnxhr(
    path: str | Path,
    frames: Iterable[Picture],
    rate: Fraction | str | float,
    timecode: str | None = None,
    reel: str | None = None,
    metadata: dict[str, str] | None = None,
    profile: DnxHr = "hqx",
    tags: Tags = "bt709",
) -> int:
    """Write display-encoded R'G'B' pictures as DNxHR in a MOV or MXF (OP1a) file, by its ending; returns how many frames it holds.

    ``hqx`` is 4:2:2 in 10 bits, ``444`` R'G'B' as 4:4:4 in 10 bits, ``hq``, ``sq`` and ``lb`` 4:2:2 in 8 bits. MXF keeps the timecode
    but neither reel nor metadata. Frames are at least 256 by 120 pixels. Raises as ``write_prores``.
    """
    path, exact = Path(path), frame_rate(rate)
    if path.suffix.lower() not in (".mov", ".mxf"):
        raise BadInput(path, "DNxHR goes into a MOV or MXF file", "name it .mov or .mxf")
    colour, bits = _COLOURS[tags], 10 if profile in ("hqx", "444") else 8
    layout = "yuv444p10le" if profile == "444" else "yuv422p10le" if profile == "hqx" else "yuv422p"

    def planes(picture: Picture) -> list[NDArray[Any]]:
        if picture.shape[1] < 256 or picture.shape[0] < 120:
            raise BadInput(path, f"frames are {picture.shape[1]}x{picture.shape[0]}", "DNxHR begins at 256x120")
        y, cb, cr = from_rgb(picture, bits, colour.matrix)
        parts = [y, cb, cr] if profile == "444" else [y, _halved_across(cb), _halved_across(cr)]
        return parts if bits == 10 else [part.astype(np.uint8) for part in parts]

    notes = dict(metadata or {})
    if reel:
        notes.setdefault("com.apple.proapps.reel", reel)
    mov = path.suffix.lower() == ".mov"
    with _written(path, exact, timecode, notes if mov else {}, {"movflags": "use_metadata_tags"} if mov else {}) as container:
        codec = _Codec("dnxhd", layout, {"profile": f"dnxhr_{profile}"}, colour, reel if mov else None)
        return _encode(container, codec, _lead(path, frames), exact, planes)


def write_hdr10(
    path: str | Path,
    frames: Iterable[Picture],
    rate: Fraction | str | float,
    hdr: Hdr10,
    timecode: str | None = None,
    quality: int = 16,
) -> int:
    """Write PQ-encoded R'G'B' pictures with BT.2020 primaries as HEVC Main 10 in MP4 or MOV; returns how many frames it holds.

    The monitor and the light levels stand in the stream (SEI) and in the container (``mdcv``, ``clli``); chroma is sited top left, as
    Ultra HD asks. The tag is ``hvc1``, which all players take. Raises as ``write_prores``.
    """
    path, exact = Path(path), frame_rate(rate)
    if path.suffix.lower() not in (".mp4", ".mov"):
        raise BadInput(path, "HDR10 goes into an MP4 or MOV file", "name it .mp4 or .mov")
    colour = _COLOURS["bt2020_pq"]

    def planes(picture: Picture) -> list[NDArray[Any]]:
        odd = [(0, size % 2) for size in picture.shape[:2]]
        y, cb, cr = from_rgb(np.pad(picture, [*odd, (0, 0)], mode="edge"), 10, colour.matrix)
        return [y, _halved_across(_halved_across(cb).T).T, _halved_across(_halved_across(cr).T).T]

    # A fixed number of threads, as for the proxy: same input, same bytes.
    options = {
        "preset": "fast",
        "crf": str(quality),
        "x265-params": f"{hdr.x265()}:chromaloc=2:pools=1:frame-threads=1:log-level=error:info=0",
    }
    with _written(path, exact, timecode, {}, {}, hdr) as container:
        return _encode(container, _Codec("libx265", "yuv420p10le", options, colour, tag="hvc1"), _lead(path, frames), exact, planes)


def write_proxy(
    path: str | Path,
    frames: Iterable[Picture],
    rate: Fraction | str | float,
    timecode: str | None = None,
    quality: int = 20,
) -> int:
    """Write display-encoded R'G'B' pictures as a silent H.264 MP4 of key frames only; returns how many frames it holds.

    Frame count and start timecode equal the source's, the index comes first (a browser can seek at once), odd sizes are padded by
    one edge pixel. ``quality`` is x264's constant rate factor: lower is better, 18 looks like the source. Raises as ``write_prores``.
    """
    path, exact = Path(path), frame_rate(rate)

    def planes(picture: Picture) -> list[NDArray[Any]]:
        odd = [(0, size % 2) for size in picture.shape[:2]]
        even = np.pad(picture, [*odd, (0, 0)], mode="edge") if odd != [(0, 0), (0, 0)] else picture
        y, cb, cr = from_rgb(even, 8, 1)
        return [plane.astype(np.uint8) for plane in (y, halved_left(cb), halved_left(cr))]

    return _proxy(
        path, lambda container, codec: _encode(container, codec, _lead(path, frames), exact, planes), exact, timecode, quality
    )


def encode_proxy(path: Path, frames: Iterable[Any], rate: Fraction | str | float, timecode: str | None, quality: int) -> int:
    """Write ``av.VideoFrame`` pictures (yuv420p, limited BT.709, left-sited) as ``write_proxy`` writes arrays; returns their number."""
    exact = frame_rate(rate)

    def encode(container: Any, codec: _Codec) -> int:
        return _muxed(container, codec, frames, exact)

    return _proxy(path, encode, exact, timecode, quality)


def _proxy(path: Path, encode: Callable[[Any, _Codec], int], rate: Fraction, timecode: str | None, quality: int) -> int:
    # A fixed number of threads: x264 may choose other bytes with another number.
    options = {"crf": str(quality), "preset": "veryfast", "x264-params": "keyint=1:bframes=0:threads=2:scenecut=0"}
    with _written(path, rate, timecode, {}, {"movflags": "faststart"}) as container:
        return encode(container, _Codec("libx264", "yuv420p", options, _COLOURS["bt709"]))


def proxy_sized(picture: Picture) -> Picture:
    """A scene-linear picture at most `PROXY_LONGEST` pixels on its longer side, averaged down in linear light, sides even."""
    height, width = picture.shape[:2]
    share = PROXY_LONGEST / max(height, width)
    if share >= 1.0:
        return picture
    size = (2 * round(width * share / 2), 2 * round(height * share / 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def write_thumbnail(path: str | Path, rgb: Picture, width: int = 320) -> None:
    """Write a display-encoded R'G'B' picture, 0..1, as a JPEG at most ``width`` pixels wide."""
    height = max(1, round(rgb.shape[0] * min(1.0, width / rgb.shape[1])))
    small = np.nan_to_num(rgb.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    if rgb.shape[1] > width:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    codes = np.rint(np.clip(small, 0.0, 1.0) * 255.0).astype(np.uint8)
    done, data = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} cannot be a JPEG")
    write_atomically(Path(path), data.tobytes())


def _lead(path: Path, frames: Iterable[Picture]) -> Iterator[Picture]:
    """The pictures, after making sure that there is one and that all have one size."""
    size = None
    for number, picture in enumerate(frames):
        size = size or picture.shape
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.shape != size:
            raise BadInput(path, f"frame {number} is {picture.shape} where the first is {size}", "give pictures of one size")
        yield picture
    if size is None:
        raise BadInput(path, "there are no frames to write", "give at least one frame")


@contextmanager
def _written(
    path: Path, rate: Fraction, timecode: str | None, notes: dict[str, str], options: dict[str, str], hdr: Hdr10 | None = None
) -> Iterator[Any]:
    """A container that appears at ``path`` when everything went well."""
    if timecode is not None:
        Timecode.parse(timecode, rate)  # FFmpeg writes no track at all for a label that does not exist
    with replacing(path) as temporary:
        try:
            with av.open(str(temporary), "w", options=options) as container:
                container.metadata.update(notes)
                if timecode is not None:
                    container.metadata["timecode"] = timecode
                yield container
            if hdr is not None:
                add_boxes(temporary, hdr)
        except av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error


def _encode(container: Any, codec: _Codec, pictures: Iterator[Picture], rate: Fraction, planes: Any) -> int:
    return _muxed(container, codec, (_frame(planes(picture), codec) for picture in pictures), rate)


def _muxed(container: Any, codec: _Codec, frames: Iterable[Any], rate: Fraction) -> int:
    stream: Any = None
    count = sent = 0
    for frame in frames:
        if stream is None:
            stream = container.add_stream(codec.name, rate=rate, options=codec.options)
            stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, codec.layout
            stream.time_base = 1 / rate
            context = stream.codec_context
            context.time_base = 1 / rate
            context.color_primaries, context.color_trc = codec.colour.primaries, codec.colour.transfer
            context.colorspace, context.color_range = codec.colour.named_matrix, _LIMITED
            if codec.tag:
                context.codec_tag = codec.tag
            if codec.reel:
                stream.metadata["reel_name"] = codec.reel
        frame.color_primaries, frame.color_trc = codec.colour.primaries, codec.colour.transfer
        frame.colorspace, frame.color_range = codec.colour.named_matrix, _LIMITED
        frame.pts, frame.time_base = count, 1 / rate
        sent = _sent(container, codec, stream.encode(frame), sent)
        count += 1
    if stream is not None:
        _sent(container, codec, stream.encode(None), sent)
    return count


def _sent(container: Any, codec: _Codec, packets: Iterable[Any], sent: int) -> int:
    """Mux packets; returns how many have been sent. x265 leaves decoding times unset where a film is shorter than its reordering.

    What it means by them is the place in coding order less the depth of reordering, two with its pyramid of B pictures.
    """
    for packet in packets:
        if codec.name == "libx265":
            packet.dts = sent - 2
        container.mux(packet)
        sent += 1
    return sent


def _frame(parts: list[NDArray[Any]], codec: _Codec) -> Any:
    height, width = parts[0].shape
    frame = av.VideoFrame(width, height, codec.layout)
    for plane, samples in zip(frame.planes, parts, strict=True):
        padded = np.zeros((plane.height, plane.line_size // samples.itemsize), samples.dtype)
        padded[:, : samples.shape[1]] = samples
        plane.update(padded)
    return frame


def _halved_across(c: NDArray[Any]) -> NDArray[np.uint16]:
    """Chroma at every other column, co-sited (SMPTE RP 157: 4:2:2 chroma lies on the even luma samples): weights 1 2 1."""
    wide = np.pad(c.astype(np.uint32), ((0, 0), (1, 1 + c.shape[1] % 2)), mode="edge")
    return ((wide[:, 0:-2:2] + 2 * wide[:, 1:-1:2] + wide[:, 2::2] + 2) >> 2).astype(np.uint16)
