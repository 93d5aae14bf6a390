"""A picture's digest names the picture, a file's digest names the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import xxhash

from answerprint.production import BadInput
from answerprint.provenance.digests import canonical_channels, file_digest, file_digests, pixel_digest

WINDOW = (0, 0, 6, 4)


def planes(dtype: str = "uint16") -> dict[str, np.ndarray]:
    values = np.arange(72).reshape(4, 6, 3).astype(dtype)
    return {name: values[..., at] for at, name in enumerate("RGB")}


def test_both_file_digests_are_those_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40000
    place = tmp_path / "bild-ü.exr"
    place.write_bytes(data)
    found = file_digests(place)
    assert (found.sha256, found.xxh128, found.size) == (
        hashlib.sha256(data).hexdigest(),
        xxhash.xxh3_128(data).hexdigest(),
        len(data),
    )
    assert file_digest(place) == found.sha256


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.exr: cannot be read"):
        file_digests(tmp_path / "gone.exr")


def test_the_digest_is_pinned_so_that_old_ledgers_stay_readable() -> None:
    assert pixel_digest(planes(), WINDOW, WINDOW) == "e23dffb02bc3c94ee6cac33570090f67ee4fe560af45e805728fb4164a68e457"


def test_channel_order_spelling_memory_layout_and_byte_order_do_not_change_the_digest() -> None:
    known = pixel_digest(planes(), WINDOW, WINDOW)
    swapped = {name.lower(): np.asfortranarray(plane).astype(">u2") for name, plane in reversed(planes().items())}
    assert pixel_digest(swapped, WINDOW, WINDOW) == known


def test_every_bit_of_every_value_counts_nan_and_negative_zero_included() -> None:
    base = {name: plane.copy() for name, plane in planes("float32").items()}
    seen = {pixel_digest(base, WINDOW, WINDOW)}
    for value in (np.float32(np.nan), np.uint32(0x7FC00001).view(np.float32), np.float32(-0.0)):
        changed = {name: plane.copy() for name, plane in base.items()}
        changed["R"][0, 0] = value
        seen.add(pixel_digest(changed, WINDOW, WINDOW))
    assert len(seen) == 4


def test_windows_type_and_channel_names_are_part_of_the_picture() -> None:
    base = planes()
    seen = {
        pixel_digest(base, WINDOW, WINDOW),
        pixel_digest(base, WINDOW, (0, 0, 8, 6)),
        pixel_digest(base, (1, 0, 7, 4), WINDOW),
        pixel_digest(planes("uint8"), WINDOW, WINDOW),
        pixel_digest(planes("int16"), WINDOW, WINDOW),
        pixel_digest({**{k: base[k] for k in "RG"}, "Z": base["B"]}, WINDOW, WINDOW),
    }
    assert len(seen) == 6


def test_a_plane_that_does_not_fill_the_data_window_is_refused() -> None:
    with pytest.raises(BadInput, match="channel B"):
        pixel_digest(planes(), (0, 0, 5, 4), WINDOW)


def test_two_channels_never_share_one_name() -> None:
    assert canonical_channels(["R", "red"]) == {"R": "R", "red": "red"}
