"""One frame as its file holds it: native code values, every channel, both windows, and all that the header said.

Nothing here converts colour or scales codes. An operation reads ``rgb()``, decides, and hands back codes and a mask through
``with_rgb``; whatever the mask leaves out is the very bits that were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
Storage = Literal["uint8", "uint10", "uint12", "uint16", "half", "float"]
FileFormat = Literal["exr", "dpx", "tiff", "png", "jpeg", "dng", "movie"]
Attribute = str | int | float | tuple[Any, ...]

_GREY_NAMES = ("Y", "L", "I", "y")


@dataclass(frozen=True)
class NativeAttribute:
    """A header attribute in the file format's own terms, so that what nobody changed is written back exactly.

    ``type`` is the format's type name (``v2f``, ``rational``, ``int``); ``data`` the stored bytes where the format has them.
    """

    name: str
    type: str
    data: bytes = b""


@dataclass(frozen=True)
class FrameHeader:
    """What a frame's file says besides its pixels.

    ``width`` and ``height`` are those of the display window, in pixels; ``display_origin`` is its first pixel (x, y).
    ``data_window`` is (x0, y0, x1, y1), half-open, in the same pixel coordinates; it may reach beyond the display window
    (overscan), lie inside it, or miss it altogether. ``pixel_aspect`` is pixel width over height. ``timecode`` is the true
    label, whatever the rate; ``rate`` is frames per second where the file says so. ``part`` names the part that was read
    from a multi-part EXR. ``attributes`` are kept and written back; ``native`` remembers their exact form.
    """

    width: int
    height: int
    display_origin: tuple[int, int] = (0, 0)
    data_window: tuple[int, int, int, int] = (0, 0, 0, 0)
    pixel_aspect: float = 1.0
    storage: Storage = "float"
    file_format: FileFormat = "exr"
    compression: str | None = None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    timecode: str | None = None
    rate: Fraction | None = None
    part: str | None = None
    native: tuple[NativeAttribute, ...] = ()

    def __post_init__(self) -> None:
        if self.data_window == (0, 0, 0, 0):
            x, y = self.display_origin
            object.__setattr__(self, "data_window", (x, y, x + self.width, y + self.height))

    @property
    def data_size(self) -> tuple[int, int]:
        """Width and height of the data window."""
        x0, y0, x1, y1 = self.data_window
        return x1 - x0, y1 - y0

    def with_timecode(self, label: str | None, rate: Fraction | None) -> FrameHeader:
        """This header with another timecode label and rate."""
        return replace(self, timecode=label, rate=rate)


@dataclass(frozen=True)
class SourceFrame:
    """The channels of one frame in native code values over the data window, with the header.

    ``planes`` maps channel names, in file order, to 2-D arrays: uint8; uint16 (10- and 12-bit codes are spread over 16 bits by
    bit replication); float16; float32; uint32 for EXR identifiers.
    """

    planes: dict[str, Plane]
    header: FrameHeader

    @property
    def colour_names(self) -> tuple[str, str, str]:
        """The three channels a viewer would show; one name three times for a grey file."""
        return colour_names(self.planes)

    def rgb(self) -> Plane:
        """The colour codes over the display window, (height, width, 3), 0 where the data window does not reach."""
        names = self.colour_names
        kind = np.result_type(*(self.planes[name].dtype for name in names))
        out = np.zeros((self.header.height, self.header.width, 3), kind)
        display, data = self._overlap()
        for index, name in enumerate(names):
            out[(*display, index)] = self.planes[name][data]
        return out

    def overflow(self) -> dict[str, tuple[int, int, int]]:
        """For each float channel with any: how many samples are not a number, infinite, and at the end of half (65504)."""
        found = {}
        for name, plane in self.planes.items():
            if plane.dtype.kind == "f":
                size = np.abs(plane)
                counts = (int(np.isnan(plane).sum()), int(np.isinf(plane).sum()), int((size == 65504).sum()))
                if any(counts):
                    found[name] = counts
        return found

    def alpha(self) -> Plane | None:
        """The coverage codes over the display window, (height, width), or None where the file has none."""
        name = alpha_name(self.planes)
        if name is None:
            return None
        out = np.zeros((self.header.height, self.header.width), self.planes[name].dtype)
        display, data = self._overlap()
        out[display] = self.planes[name][data]
        return out

    def with_rgb(self, codes: Plane, where: NDArray[np.bool_]) -> SourceFrame:
        """A new frame that holds ``codes`` (height, width, 3) under ``where`` (height, width), and this frame elsewhere.

        Pixels outside ``where``, other channels and overscan keep their bits. A grey file takes the green channel. Pixels the
        data window does not reach do not exist in the plate and are not made.
        """
        expected = (self.header.height, self.header.width)
        if codes.shape != (*expected, 3) or where.shape != expected:
            raise ValueError(f"codes {codes.shape} and mask {where.shape} do not fit a display window of {expected}")
        names = self.colour_names
        grey = names[0] == names[1]
        display, data = self._overlap()
        mask = where[display].astype(bool, copy=False)
        planes = dict(self.planes)
        for index, name in enumerate(names[:1] if grey else names):
            plane = self.planes[name].copy()
            offered = codes[(*display, 1 if grey else index)]
            if plane.dtype.kind != offered.dtype.kind or (plane.dtype.kind == "u" and plane.dtype != offered.dtype):
                raise ValueError(f"codes of {offered.dtype} offered for channel {name!r} of {plane.dtype}")
            with np.errstate(over="ignore", invalid="ignore"):
                plane[data][mask] = offered[mask].astype(plane.dtype, copy=False)
            planes[name] = plane
        return replace(self, planes=planes)

    def _overlap(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Where display and data windows meet: as slices of a display-sized and of a data-sized array."""
        left, top = self.header.display_origin
        x0, y0, x1, y1 = self.header.data_window
        u0, u1 = max(x0, left), min(x1, left + self.header.width)
        v0, v1 = max(y0, top), min(y1, top + self.header.height)
        u1, v1 = max(u0, u1), max(v0, v1)
        if u1 == u0 or v1 == v0:
            return (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))
        return (slice(v0 - top, v1 - top), slice(u0 - left, u1 - left)), (slice(v0 - y0, v1 - y0), slice(u0 - x0, u1 - x0))


def colour_names(channels: Iterable[str]) -> tuple[str, str, str]:
    """Which channels carry the picture: R, G, B; else the first layer that has them; else one grey channel three times."""
    names = list(channels)
    for prefix in ["", *(name[:-1] for name in names if name.endswith(".R"))]:
        found = tuple(prefix + letter for letter in "RGB")
        if all(name in names for name in found):
            return found[0], found[1], found[2]
    if all(letter in names for letter in "rgb"):
        return "r", "g", "b"
    grey = next((name for name in _GREY_NAMES if name in names), None)
    if grey is None:
        grey = next((name for name in names if name.rpartition(".")[2] != "A"), names[0])
    return grey, grey, grey


def alpha_name(channels: Iterable[str]) -> str | None:
    """The channel that holds the coverage of the colour channels, if there is one beside them."""
    names = list(channels)
    colour = colour_names(names)[0]
    layer = colour.rpartition(".")[0]
    name = f"{layer}.A" if layer else "a" if colour == "r" else "A"
    return name if name in names and name != colour else None
