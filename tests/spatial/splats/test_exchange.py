"""Splat files of other programs: what goes out comes back."""

from __future__ import annotations

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from answerprint.optics.camera import Camera
from answerprint.production import BadInput
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.ply import read_ply, write_ply
from answerprint.spatial.splats.render import render
from answerprint.spatial.splats.spz import read_spz, write_spz


def cloud(n: int = 50) -> SplatCloud:
    random = np.random.default_rng(8)
    f4 = np.float32
    return SplatCloud(
        random.uniform(-3, 3, (n, 3)).astype(f4), random.uniform(-6, -2, (n, 3)).astype(f4), random.normal(size=(n, 4)).astype(f4),
        random.normal(0, 2, n).astype(f4), random.uniform(0.3, 0.9, (n, 3)).astype(f4), random.normal(0, 0.04, (n, 3, 3)).astype(f4),
        random.integers(0, 9, n).astype(np.int32),
    )  # fmt: skip


def test_a_ply_of_light_comes_back_bit_for_bit(tmp_path: Path) -> None:
    # Colours pass through the harmonics' constant; everything else is stored as it is.
    write_ply(tmp_path / "a.ply", cloud(), light=True)
    back, lost = read_ply(tmp_path / "a.ply")
    assert lost == ()
    for name in ("means", "log_scales", "quaternions", "opacity_logits", "seen_by"):
        assert getattr(back, name).tobytes() == getattr(cloud(), name).tobytes()
    assert np.abs(back.colours - cloud().colours).max() < 1e-6
    assert np.abs(back.slopes - cloud().slopes).max() < 1e-6


def test_a_ply_for_viewers_holds_display_values_and_comes_back_as_light(tmp_path: Path) -> None:
    grey = replace(cloud(), colours=np.full((50, 3), 0.18, dtype=np.float32))
    write_ply(tmp_path / "a.ply", grey)
    rows = (tmp_path / "a.ply").read_bytes().split(b"end_header\n", 1)[1]
    first = np.frombuffer(rows, "<f4", 9)
    # sRGB of 18 % grey is 0.461.
    assert 0.5 + 0.28209479 * first[6] == pytest.approx(0.461, abs=0.002)
    back, _ = read_ply(tmp_path / "a.ply")
    assert np.abs(back.colours - grey.colours).max() < 1e-4
    assert np.abs(back.slopes - grey.slopes).max() < 1e-4


def test_light_above_white_is_kept_in_a_ply_for_viewers(tmp_path: Path) -> None:
    lamp = replace(cloud(), colours=np.full((50, 3), 12.0, dtype=np.float32))
    write_ply(tmp_path / "a.ply", lamp)
    assert np.abs(read_ply(tmp_path / "a.ply")[0].colours - 12).max() < 0.01


def test_spz_keeps_places_to_a_quarter_millimetre_and_turns_to_a_fifth_of_a_degree(tmp_path: Path) -> None:
    lost = write_spz(tmp_path / "a.spz", cloud())
    assert lost == ("how many cameras saw each splat",)
    back, _ = read_spz(tmp_path / "a.spz")
    assert np.abs(back.means - cloud().means).max() <= 0.5 / 4096 + 1e-6
    turn = np.einsum("nij,nij->n", back.axes, cloud().axes)
    assert np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1))).max() < 0.25
    assert np.abs(back.log_scales - cloud().log_scales).max() <= 1 / 32 + 1e-6
    assert np.abs(back.opacities - cloud().opacities).max() <= 0.5 / 255 + 1e-6


def test_a_cloud_looks_the_same_out_of_spz(tmp_path: Path) -> None:
    eye = Camera(
        active_sensor_resolution=(64, 48),
        active_sensor_physical_dimensions=(24, 18),
        pinhole_focal_length=20,
        translation=(0, -8, 0),
    )
    write_spz(tmp_path / "a.spz", cloud())
    back, _ = read_spz(tmp_path / "a.spz")
    before, after = render(cloud(), eye, threads=1).colour, render(back, eye, threads=1).colour
    # Bytes of colour, opacity and size: a hundredth of the light.
    assert np.abs(before - after).mean() < 0.01 * before.max()


def test_spz_version_2_is_read(tmp_path: Path) -> None:
    header = struct.pack("<IIIBBBB", 0x5053474E, 2, 1, 0, 12, 0, 0)
    # One splat 1 m to the right, 2 m up, 3 m to the back of right-up-back axes, not turned there.
    body = b"".join(int(v * 4096).to_bytes(3, "little", signed=True) for v in (1, 2, 3))
    body += bytes([128, 128, 128, 128, 96, 96, 96, 128, 128, 128])
    (tmp_path / "a.spz").write_bytes(gzip.compress(header + body))
    back, _ = read_spz(tmp_path / "a.spz")
    assert back.means[0] == pytest.approx([1, -3, 2])
    assert back.log_scales[0] == pytest.approx([-4, -4, -4])
    assert np.abs(back.axes[0]) == pytest.approx(np.abs(np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])), abs=0.02)


def test_what_breaks_off_is_refused_by_name(tmp_path: Path) -> None:
    write_ply(tmp_path / "a.ply", cloud())
    write_spz(tmp_path / "a.spz", cloud())
    for name, read in (("a.ply", read_ply), ("a.spz", read_spz)):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadInput, match=name):
            read(tmp_path / name)


def test_a_scan_is_no_splat_file(tmp_path: Path) -> None:
    head = (
        "ply\nformat binary_little_endian 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    )
    (tmp_path / "scan.ply").write_text(head)
    with pytest.raises(BadInput, match="f_dc_0"):
        read_ply(tmp_path / "scan.ply")
