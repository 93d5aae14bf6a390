"""Every tracker, crane, robot and solve becomes the same record: published values, units, axes, and what is refused."""

from __future__ import annotations

import json
import math
import struct
from fractions import Fraction

import numpy as np
import pytest

from answerprint.ingest.recognise import recognise
from answerprint.ingest.tracking import colmap, freed, mosys_f4, nerfstudio, opentrackio_datagram, profiles
from answerprint.ingest.tracking.chan import read_chan
from answerprint.ingest.tracking.opentrackio import read_cbor, track_of
from answerprint.ingest.tracking.read import read_track
from answerprint.ingest.tracking.tables import read_poses
from answerprint.ingest.tracking.technodolly import read_move
from answerprint.ingest.tracking.units import angle, distance, stop_number
from answerprint.production import BadInput

SAMPLE = {
    "protocol": {"name": "OpenTrackIO", "version": [1, 0, 1]},
    "timing": {"sampleRate": {"num": 24000, "denom": 1001}, "sampleTimestamp": {"seconds": 100, "nanoseconds": 0}},
    "transforms": [{"translation": {"x": 1.0, "y": 2.0, "z": 3.0}, "rotation": {"pan": 10.0, "tilt": 20.0, "roll": 30.0}}],
    "lens": {"pinholeFocalLength": 35.5, "tStop": None},
}


def sample(number: int, **changes: object) -> dict[str, object]:
    timing = {**SAMPLE["timing"], "sampleTimestamp": {"seconds": 100 + number, "nanoseconds": 250}}  # type: ignore[dict-item]
    return {**SAMPLE, "timing": timing, **changes}


# -- OpenTrackIO ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["recommended_dynamic", "recommended_static"])
def test_the_published_recommended_sample_has_its_published_values(footage, name):
    track = read_track(footage / f"metadata/opentrackio_classic/examples/{name}_example.json")
    assert track.translation.tolist() == [[1, 2, 3]] and track.rotation.tolist() == [[180, 90, 45]]
    assert (track.focal_length_mm[0], track.focus_distance_m[0], track.f_stop[0]) == (24.305, 10.0, 4.0)
    assert track.entrance_pupil_offset_m[0] == 0.123 and track.encoders.tolist() == [[0.1, 0.2, 0.3]]
    assert math.isnan(track.t_stop[0]) and math.isnan(track.raw_encoders[0, 0])
    assert (track.rate, str(track.start)) == (Fraction(24000, 1001), "01:02:03:04")


def test_the_published_complete_sample_has_its_published_values(footage):
    track = read_track(footage / "metadata/opentrackio_classic/examples/complete_dynamic_example.json")
    assert [link.name for link in track.chain] == ["Dolly", "Crane Arm", "Camera"]
    assert track.t_stop[0] == 4.1 and track.raw_encoders.tolist() == [[1000, 2000, 3000]]
    assert track.times[0] == Fraction(1718806554) + Fraction(1, 2) and track.clock == "PTP epoch"
    assert track.extra["projectionOffset"] == {"x": 0.1, "y": 0.2} and any("scale" in p for p in track.problems)


def test_a_static_sample_says_its_sensor(footage):
    assert read_track(footage / "metadata/opentrackio_classic/examples/recommended_static_example.json").sensor_mm == (36.0, 24.0)


def test_a_chain_of_transforms_is_put_together_from_the_floor_up():
    chain = [
        {"id": "Dolly", "translation": {"x": 0, "y": 5, "z": 0}, "rotation": {"pan": 90, "tilt": 0, "roll": 0}},
        {"id": "Head", "translation": {"x": 0, "y": 0, "z": 1}, "rotation": {"pan": 0, "tilt": 0, "roll": 0}},
        {"id": "Camera", "translation": {"x": 0, "y": 0.5, "z": 0}, "rotation": {"pan": 0, "tilt": 30, "roll": 0}},
    ]
    track = track_of([sample(0, transforms=chain)])
    assert np.allclose(track.translation, [[-0.5, 5, 1]]) and np.allclose(track.rotation, [[90, 30, 0]])


