"""A run of frames, whatever it lies in: a folder of stills, one still, or a movie."""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from fractions import Fraction
from pathlib import Path

from answerprint.media import camera_raw, dng, exr, stills
from answerprint.media.frames import FileFormat, FrameHeader, SourceFrame, Storage, alpha_name
from answerprint.media.movie_reader import SUFFIXES as MOVIE_SUFFIXES
from answerprint.media.movie_reader import MovieReader, ProResRaw
from answerprint.production import BadInput, Timecode, frame_rate

FORMATS: dict[str, FileFormat] = {".exr": "exr", ".dng": "dng", **stills.SUFFIXES}
_NUMBERED = re.compile(r"^(.*?)(-?\d+)(\D*)$")


class FrameSequence(ABC):
    """Frames of one size in order, read one at a time.

    ``rate`` is frames per second or None; ``start_timecode`` the label of the first frame; ``missing`` the numbers that a folder's
    numbering skips (``count`` counts the files there are; ``number`` says which number a frame carries); ``channels`` the first
    frame's channel names; ``names`` one file name for each frame, invented for a movie. Sequences can be pickled and reopened.
    """

    path: Path
    count: int
    rate: Fraction | None
    width: int
    height: int
    channels: list[str]
    names: list[str]
    start_timecode: str | None
    reel: str | None
    colour_tag: str | None
    storage: Storage
    file_format: FileFormat
    missing: list[int]
    pixel_aspect: float

    def __len__(self) -> int:
        return self.count

    @property
    def has_alpha(self) -> bool:
        return alpha_name(self.channels) is not None

    @abstractmethod
    def read(self, index: int) -> SourceFrame:
        """Frame ``index``, 0-based. Raises IndexError beyond the end and BadInput for a frame that cannot be read whole."""

    @abstractmethod
    def file(self, index: int) -> Path:
        """The file that holds frame ``index``."""

    def number(self, index: int) -> int:
        """The number frame ``index`` carries in its file name; its place in the sequence where names have none."""
        return index

    def timecode(self, index: int) -> str | None:
        """The label of frame ``index``, counted from the first; gaps in the numbering are counted through."""
        if self.start_timecode is None or self.rate is None:
            return None
        try:
            return str(Timecode.parse(self.start_timecode, self.rate) + (self.number(index) - self.number(0)))
        except BadInput:
            return None

    def close(self) -> None:  # noqa: B027 - a folder holds nothing open
        """Let go of whatever is held open; reading again reopens it."""


class FolderSequence(FrameSequence):
    """Still files in name order."""

    def __init__(self, path: Path, files: list[Path], rate: Fraction | None) -> None:
        self.path, self._files, self.count = path, files, len(files)
        first, self.channels = self._header(files[0])
        self.file_format, self.storage = first.file_format, first.storage
        self.width, self.height, self.pixel_aspect = first.width, first.height, first.pixel_aspect
        self.rate = rate or first.rate
        self.start_timecode = first.timecode
        reel = first.attributes.get("reelName") or first.attributes.get("dpx:InputDevice")
        self.reel = str(reel) if reel else None
        self.colour_tag = exr.colour_tag(first.attributes) if first.file_format in ("exr", "dng") else stills.colour_tag(first)
        self.names = [file.name for file in files]
        self._numbers = _numbers(self.names)
        present = set(self._numbers)
        self.missing = [n for n in range(self._numbers[0], self._numbers[-1]) if n not in present]
        for file in files[1:]:
            self._check(file, self._header(file)[0])

    def read(self, index: int) -> SourceFrame:
        if not 0 <= index < self.count:
            raise IndexError(f"frame {index} of {self.count}")
        file = self._files[index]
        read = {"exr": exr.read_exr, "dng": dng.read_dng}.get(self.file_format, stills.read_still)
        frame = read(file)
        self._check(file, frame.header)
        return frame

    def file(self, index: int) -> Path:
        return self._files[index]

    def number(self, index: int) -> int:
        return self._numbers[index]

    def _header(self, file: Path) -> tuple[FrameHeader, list[str]]:
        return {".exr": exr.read_header, ".dng": dng.read_header}.get(file.suffix.lower(), stills.read_header)(file)

    def _check(self, file: Path, header: FrameHeader) -> None:
        if (header.width, header.height) != (self.width, self.height):
            raise BadInput(file, f"is {header.width}x{header.height} where {self.names[0]} is {self.width}x{self.height}",
                           "keep frames of one size in a folder")  # fmt: skip


