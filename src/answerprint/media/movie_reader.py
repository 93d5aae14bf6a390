"""Movies in: any frame, exactly, as 16-bit R'G'B' codes."""

from __future__ import annotations

import math
import os
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from answerprint.media.frames import FrameHeader, Plane, SourceFrame
from answerprint.media.ycbcr import Encoding, Siting, to_rgb16
from answerprint.production import BadInput, Timecode

SUFFIXES = frozenset({".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".avi", ".webm", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".wmv"})
_KEPT_BYTES = 24 << 20  # decoded pictures kept for a reader that steps back a few frames
_FORWARD = 8  # frames decoded on rather than seeking, even when a key frame lies between
# Pictures that may come before an earlier one: some H.264 says it reorders nothing, and does. Its decoder holds 16 at the most.
_REORDERED = 16

# H.273 numbers as FFmpeg spells them.
_TRANSFERS = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4", 13: "iec61966-2-1",
    14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
# Packed or semi-planar layouts and the planar one that holds the same samples: a change of order, not of value.
_UNEVEN = ("yuv411p", "yuvj411p", "yuv410p")
_PLANAR = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "p010le": "yuv420p10le", "p210le": "yuv422p10le", "uyvy422": "yuv422p",
    "yuyv422": "yuv422p", "y210le": "yuv422p10le", "rgb24": "gbrp", "bgr24": "gbrp", "rgb0": "gbrp", "bgr0": "gbrp", "0rgb": "gbrp",
    "rgba": "gbrap", "bgra": "gbrap", "argb": "gbrap", "abgr": "gbrap", "rgb48le": "gbrp16le", "rgb48be": "gbrp16le",
    "rgba64le": "gbrap16le", "rgba64be": "gbrap16le", "pal8": "gbrap", "ayuv64le": "yuva444p16le",
}  # fmt: skip


class ProResRaw(BadInput):
    """A ProRes RAW movie: what its numbers mean in light and colour is known to its maker's tool alone.

    FFmpeg decodes ProRes RAW to numbers and passes over the frame header's white balance, matrix, black level and curve; Apple publishes
    neither their places nor the curve.
    """


@dataclass(frozen=True)
class _Picture:
    """One decoded picture, its presentation time in the stream's units, and whether an error reached it."""

    frame: Any
    time: int | None
    damaged: bool


class MovieReader:
    """Random access to the frames of one movie file; safe to share between threads, and reopened after pickling.

    ``times`` are the presentation times of every frame that decoding would give, in order (found without decoding).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._container: Any = None
        self._decoder: Iterator[_Picture] | None = None
        self._next = 0
        self._kept: OrderedDict[int, _Picture] = OrderedDict()
        self._by_count = False
        self._process = os.getpid()
        self._probe()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_container", "_decoder", "_kept", "_next")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock, self._container, self._decoder, self._kept, self._next = threading.RLock(), None, None, OrderedDict(), 0
        self._process = os.getpid()

    def close(self) -> None:
        """Let go of the file and of decoded pictures; reading again reopens it."""
        with self._lock:
            self._decoder = None
            self._kept.clear()
            if self._container is not None:
                self._container.close()
                self._container = None

    def read(self, index: int) -> SourceFrame:
        """Frame ``index``, 0-based in presentation order. Raises IndexError beyond the end, BadInput for damage."""
        if not 0 <= index < len(self.times):
            raise IndexError(f"frame {index} of {len(self.times)}")
        if self._process != os.getpid():  # a forked child shares the file position with its parent: it opens its own
            self.__setstate__(self.__getstate__())
        with self._lock:
            return self._converted(self._picture(index), index)

    def pictures(self) -> Iterator[Any]:
        """Every frame in order as FFmpeg decoded it, for its own filters. Raises BadInput for damage, as ``read`` does."""
        for index in range(len(self.times)):
            with self._lock:
                decoded = self._picture(index)
            if decoded.damaged:
                raise BadInput(self.path, f"frame {index} is damaged", "copy or export the movie again")
            yield decoded.frame

    def encoding(self) -> Encoding | None:
        """How the samples are coded where they are upright planar Y'CbCr, which FFmpeg's filters take as they are; None elsewhere."""
        with self._lock:
            frame = self._picture(0).frame
        name = frame.format.name
        upright = not math.isfinite(frame.rotation) or round(frame.rotation / 90) % 4 == 0
        if not upright or not name.startswith(("yuv4", "yuva4", "yuvj4")) or name.endswith("be") or name.startswith(_UNEVEN):
            return None
        return _encoding(frame, name, frame.format.components[0].bits, self.codec)

    # Looking without decoding

    def _probe(self) -> None:
        container = self._open()
        try:
            stream = self._video(container)
            if stream.codec_context.name == "prores_raw":
                raise ProResRaw(self.path, "is ProRes RAW", "develop it to ProRes 4444 or EXR")
            self.times, self._keys = self._packets(container, stream)
            self.rate: Fraction | None = stream.average_rate or stream.guessed_rate or stream.base_rate
            tags = {**container.metadata, **stream.metadata}
            for other in container.streams:
                tags = {**other.metadata, **tags} if other.type == "data" else tags
            self.start_timecode: str | None = tags.get("timecode")
            self.reel: str | None = tags.get("reel_name") or tags.get("com.apple.proapps.reel") or tags.get("reel")
            self.metadata = {**container.metadata, **stream.metadata}
            context = stream.codec_context
            self.codec: str = context.name
            self.colour_tag = _TRANSFERS.get(context.color_trc)
            self.pixel_aspect = float(stream.sample_aspect_ratio or 1)
        finally:
            container.close()
        self._start()

    def _packets(self, container: Any, stream: Any) -> tuple[list[int], list[int]]:
        times, keys, cut_off, whole = [], [], False, 0
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                cut_off = cut_off or packet.is_corrupt
                whole += not packet.is_corrupt
                if packet.is_discard:
                    continue
                times.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except av.FFmpegError as error:
            raise BadInput(self.path, f"cannot be read to its end ({error.strerror})", "copy or export the movie again") from None
        if cut_off or (stream.frames and container.format.name.startswith("mov") and whole < stream.frames * 0.98):
            raise BadInput(self.path, f"is cut off: {whole} of {stream.frames or 'unknown'} frames are whole",
                           "copy or export the movie again")  # fmt: skip
        if not times:
            raise BadInput(self.path, "has no video frames", "export it again with a picture")
        reordered = "avi" in container.format.name and stream.codec_context.has_b_frames
        if reordered or any(t is None for t in times) or len(set(times)) != len(times):
            return self._counted()
        return sorted(times), sorted(keys)

    def _counted(self) -> tuple[list[int], list[int]]:
        """Where packets carry no usable times (AVI), frames are counted from the first one, and nothing is skipped by seeking."""
        container = self._open()
        try:
            count = sum(1 for _ in container.decode(self._video(container)))
        except av.FFmpegError as error:
            raise BadInput(self.path, f"cannot be decoded ({error.strerror})", "copy or export the movie again") from None
        finally:
            container.close()
        self._by_count = True
        return list(range(count)), [0]

    def _start(self) -> None:
        """Decode the first picture: it shows whether the movie can be decoded, and which frames before it never come out."""
        self._restart(None)
        first = next(self._decoder, None) if self._decoder else None
        if first is None or (first.time != self.times[0] and self.times[0] in self._keys):
            raise BadInput(self.path, "its first frame cannot be decoded", "copy or export the movie again")
        self.times = [t for t in self.times if first.time is None or t >= first.time]
        frame = self._converted(first, 0)
        self.width, self.height = frame.header.width, frame.header.height
        self.channels = list(frame.planes)
        self._next = 1

    # Decoding

    def _open(self) -> Any:
        if not self.path.is_file():
            raise BadInput(self.path, "does not exist", "check the path")
        try:
            return av.open(str(self.path), metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise BadInput(self.path, f"is not a movie that can be read ({reason})", "copy or export it again") from None

    def _video(self, container: Any) -> Any:
        streams = [s for s in container.streams.video if "attached_pic" not in str(s.disposition)]
        if not streams:
            raise BadInput(self.path, "has no video stream", "give a movie with a picture")
        stream = streams[0]
        if stream.codec_context is None:
            raise BadInput(self.path, "its video codec is unknown", "transcode it to ProRes or H.264")
        return stream

    def _restart(self, time: int | None) -> None:
        """Begin decoding at the key frame at ``time``, or from the first packet."""
        if self._container is not None:
            self._container.close()
        self._container = self._open()
        stream = self._video(self._container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = min(4, os.cpu_count() or 1)
        if time is not None:
            self._container.seek(time, stream=stream, backward=True)
        self._decoder = self._pictures(self._container, stream)
        self._next = -1 if time is not None else 0

    def _pictures(self, container: Any, stream: Any) -> Iterator[_Picture]:
        """Decoded pictures; what follows an error is damaged until the next key frame."""
        damaged, count = False, 0
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                damaged = True
                continue
            for picture in pictures:
                damaged = bool((damaged and not picture.key_frame) or picture.is_corrupt)
                yield _Picture(picture, count if self._by_count else picture.pts, damaged)
                count += 1

    def _picture(self, index: int) -> _Picture:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        wanted = self.times[index]
        key = bisect_right(self._keys, wanted) - 1
        ahead = self._decoder is not None and 0 <= self._next <= index
        near = ahead and (index - self._next <= _FORWARD or key < 0 or self._keys[key] <= self.times[self._next])
        if not near:
            self._restart(self._keys[key] if key > 0 else None)
        while True:
            picture = self._decode_to(wanted)
            if picture is not None:
                return picture
            if key < 0:
                raise BadInput(self.path, f"frame {index} cannot be decoded", "copy or export the movie again")
            key -= 1
            self._restart(self._keys[key] if key > 0 else None)

    def _decode_to(self, wanted: int) -> _Picture | None:
        """Decode on until the wanted time; None when decoding began behind it or it never comes."""
        assert self._decoder is not None
        later = 0
        try:
            for picture in self._decoder:
                later += picture.time is not None and picture.time > wanted
                if picture.time is None or later > _REORDERED:
                    break
                found = bisect_left(self.times, picture.time)
                if self.times[found] == picture.time:
                    self._next = found + 1
                    self._keep(found, picture)
                if picture.time == wanted:
                    return picture
        except av.FFmpegError as error:
            raise BadInput(self.path, f"cannot be read on ({error.strerror})", "copy or export the movie again") from None
        self._next = -1
        return None

    def _keep(self, index: int, picture: _Picture) -> None:
        self._kept[index] = picture
        self._kept.move_to_end(index)
        each = max(1, sum(plane.buffer_size for plane in picture.frame.planes))
        while len(self._kept) > max(2, _KEPT_BYTES // each):
            self._kept.popitem(last=False)

    # From samples to codes

    def _converted(self, decoded: _Picture, index: int) -> SourceFrame:
        picture = decoded.frame
        if decoded.damaged:
            raise BadInput(self.path, f"frame {index} is damaged", "copy or export the movie again")
        planes = _rgb_planes(picture, self.codec, self.path)
        turns = round(picture.rotation / 90) % 4 if math.isfinite(picture.rotation) else 0
        if turns:
            planes = {name: np.ascontiguousarray(np.rot90(plane, turns)) for name, plane in planes.items()}
        height, width = planes["R"].shape
        header = FrameHeader(
            width, height, storage="uint16", file_format="movie", timecode=self.timecode(index), rate=self.rate,
            pixel_aspect=self.pixel_aspect if turns % 2 == 0 else 1 / self.pixel_aspect,
        )  # fmt: skip
        return SourceFrame(planes, header)

    def timecode(self, index: int) -> str | None:
        """The label of a frame, counted from the start label; None where the movie has none that exists at its rate."""
        if self.start_timecode is None or self.rate is None:
            return None
        try:
            return str(Timecode.parse(self.start_timecode, self.rate) + index)
        except BadInput:
            return None


def _rgb_planes(picture: Any, codec: str, path: Path) -> dict[str, Plane]:
    """R, G, B (and A) planes of 16-bit codes from one decoded picture."""
    name = picture.format.name
    if name in _PLANAR:
        name = _PLANAR[name]
        picture = picture.reformat(format=name)
    bits = picture.format.components[0].bits
    samples = [_samples(picture, i) for i in range(len(picture.planes))]
    if name.startswith("gbr"):
        planes = dict(zip("GBRA", (_spread(s, bits) for s in samples), strict=False))
        return {c: planes[c] for c in "RGBA" if c in planes}
    if name.startswith("bayer"):
        raise BadInput(path, "is a sensor's mosaic, whose camera colour is not in the stream",
                       "develop it in its maker's program to ProRes 4444 or EXR")  # fmt: skip
    if not name.startswith(("yuv4", "yuva4", "yuvj4", "gray")) or name.endswith("be") or name.startswith(_UNEVEN):
        raise BadInput(path, f"has pixels of the kind {name}, which cannot be read exactly", "transcode it to ProRes or H.264")
    encoding = _encoding(picture, name, bits, codec)
    if name.startswith("gray"):
        neutral = np.full_like(samples[0], 1 << (bits - 1))
        grey = to_rgb16(samples[0], neutral, neutral, encoding)[1]
        return {"R": grey, "G": grey.copy(), "B": grey.copy()}
    planes = dict(zip("RGB", to_rgb16(samples[0], samples[1], samples[2], encoding), strict=True))
    if len(samples) == 4:
        planes["A"] = _spread(samples[3], bits)
    return planes


def _encoding(picture: Any, name: str, bits: int, codec: str) -> Encoding:
    """What the picture says of its coding; BT.709, limited range, co-sited left where it says nothing."""
    matrix = int(picture.colorspace)
    full = int(picture.color_range) == 2 or name.startswith("yuvj")
    siting: Siting = "left"
    if codec == "mjpeg":
        siting = "centre"
    elif matrix == 9 and name.startswith("yuv420"):
        siting = "top_left"  # ITU-R BT.2020-2 table 4: chroma sits on the first luma sample
    return Encoding(matrix if matrix in (1, 4, 5, 6, 7, 9) else 1, bits, full, siting)


def _samples(picture: Any, index: int) -> Any:
    plane = picture.planes[index]
    kind = np.dtype(np.uint8 if picture.format.components[0].bits == 8 else "<u2")
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: plane.height, : plane.width]


def _spread(samples: Any, bits: int) -> Plane:
    """Full-range codes of any depth spread over 16 bits by bit replication, as OpenImageIO does."""
    wide = samples.astype(np.uint32) << (16 - bits)
    shift = bits
    while shift < 16:
        wide |= wide >> shift
        shift *= 2
    return np.asarray(wide, np.uint16)