def test_a_tracker_that_lost_its_way_is_not_trusted():
    track = track_of([sample(0, tracker={"status": "Optical Good"}), sample(1, tracker={"status": "Optical Lost"})])
    assert track.valid.tolist() == [True, False] and track.posed.tolist() == [True, False]


def test_samples_out_of_order_are_put_in_order_and_repeats_listed():
    track = track_of([sample(2), sample(0), sample(0), sample(1)])
    assert [int(t) for t in track.times] == [100, 101, 102] and "repeat" in track.problems[0]


def test_a_null_is_unknown():
    assert math.isnan(track_of([SAMPLE]).t_stop[0])


def test_cbor_says_what_json_says(tmp_path):
    import cbor2

    (tmp_path / "t.cbor").write_bytes(b"".join(cbor2.dumps(sample(i)) for i in range(3)))
    a, b = read_cbor(tmp_path / "t.cbor"), track_of([sample(i) for i in range(3)])
    assert a.times == b.times and np.array_equal(a.rotation, b.rotation)
    (tmp_path / "cut.cbor").write_bytes((tmp_path / "t.cbor").read_bytes()[:-7])
    with pytest.raises(BadInput, match=r"cut\.cbor: breaks off or is no CBOR at byte"):
        read_cbor(tmp_path / "cut.cbor")


@pytest.mark.parametrize("encoding", [opentrackio_datagram.JSON, opentrackio_datagram.CBOR])
def test_segments_in_any_order_become_their_sample(tmp_path, encoding):
    parts = list(opentrackio_datagram.datagrams(sample(5), 7, encoding, largest=60))
    assert len(parts) > 3
    (tmp_path / "s.otrk").write_bytes(b"".join(reversed(parts)))
    assert track_of([sample(5)]).times == read_track(tmp_path / "s.otrk").times


def test_a_datagram_with_a_flipped_byte_is_refused_by_its_number(tmp_path):
    packet = bytearray(next(opentrackio_datagram.datagrams(SAMPLE, 9)))
    packet[40] ^= 1
    (tmp_path / "s.otrk").write_bytes(packet)
    with pytest.raises(BadInput, match=r"s\.otrk at byte 0: packet 9 fails its checksum"):
        read_track(tmp_path / "s.otrk")


def test_a_datagram_that_breaks_off_is_refused(tmp_path):
    (tmp_path / "s.otrk").write_bytes(next(opentrackio_datagram.datagrams(SAMPLE, 9))[:-3])
    with pytest.raises(BadInput, match="breaks off"):
        read_track(tmp_path / "s.otrk")


def test_a_segment_that_claims_gigabytes_is_refused():
    joined = opentrackio_datagram.Reassembly()
    with pytest.raises(BadInput, match="1 MiB"):
        joined.add(opentrackio_datagram.Segment(1, 1, 4_000_000_000, True, b"x"))


def test_the_checksum_is_fletchers():
    assert opentrackio_datagram.fletcher16(b"abcde", 255) == 0xC8F0  # the published example


# -- Free-D --------------------------------------------------------------------------------------------------------------


def test_freed_angles_and_lengths_follow_the_manual(tmp_path):
    # The manual's own limits: 0x5A0000 is 180 degrees, 0xD30000 is -90.
    packet = bytearray(freed.packet(1, (0, 0, 0), (0, 0, 0), 4095, 123))
    packet[2:5], packet[5:8] = bytes.fromhex("5A0000"), bytes.fromhex("D30000")
    packet[11:14] = (64 * 1500).to_bytes(3, "big")
    packet[-1] = freed.checksum(bytes(packet[:-1]))
    (tmp_path / "a.freed").write_bytes(packet)
    track = read_track(tmp_path / "a.freed")
    assert track.rotation.tolist() == [[-180.0, -90.0, 0.0]], "pan to the right is negative in OpenTrackIO"
    assert track.translation[0, 0] == 1.5 and track.raw_encoders[0, [0, 2]].tolist() == [123, 4095]


