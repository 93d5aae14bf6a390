"""Whatever is wrong with the bytes of a capture, the reader says so by name: it never fails in another way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from answerprint.ingest.lidar.open import ENDINGS as SCANS
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.tracking import freed, opentrackio_datagram
from answerprint.ingest.tracking.read import read_track
from answerprint.production import BadInput
from tests.ingest import test_robots_and_usd, test_scans, test_tracking

_TIMED = b"Time,X (mm),Y (ft),Z (m),Pan (deg),Tilt (rad),Roll (deg)\n1,1500,10,2,30,0.5,0\n2,1500,10,2,30,0.5,\n"


def _good(name: str, place: Path) -> bytes:
    if name in ("a.ply", "t.ply"):
        return test_scans.write_ply(place / name, "text" if name[0] == "t" else "big", test_scans.CLOUD[:60]).read_bytes()
    if name.endswith(".pcd"):
        return test_scans.write_pcd(place / name, {"a": "ascii", "b": "binary", "c": "binary_compressed"}[name[0]]).read_bytes()
    if name == "a.usda":
        return test_robots_and_usd.usd_stage(place / name).read_bytes()
    keys = test_tracking.KEY.format(t="0.0", dwell="") + test_tracking.KEY.format(t="3.66", dwell="<dwell>4.0</dwell>")
    return {
        "a.otrk": b"".join(b"".join(opentrackio_datagram.datagrams(test_tracking.sample(i), i, largest=300)) for i in range(3)),
        "a.freed": b"".join(freed.packet(1, (1, 2, 3), (1, 2, 3), 4, 5) for _ in range(4)),
        "a.f4": test_tracking.f4_packet(bytes([1, 0, 0, 1, 2]), bytes([0xF8, 0x20, 0, 0, 0]), bytes([0x53, 0x42, 0x34, 0, 0])) * 3,
        "a.chan": b"1 0 0 0 0 0 0 30\n2 1 1 1 1 1 1 30\n",
        "a.move": f"<TECHNODOLLY-move>{keys}</TECHNODOLLY-move>".encode(),
        "a.src": test_robots_and_usd.SOURCE.replace("BASE_DATA[1]", "{X 1,Y 2,Z 3,A 4,B 5,C 6}")
        .replace("LIN XP1", "LIN {X 9,Y 9,Z 9}")
        .encode(),
        "a.csv": _TIMED,
        "a.pts": b"3\n" + b"1 2 3 4 5 6 7\n" * 3,
        "a.log": b"0 0 1\n1 0 0 2\n0 1 0 2\n0 0 1 -3\n0 0 0 1\n" * 1,
    }[name]


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    """Cut off, flipped, or typed over."""
    changed = bytearray(data)
    if rng.random() < 0.3:
        return bytes(changed[: rng.randrange(len(changed))])
    for _ in range(rng.choice([1, 2, 8])):
        at = rng.randrange(len(changed))
        changed[at : at + rng.choice([1, 1, 3])] = bytes(
            rng.choice(b"0123456789-.eEnaif\n ,{}<>\xff\x00") for _ in range(rng.choice([1, 1, 4]))
        )
    return bytes(changed)


@pytest.mark.parametrize(
    "name", ["a.otrk", "a.freed", "a.f4", "a.chan", "a.move", "a.src", "a.csv", "a.pts", "a.log", "a.ply", "t.ply", "a.pcd", "b.pcd", "c.pcd",
             "a.usda"],
)  # fmt: skip
def test_a_spoilt_capture_is_read_or_refused_by_name_and_nothing_else(tmp_path, name):
    data, rng, path, refused = _good(name, tmp_path), random.Random(name), tmp_path / f"x{name}", 0
    for _ in range(15 if name == "a.usda" else 40):
        path.write_bytes(_spoilt(data, rng))
        try:
            if path.suffix in SCANS:
                open_scan(path).measured()
            else:
                read_track(path)
        except BadInput as error:
            refused += 1
            assert f"x{name}" in str(error) or str(error).startswith(("line ", "timecode", "camera track", "frame rate", "track "))
    assert refused > 0
