"""Scans of every format are the same points in metres, in bounded memory, and a scan that breaks off is refused by name."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.lidar.pcd import lzf
from answerprint.ingest.lidar.survey import read_survey
from answerprint.ingest.recognise import recognise
from answerprint.production import BadInput

CLOUD = np.random.default_rng(5).uniform(-5, 5, (1000, 3))
COLOUR = np.random.default_rng(6).integers(0, 256, (1000, 3))


def write_ply(path, order="little", points=CLOUD):
    form = {"little": "binary_little_endian", "big": "binary_big_endian", "text": "ascii"}[order]
    head = f"ply\nformat {form} 1.0\nelement vertex {len(points)}\nproperty double x\nproperty double y\nproperty double z\n"
    head += "property uchar red\nproperty uchar green\nproperty uchar blue\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n"
    if order == "text":
        body = "".join(f"{x!r} {y!r} {z!r} {r} {g} {b}\n" for (x, y, z), (r, g, b) in zip(points.tolist(), COLOUR.tolist(), strict=False)).encode()  # fmt: skip
    else:
        mark = "<" if order == "little" else ">"
        body = b"".join(struct.pack(f"{mark}3d3B", *p, *c) for p, c in zip(points, COLOUR, strict=False))
    path.write_bytes(head.encode() + body)
    return path


def write_pcd(path, data="binary"):
    head = "VERSION 0.7\nFIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH 1000\nHEIGHT 1\nPOINTS 1000\n"
    table = np.column_stack([CLOUD, np.arange(1000)]).astype("<f4")
    if data == "ascii":
        body = "\n".join(" ".join(repr(float(v)) for v in row) for row in table).encode()
    elif data == "binary":
        body = table.tobytes()
    else:
        plain = table.T.tobytes()
        packed = b"".join(bytes([len(plain[i : i + 32]) - 1]) + plain[i : i + 32] for i in range(0, len(plain), 32))
        body = struct.pack("<II", len(packed), len(plain)) + packed
    path.write_bytes(f"{head}DATA {data}\n".encode() + body)
    return path


@pytest.mark.parametrize("order", ["little", "big", "text"])
def test_ply_points_come_back_in_either_byte_order_and_as_text(tmp_path, order):
    points = open_scan(write_ply(tmp_path / "a.ply", order)).points()
    assert np.allclose(points.xyz, CLOUD, atol=1e-12) and np.allclose(points.colour * 255, COLOUR, atol=1e-4)


@pytest.mark.parametrize("data", ["ascii", "binary", "binary_compressed"])
def test_pcd_points_come_back_however_they_are_stored(tmp_path, data):
    points = open_scan(write_pcd(tmp_path / "a.pcd", data)).points()
    assert np.abs(points.xyz - CLOUD).max() < 1e-6 and points.intensity[7] == 7


def test_lzf_copies_what_was_written_before():
    assert lzf(bytes([2]) + b"abc" + bytes([0xE0, 0, 2]), 12) == b"abcabcabcabc"


def test_pts_with_its_count_and_xyz_without_hold_the_same(tmp_path):
    lines = "".join(f"{x:.6f} {y:.6f} {z:.6f} -1200 10 20 30\n" for x, y, z in CLOUD)
    (tmp_path / "a.pts").write_text(
        "600\n" + "".join(lines.splitlines(True)[:600]) + "400\n" + "".join(lines.splitlines(True)[600:])
    )
    (tmp_path / "a.xyz").write_text(lines)
    for scan in (open_scan(tmp_path / "a.pts"), open_scan(tmp_path / "a.xyz")):
        assert scan.count == 1000 and np.abs(scan.points().xyz - CLOUD).max() < 1e-6
        assert scan.points().intensity[0] == -1200 and np.allclose(scan.points().colour[0] * 255, [10, 20, 30])


@pytest.mark.parametrize("make", [write_ply, write_pcd])
def test_a_scan_is_streamed_in_chunks_of_the_size_asked_for(tmp_path, make):
    scan = open_scan(make(tmp_path / f"a.{make.__name__[-3:]}"))
    sizes = [len(part) for part in scan.chunks(300)]
    assert sizes == [300, 300, 300, 100]


def test_thinning_takes_every_kth_point_whatever_the_chunks(tmp_path, monkeypatch):
    scan = open_scan(write_ply(tmp_path / "a.ply"))
    whole = scan.thinned(130).xyz
    monkeypatch.setattr("answerprint.ingest.lidar.scan.CHUNK", 77)
    assert np.array_equal(scan.thinned(130).xyz, whole) and np.array_equal(whole, CLOUD[::8])


@pytest.mark.parametrize("name", ["a.ply", "t.ply", "a.pcd", "c.pcd", "a.pts"])
def test_a_scan_that_breaks_off_is_refused_by_name(tmp_path, name):
    path = tmp_path / name
    if name == "a.pts":
        path.write_text("1000\n" + "1 2 3\n" * 900)
    elif name.endswith("ply"):
        write_ply(path, "text" if name[0] == "t" else "little")
        path.write_bytes(path.read_bytes()[:-200])
    else:
        write_pcd(path, "binary_compressed" if name[0] == "c" else "binary")
        path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadInput, match=rf"{name}: (breaks off|.* unpacks)"):
        open_scan(path).measured()


def test_a_scan_without_a_unit_says_that_metres_are_assumed(tmp_path):
    file = recognise(write_ply(tmp_path / "a.ply", points=CLOUD * 1000))
    assert file.kind == "lidar" and "names no unit: taken as metres" in file.problems


# -- the formats of the survey trade, with their libraries ---------------------------------------------------------------


def test_las_files_have_their_published_counts_and_bounds(footage):
    counts = {p.name: open_scan(p).count for p in (footage / "spatial/las").iterdir()}
    assert counts == {"plane.laz": 28185, "simple.copc.laz": 1065, "simple.las": 1065, "simple1_4.las": 22600}
    found, least, most = open_scan(footage / "spatial/las/simple.las").measured()
    assert (
        found == 1065 and np.allclose(least, [635619.85, 848899.70, 406.59]) and np.allclose(most, [638982.55, 853535.43, 586.38])
    )


def test_heights_in_survey_feet_become_metres_beside_eastings_that_are(footage):
    scan = open_scan(footage / "spatial/las/simple.copc.laz")
    _, least, most = scan.measured()
    assert np.allclose([least[2], most[2]], np.array([406.59, 586.38]) * 1200 / 3937) and np.allclose(least[0], 635619.85)


def test_a_packed_las_and_a_plain_one_hold_the_same_points(footage):
    plain, packed = (open_scan(footage / f"spatial/las/{n}").points().xyz for n in ("simple.las", "simple.copc.laz"))
    assert np.allclose(plain[np.lexsort(plain.T)][:, :2], packed[np.lexsort(packed.T)][:, :2])


def test_coordinates_in_degrees_are_listed_and_their_points_refused(footage):
    file = recognise(footage / "spatial/las/simple1_4.las")
    assert (
        file.kind == "lidar" and file.metadata["scan"]["bounds"]["unit"] == "degree" and "no place on a stage" in file.problems[0]
    )
    with pytest.raises(BadInput, match="degrees"):
        open_scan(footage / "spatial/las/simple1_4.las").points()


@pytest.mark.parametrize("name", ["simple.las", "plane.laz", "simple.copc.laz"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_las_that_breaks_off_is_refused_by_name(footage, tmp_path, name, kept):
    data = (footage / "spatial/las" / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(BadInput, match=rf"{name}: "):
        open_scan(tmp_path / name).measured()
    assert recognise(tmp_path / name).problems


def test_the_e57_has_its_published_points_and_is_in_metres(footage):
    scan = open_scan(footage / "spatial/e57/testWithNormals.e57")
    assert scan.count == 2 and scan.unit == "metre" and scan.points().xyz.tolist() == [[1, 0, 0], [2, 0, 0]]


def test_every_scan_of_an_e57_stands_where_its_pose_says(tmp_path):
    import pye57

    file = pye57.E57(str(tmp_path / "a.e57"), mode="w")
    columns = {f"cartesian{a}": np.array(v) for a, v in zip("XYZ", ([1.0, 2, 3], [0.0, 0, 0], [0.0, 0, 1]), strict=True)}
    file.write_scan_raw(columns, rotation=np.array([np.sqrt(0.5), 0, 0, np.sqrt(0.5)]), translation=np.array([10.0, 0, 0]))
    file.write_scan_raw(columns)
    file.close()
    scan = open_scan(tmp_path / "a.e57")
    points = np.concatenate([part.xyz for part in scan.chunks(2)])
    assert (
        scan.count == 6 and np.allclose(points[:3], [[10, 1, 0], [10, 2, 0], [10, 3, 1]]) and np.allclose(points[3:, 0], [1, 2, 3])
    )
    assert any("2 scans" in p for p in scan.problems)


@pytest.mark.parametrize("kept", [0.3, 0.95])
def test_an_e57_that_breaks_off_is_refused_by_name(footage, tmp_path, kept):
    data = (footage / "spatial/e57/testWithNormals.e57").read_bytes()
    (tmp_path / "a.e57").write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(BadInput, match=r"a\.e57: breaks off"):
        open_scan(tmp_path / "a.e57")


def test_what_came_back_from_nothing_is_counted_and_not_a_point(tmp_path):
    holed = CLOUD.copy()
    holed[::4] = np.nan
    scan = open_scan(write_ply(tmp_path / "a.ply", points=holed))
    found, least, most = scan.measured()
    assert found == 1000 and np.allclose(least, np.nanmin(holed, axis=0)) and np.isfinite(most).all()
    assert len(scan.points()) == 750 and np.isfinite(scan.thinned(100).xyz).all() and len(scan.points().colour) == 750


def test_points_that_an_e57_marks_invalid_are_left_out(tmp_path):
    import pye57

    file = pye57.E57(str(tmp_path / "a.e57"), mode="w")
    file.write_scan_raw({"cartesianX": np.array([1.0, 2, 3]), "cartesianY": np.zeros(3), "cartesianZ": np.zeros(3),
                         "cartesianInvalidState": np.array([0, 2, 0], dtype=np.int8)})  # fmt: skip
    file.close()
    scan = open_scan(tmp_path / "a.e57")
    assert scan.measured()[0] == 3 and scan.points().xyz[:, 0].tolist() == [1, 3]


@pytest.mark.parametrize(("library", "name"), [("laspy", "a.las"), ("pye57", "a.e57"), ("pxr", "a.usda"), ("cbor2", "a.cbor")])
def test_a_missing_extra_is_one_line_that_says_what_to_install(footage, tmp_path, monkeypatch, library, name):
    sources = {"a.las": "spatial/las/simple.las", "a.e57": "spatial/e57/testWithNormals.e57"}
    (tmp_path / name).write_bytes((footage / sources[name]).read_bytes() if name in sources else b"#usda 1.0")
    monkeypatch.setitem(sys.modules, library, None)
    assert "needs the extra 'spatial'; pip install 'answerprint[spatial]'" in recognise(tmp_path / name).problems[0].replace(
        "need the", "needs the"
    )


def test_the_real_pcd_has_its_published_points(footage):
    scan = open_scan(footage / "spatial/rgbd_redwood/fragment.pcd")
    found, least, most = scan.measured()
    assert (scan.count, found) == (113662, 113662) and scan.fields == ("colour", "normals")
    assert (most - least).max() < 3 and np.allclose(np.linalg.norm(scan.points().normals[:100], axis=1), 1, atol=1e-3)


# -- marks ---------------------------------------------------------------------------------------------------------------


def test_surveyed_points_keep_their_names_and_become_metres(tmp_path):
    (tmp_path / "s.csv").write_text("Point;X (mm);Y (mm);Z (mm)\nM1;1000;-250;3\nM2;0;0;1500\n")
    points = read_survey(tmp_path / "s.csv")
    assert points["M1"].tolist() == [1.0, -0.25, 0.003] and recognise(tmp_path / "s.csv").metadata["survey"]["M2"] == [0, 0, 1.5]


@pytest.mark.parametrize("rows", ["M1,1,2,3\nM1,4,5,6\n", "M1,1,,3\n", "M1,a,2,3\n"])
def test_a_survey_that_contradicts_itself_is_refused(tmp_path, rows):
    (tmp_path / "s.csv").write_text("name,x,y,z\n" + rows)
    with pytest.raises(BadInput, match=r"s\.csv"):
        read_survey(tmp_path / "s.csv")


def test_the_scans_of_an_e57_come_apart_by_their_names(tmp_path):
    from answerprint.ingest.lidar.e57 import stations

    stage = Path(__file__).parents[2] / "examples" / "stage" / "material" / "lidar" / "living_room.e57"
    found = stations(stage)
    assert list(found) == ["S1", "S2"] and len(found["S1"]) + len(found["S2"]) == open_scan(stage).count