def test_freed_comes_back_within_its_own_step(tmp_path):
    pose, place = (-33.25, 12.5, -3.125), (-2.5, 10.25, 1.75)
    (tmp_path / "a.freed").write_bytes(b"".join(freed.packet(3, pose, place, i, 2 * i) for i in range(100)))
    track = read_track(tmp_path / "a.freed", rate=25)
    assert np.abs(track.rotation - pose).max() <= 0.5 / 32768 and np.abs(track.translation - place).max() <= 0.5 / 64000
    assert track.times[50] == 2 and track.label == "3"


@pytest.mark.parametrize(
    ("broken", "why"), [(lambda d: d[:-5], "breaks off after packet 1"), (lambda d: d[:30] + b"\x7f" + d[31:], "packet 1 fails its checksum"),
                        (lambda d: d[:29] + b"\xd0" + d[30:], "packet 1 is of type 0xd0")],
)  # fmt: skip
def test_malformed_freed_is_refused_by_packet(tmp_path, broken, why):
    data = b"".join(freed.packet(1, (1, 2, 3), (1, 2, 3), 5, 6) for _ in range(2))
    (tmp_path / "a.freed").write_bytes(broken(data))
    with pytest.raises(BadInput, match=rf"a\.freed: {why}"):
        read_track(tmp_path / "a.freed")


# -- Mo-Sys F4 -----------------------------------------------------------------------------------------------------------


def f4_packet(*blocks: bytes, status: int = 0) -> bytes:
    body = bytes([0xF4, 1, len(blocks), status]) + b"".join(blocks)
    return body + bytes([(0x40 - sum(body)) & 0xFF])


def test_the_published_f4_packet_is_read():
    published = bytes([0xF4, 1, 2, 0, 0xF8, 0x20, 0, 0, 0, 0x53, 0x42, 0x34, 0, 0, 0x68])
    packet, end = mosys_f4.parse(published, 0, "f4")
    assert (packet.timecode, packet.values["hfov"], end) == ((0, 0, 0, 0, 25), 45.0, len(published))


def test_f4_fields_have_their_published_units(tmp_path):
    def linear(axis: int, value: int) -> bytes:
        return bytes([axis, 0]) + value.to_bytes(3, "big", signed=True)

    def real(axis: int, value: float) -> bytes:
        return bytes([axis]) + struct.pack(">f", value)

    timecode = (15 << 18 | 3 << 12 | 47 << 6 | 10).to_bytes(3, "big")
    packet = f4_packet(
        linear(0x05, -8121), linear(0x06, -185368), linear(0x07, 119806), linear(0x01, -2969), linear(0x02, -28030), linear(0x13, 3100),
        bytes([0x03, 0, 0, 0x80, 0]), real(0x53, 45.0), real(0x57, 0.5), real(0x60, 4.0), real(0x50, 0.1), bytes([0xF8, 0x20]) + timecode,
        bytes([0xF9, 0, 0, 0, 2]),
    )  # fmt: skip
    (tmp_path / "a.f4").write_bytes(packet * 3)
    track = read_track(tmp_path / "a.f4")
    assert np.allclose(track.translation[0], [-0.08121, -1.85368, 1.19806]) and np.allclose(
        track.rotation[0], [-2.969, -28.03, 3.1]
    )
    assert track.encoders[0, 0] == 0.5 and math.isnan(track.encoders[0, 1]), "an axis that is not sent is unknown"
    assert track.focal_length_mm[0] == pytest.approx(36 / (2 * math.tan(math.radians(22.5)))) and track.focus_distance_m[0] == 2.0
    assert (track.f_stop[0], str(track.start), track.rate, len(track)) == (4.0, "15:03:47:10", 25, 3)


def test_an_f4_tracker_that_searches_is_not_trusted(tmp_path):
    (tmp_path / "a.f4").write_bytes(f4_packet(bytes([0xF9, 0, 0, 0, 8]), bytes([0xF8, 0x20, 0, 0, 0])))
    assert not read_track(tmp_path / "a.f4").valid.any()


