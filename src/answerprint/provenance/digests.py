"""Fingerprints of files and of pictures: SHA-256 for proof, XXH128 for copy checks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xxhash

from answerprint.production import BadInput
from answerprint.provenance.canonical import canonical_bytes, record_digest

Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels, half-open."""

_BLOCK = 4 << 20  # bytes; 1 to 8 MiB measured alike, smaller pays for calls
_PIXEL_DOMAIN = b"answerprint.pixels.v1\0"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LETTERS = {
    "r": "R",
    "red": "R",
    "g": "G",
    "green": "G",
    "b": "B",
    "blue": "B",
    "a": "A",
    "alpha": "A",
    "y": "Y",
    "l": "Y",
    "luma": "Y",
    "luminance": "Y",
    "z": "Z",
    "depth": "Z",
}


@dataclass(frozen=True)
class FileDigests:
    """What one pass over a file's bytes says: SHA-256 and XXH128 as hexadecimal, size in bytes."""

    sha256: str
    xxh128: str
    size: int


class Pictured(Protocol):
    """What a decoded frame offers: its planes by channel name over the data window, and its header."""

    @property
    def planes(self) -> Mapping[str, npt.NDArray[Any]]: ...
    @property
    def header(self) -> Any: ...


class Hash(Protocol):
    """As hashlib and xxhash have them."""

    def update(self, data: memoryview, /) -> None: ...


def file_digests(path: Path | str, also: Hash | None = None) -> FileDigests:
    """Both digests of a file in one streaming pass; ``also`` is a further hash, which hears every byte. Raises BadInput when it cannot be read."""
    proof, copy, size = hashlib.sha256(), xxhash.xxh3_128(), 0
    block = bytearray(_BLOCK)
    view = memoryview(block)
    try:
        with Path(path).open("rb", buffering=0) as stream:
            while count := stream.readinto(block):
                proof.update(view[:count])
                copy.update(view[:count])
                if also is not None:
                    also.update(view[:count])
                size += count
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path and its permissions") from error
    return FileDigests(proof.hexdigest(), copy.hexdigest(), size)


def file_digest(path: Path | str) -> str:
    """SHA-256 over a file's bytes."""
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path and its permissions") from error


def footage_digest(path: Path) -> str:
    """SHA-256 of a movie, or the digest of the list of SHA-256s of a folder's files in name order."""
    if path.is_dir():
        return record_digest(
            [[f.name, file_digest(f)] for f in sorted(path.iterdir()) if f.is_file() and not f.name.startswith(".")]
        )
    return file_digest(path)


def pixel_digest(planes: Mapping[str, npt.NDArray[Any]], data_window: Window, display_window: Window) -> str:
    """SHA-256 over a picture itself: canonical channel names, both windows, value type and every code value.

    ``planes`` holds one 2-D array per channel in native code values over the data window. The digest
    does not depend on the file format, compression, channel order or byte order, and does depend on
    every bit of every value: NaN payloads and negative zero included. Channels are taken in the order
    of their canonical names' UTF-8 bytes. Raises BadInput for a plane of another size.
    """
    names = canonical_channels(planes)
    width, height = data_window[2] - data_window[0], data_window[3] - data_window[1]
    ordered = sorted(planes, key=lambda name: names[name].encode())
    for name in ordered:
        if planes[name].shape != (height, width):
            raise BadInput(
                f"channel {name}",
                f"is {planes[name].shape}, the data window is {(height, width)}",
                "give planes that fill the data window",
            )
    digest = hashlib.sha256(_PIXEL_DOMAIN)
    head = {
        "channels": [[names[name], planes[name].dtype.name] for name in ordered],
        "data_window": list(map(int, data_window)),
        "display_window": list(map(int, display_window)),
    }
    text = canonical_bytes(head)
    digest.update(len(text).to_bytes(8, "big") + text)
    for name in ordered:
        plane = planes[name]
        little = plane.dtype.newbyteorder("<")
        # The bytes of a contiguous array are hashed in place, without the interpreter lock.
        digest.update(np.ascontiguousarray(plane, dtype=little).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def frame_digest(frame: Pictured) -> str:
    """`pixel_digest` of a decoded frame, with the windows its header names."""
    header = frame.header
    x, y = header.display_origin
    return pixel_digest(frame.planes, tuple(header.data_window), (x, y, x + header.width, y + header.height))


def canonical_channels(names: Mapping[str, Any] | list[str]) -> dict[str, str]:
    """The canonical name of each channel: R, G, B, A, Y, Z for their usual spellings, layer kept as written.

    Where two channels would get one name (``R`` beside ``red``) all keep the names they have.

    >>> canonical_channels(["red", "diffuse.g", "id"])
    {'red': 'R', 'diffuse.g': 'diffuse.G', 'id': 'id'}
    """
    found = {}
    for name in names:
        layer, dot, channel = name.rpartition(".")
        found[name] = f"{layer}{dot}{_LETTERS.get(channel.lower(), channel)}"
    return found if len(set(found.values())) == len(found) else {name: name for name in names}


def is_digest(text: object) -> bool:
    """Whether ``text`` is a SHA-256 as this product writes it: 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None