class MovieSequence(FrameSequence):
    """The frames of a movie file, as 16-bit codes of its own matrix."""

    def __init__(self, path: Path, rate: Fraction | None) -> None:
        self.path = path
        self._reader = MovieReader(path)
        self.count = len(self._reader.times)
        self.rate = self._reader.rate = rate or self._reader.rate
        self.width, self.height, self.channels = self._reader.width, self._reader.height, self._reader.channels
        self.pixel_aspect = self._reader.pixel_aspect
        self.start_timecode, self.reel = self._reader.start_timecode, self._reader.reel
        self.colour_tag, self.storage, self.file_format = self._reader.colour_tag, "uint16", "movie"
        self.names = [f"{path.stem}.{index:06d}.tif" for index in range(self.count)]
        self.missing = []

    @property
    def metadata(self) -> dict[str, str]:
        """What the container says beside the picture."""
        return self._reader.metadata

    @property
    def codec(self) -> str:
        return self._reader.codec

    @property
    def reader(self) -> MovieReader:
        """The decoder behind the frames."""
        return self._reader

    def read(self, index: int) -> SourceFrame:
        return self._reader.read(index)

    def file(self, index: int) -> Path:
        return self.path

    def close(self) -> None:
        self._reader.close()


def open_sequence(path: str | Path, rate: Fraction | str | float | None = None) -> FrameSequence:
    """Open a folder of EXR, DPX, TIFF, PNG, JPEG or CinemaDNG frames, a single still, a movie, or camera raw through its maker's tool.

    ``rate`` overrides what the files say. Hidden files and files of other kinds are passed over. Raises BadInput, naming the file,
    for what is empty, unreadable, cut off, of mixed size or mixed format.
    """
    path = Path(path)
    exact = None if rate is None else rate if isinstance(rate, Fraction) else frame_rate(rate)
    if path.is_dir():
        return FolderSequence(path, _frames_in(path), exact)
    if not path.exists():
        raise BadInput(path, "does not exist", "check the path")
    if path.suffix.lower() in FORMATS:
        return FolderSequence(path, [path], exact)
    if path.suffix.lower() in camera_raw.KINDS:
        return _developed(path, exact)
    if path.suffix.lower() in MOVIE_SUFFIXES or path.is_file():
        try:
            return MovieSequence(path, exact)
        except ProResRaw:
            return _developed(path, exact, camera_raw.PRORES_RAW)
    raise BadInput(path, "is not a frame, a frame folder or a movie", "give EXR, DPX, TIFF, PNG, JPEG, MOV, MP4 or MXF")


def _developed(clip: Path, rate: Fraction | None, kind: str = "") -> FrameSequence:
    """The frames that the maker's tool makes of a camera raw clip, under the clip's own path."""
    tool = camera_raw.reader_for(clip, kind)
    folder = tool.develop(clip)
    sequence = FolderSequence(folder, _frames_in(folder), rate)
    sequence.path = clip
    sequence.colour_tag = tool.space or sequence.colour_tag
    return sequence


def _frames_in(folder: Path) -> list[Path]:
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise BadInput(folder, f"cannot be listed ({error.strerror})", "check its permissions") from None
    frames = sorted((e for e in entries if e.suffix.lower() in FORMATS and e.is_file()), key=lambda e: _in_order(e.name))
    if not frames:
        movie = next((e.name for e in sorted(entries) if e.suffix.lower() in MOVIE_SUFFIXES), None)
        remedy = f"give the movie itself: {movie}" if movie else "give a folder of EXR, DPX, TIFF, PNG or JPEG frames"
        raise BadInput(folder, "holds no frames", remedy)
    kinds = {FORMATS[e.suffix.lower()] for e in frames}
    if len(kinds) > 1:
        raise BadInput(folder, f"holds frames of several formats ({', '.join(sorted(kinds))})", "keep one format in a folder")
    return frames


def _in_order(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Name order in which shot_9 comes before shot_10."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(p)) if p.isdecimal() else (0, p) for p in parts], name


def _numbers(names: list[str]) -> list[int]:
    """The frame numbers in the names where all share one pattern and rise, else 0, 1, 2 ...

    The number is the last one that changes from name to name (``sh010.1001.left``), with its sign where that makes it rise.
    """
    parts = [re.split(r"(\d+)", Path(name).stem) for name in names]
    if len({tuple(part[0::2]) for part in parts}) == 1 and len(parts[0]) > 1:
        changing = [at for at in range(1, len(parts[0]), 2) if len({part[at] for part in parts}) > 1]
        numbers = [int(part[changing[-1] if changing else -2]) for part in parts]
        if all(a < b for a, b in itertools.pairwise(numbers)):
            return numbers
    found = [_NUMBERED.match(Path(name).stem) for name in names]
    if len({(m[1], m[3]) if m else None for m in found}) == 1 and found[0]:
        numbers = [int(m[2]) for m in found if m]
        if all(a < b for a, b in itertools.pairwise(numbers)):
            return numbers
    return list(range(len(names)))