@pytest.mark.parametrize(("cut", "why"), [(-1, "breaks off"), (None, "fails its checksum")])
def test_a_broken_f4_packet_is_refused_by_its_place(tmp_path, cut, why):
    good = f4_packet(bytes([0xF8, 0x20, 0, 0, 0]))
    (tmp_path / "a.f4").write_bytes(good + (good[:cut] if cut else good[:-1] + b"\x00"))
    with pytest.raises(BadInput, match=f"the packet at byte 10 {why}"):
        read_track(tmp_path / "a.f4")


# -- text and XML --------------------------------------------------------------------------------------------------------


def test_a_chan_camera_stands_and_looks_where_nuke_has_it(tmp_path):
    # Nuke: 5 to the right, 2 up, 10 towards us; turned 90 degrees to the left about Y, so it looks along its world's -X.
    (tmp_path / "a.chan").write_text("1001 5 2 10 0 90 0 30\n1002 5 2 10 20 0 0 30\n")
    track = read_chan(tmp_path / "a.chan", vertical_aperture_mm=24.0)
    assert np.allclose(track.translation, [[5, -10, 2]] * 2) and np.allclose(track.axes[0, :, 1], [-1, 0, 0], atol=1e-12)
    assert np.allclose(track.rotation, [[90, 0, 0], [0, 20, 0]]) and track.times[1] - track.times[0] == Fraction(1, 24)
    assert track.focal_length_mm[0] == pytest.approx(12 / math.tan(math.radians(15)))


def test_a_chan_in_feet_is_in_metres(tmp_path):
    (tmp_path / "a.chan").write_text("1 10 0 0 0 0 0\n")
    assert read_chan(tmp_path / "a.chan", unit="ft").translation[0, 0] == pytest.approx(3.048)


def test_chan_rotations_multiply_in_nukes_order(tmp_path):
    (tmp_path / "a.chan").write_text("1 0 0 0 10 20 30\n")

    def about(axis: int, degrees: float) -> np.ndarray:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        m, (i, j) = np.eye(3), [(1, 2), (2, 0), (0, 1)][axis]
        m[i, i], m[j, j], m[i, j], m[j, i] = c, c, -s, s
        return m

    forward = about(1, 20) @ about(0, 10) @ about(2, 30) @ [0, 0, -1]
    assert np.allclose(read_chan(tmp_path / "a.chan").axes[0, :, 1], [forward[0], -forward[2], forward[1]])


@pytest.mark.parametrize("text", ["1 2 3\n", "1 a b c d e f\n", "", "1 0 0 nan 0 0 0\n"])
def test_a_malformed_chan_is_refused(tmp_path, text):
    (tmp_path / "a.chan").write_text(text)
    with pytest.raises(BadInput, match=r"a\.chan"):
        read_chan(tmp_path / "a.chan")


KEY = "<keyframe>{dwell}<target-time> {t} </target-time><x> 3.010182 </x><y>-1.2</y><z>1.6</z><track>0.5</track><pan>-121.7</pan>\
<tilt>21.0</tilt><roll>0</roll><zoom>0.1</zoom><focus>0.14</focus><iris>0</iris></keyframe>"


def test_crane_keys_and_their_waits_are_samples(tmp_path):
    keys = KEY.format(t="0.000000", dwell="") + KEY.format(t="3.663520", dwell="<dwell> 4.0 </dwell>")
    (tmp_path / "a.move").write_text(f'<?xml version="1.0"?><!DOCTYPE TECHNODOLLY-move><TECHNODOLLY-move>{keys}</TECHNODOLLY-move>')
    track = read_move(tmp_path / "a.move")
    assert track.times == (0, Fraction("3.663520"), Fraction("7.663520")) and np.allclose(
        track.translation[0], [3.010182, -1.2, 1.6]
    )
    assert track.rotation[0].tolist() == [-121.7, 21, 0] and track.encoders[0].tolist() == [0.14, 0, 0.1]
    assert recognise(tmp_path / "a.move").kind == "tracking"


@pytest.mark.parametrize("xml", ["<TECHNODOLLY-move/>", "<other/>", "<TECHNODOLLY-move><keyframe/></TECHNODOLLY-move>", "<TECHNO"])
def test_a_move_without_its_keys_is_refused(tmp_path, xml):
    (tmp_path / "a.move").write_text(xml)
    with pytest.raises(BadInput, match=r"a\.move"):
        read_move(tmp_path / "a.move")


def test_an_entity_bomb_in_a_move_is_refused(tmp_path):
    (tmp_path / "a.move").write_text('<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aa">]><TECHNODOLLY-move>&a;</TECHNODOLLY-move>')
    with pytest.raises(BadInput, match="is no crane move"):
        read_move(tmp_path / "a.move")


# -- tables --------------------------------------------------------------------------------------------------------------


def test_a_motion_control_table_says_its_own_units(tmp_path):
    (tmp_path / "m.csv").write_text(
        "Frame,X (mm),Y (ft),Z (m),Pan (deg),Tilt (rad),Roll (deg),Focus (ft)\n1,1500,10,2,30,0.5,0,8\n2,1500,10,2,30,0.5,,\n"
    )
    track = read_poses(tmp_path / "m.csv", rate=24)
    assert np.allclose(track.translation[0], [1.5, 3.048, 2]) and np.allclose(track.rotation[0], [30, math.degrees(0.5), 0])
    assert track.focus_distance_m[0] == pytest.approx(2.4384) and math.isnan(track.focus_distance_m[1]) and not track.posed[1]


def test_a_production_profile_gives_counts_their_scale(tmp_path):
    said = {"name": "p7", "rate": "50", "none": ["-1"], "columns": {"y": {"column": "Travel", "unit": "count", "scale": 0.00012},
            "z": {"column": "2", "unit": "mm", "offset": 0.6}}}  # fmt: skip
    (tmp_path / "p7.json").write_text(json.dumps(said))
    (tmp_path / "d.csv").write_text("Travel;Lift\n1000;250\n-1;250\n")
    track = read_poses(tmp_path / "d.csv", profiles.profile(tmp_path / "p7.json"))
    assert track.translation[0, 1] == pytest.approx(0.12) and track.translation[0, 2] == pytest.approx(0.85)
    assert math.isnan(track.translation[1, 1]) and math.isnan(track.translation[0, 0]) and track.times[1] == Fraction(1, 50)


def test_a_dolly_is_read_by_the_name_of_its_profile(tmp_path):
    (tmp_path / "d.csv").write_text("Time,Travel,Column\n0,0,1200\n0.02,15,1200\n")
    assert read_poses(tmp_path / "d.csv", profiles.profile("panther")).translation[1, 1] == 0.015


@pytest.mark.parametrize("name", ["no-such", "broken.json"])
def test_a_profile_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "broken.json").write_text('{"name": "x", "columns": {"q": {"column": "a"}}}')
    with pytest.raises(BadInput, match="is no profile"):
        profiles.profile(tmp_path / name if name.endswith("json") else name)


# -- solves --------------------------------------------------------------------------------------------------------------


def write_transforms(path, matrix):
    path.write_text(json.dumps({"fl_x": 1000, "w": 200, "h": 100, "cx": 100, "cy": 50, "k1": 0.1, "frames": [{"file_path": "a.png", "transform_matrix": matrix}]}))  # fmt: skip


def test_a_nerfstudio_camera_projects_a_point_where_opengl_does(tmp_path):
    matrix = [[1, 0, 0, 4], [0, 0, -1, -3], [0, 1, 0, 1.5], [0, 0, 0, 1]]  # stands at y -3, looks along +Y, Z up
    write_transforms(tmp_path / "transforms.json", matrix)
    track = read_track(tmp_path / "transforms.json")
    assert np.allclose(track.translation, [[4, -3, 1.5]]) and np.allclose(track.rotation, [[0, 0, 0]]) and track.source == "solved"
    camera = nerfstudio.read_cameras(tmp_path / "transforms.json")["a.png"]
    assert np.allclose(camera.project(np.array([4.0, 7.0, 1.5])), [99.5, 49.5])
    assert camera.project(np.array([4.1, 7.0, 1.6]))[0] > 99.5 and camera.project(np.array([4.1, 7.0, 1.6]))[1] < 49.5
    assert recognise(tmp_path / "transforms.json").kind == "tracking"


def test_a_mirrored_transform_is_refused(tmp_path):
    write_transforms(tmp_path / "t.json", [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    with pytest.raises(BadInput, match="no rotation and place"):
        read_track(tmp_path / "t.json")


def colmap_pair(folder):
    lens, quaternion, shift = (
        (500.0, 510.0, 320.5, 240.5, 0.01, -0.02, 0.001, 0.002),
        (math.sqrt(0.5), math.sqrt(0.5), 0, 0),
        (1.0, 2.0, 3.0),
    )
    text, binary = folder / "text", folder / "binary"
    for place in (text, binary):
        place.mkdir()
    (text / "cameras.txt").write_text("# list\n1 OPENCV 640 480 " + " ".join(map(str, lens)) + "\n")
    (text / "images.txt").write_text(f"# list\n7 {' '.join(map(str, quaternion))} 1 2 3 1 a b.jpg\n1.0 2.0 -1\n")
    (binary / "cameras.bin").write_bytes(struct.pack("<QiiQQ8d", 1, 1, 4, 640, 480, *lens))
    (binary / "images.bin").write_bytes(
        struct.pack("<Qi7di", 1, 7, *quaternion, *shift, 1) + b"a b.jpg\0" + struct.pack("<Qddq", 1, 1.0, 2.0, -1)
    )
    return text, binary


def test_colmap_text_and_binary_say_the_same(tmp_path):
    text, binary = (read_track(folder) for folder in colmap_pair(tmp_path))
    assert np.array_equal(text.translation, binary.translation) and np.array_equal(text.rotation, binary.rotation)
    # R turns 90 degrees about X: the camera stands at -R't = (-1, -3, 2) and looks along +Y (R' z).
    assert np.allclose(text.translation, [[-1, -3, 2]]) and np.allclose(text.axes[0, :, 1], [0, 1, 0], atol=1e-12)


def test_a_colmap_camera_has_its_lens_in_our_pixels(tmp_path):
    camera = colmap.read_cameras(colmap_pair(tmp_path)[1])["a b.jpg"]
    assert np.allclose(camera.matrix, [[500, 0, 320], [0, 510, 240], [0, 0, 1]])
    assert (camera.distortion.radial[:2], camera.distortion.tangential) == ((0.01, -0.02), (0.001, 0.002))


def test_a_colmap_binary_that_breaks_off_is_refused(tmp_path):
    folder = colmap_pair(tmp_path)[1]
    (folder / "images.bin").write_bytes((folder / "images.bin").read_bytes()[:-8])
    with pytest.raises(BadInput, match="break off"):
        read_track(folder)


# -- units ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "metres"), [("6ft 6in", 1.9812), ("12'", 3.6576), ("991mm", 0.991), ("4.812", 4.812), ("Infinity", math.inf)]
)
def test_focus_distances_are_metres(said, metres):
    assert distance(said) == pytest.approx(metres)


@pytest.mark.parametrize("said", ["", "n/a", None, "--"])
def test_none_is_unknown(said):
    assert math.isnan(distance(said)) and math.isnan(stop_number(said)) and math.isnan(angle(said))


def test_the_impossible_tilt_is_unknown():
    assert math.isnan(angle("409.500")) and angle("-0.100") == -0.1


def test_a_table_that_counts_frames_takes_the_productions_rate(tmp_path):
    from answerprint.ingest.into_catalogue import ingest
    from answerprint.production.catalogue import Production

    (tmp_path / "m").mkdir()
    (tmp_path / "m/moco.csv").write_text("Frame,X (m),Y (m),Z (m),Pan (deg),Tilt (deg),Roll (deg)\n1,1,2,3,0,0,0\n25,1,2,3,5,0,0\n")
    with Production.create(tmp_path / "p", "T", "24") as production:
        (file,) = ingest(production, [tmp_path / "m"]).files
    assert file.kind == "tracking" and file.metadata["track"]["duration"]["value"] == 1.0 and not file.problems
