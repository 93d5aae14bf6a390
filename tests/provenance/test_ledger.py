"""A ledger keeps every row, survives a kill, and gives away any change to any of its bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from answerprint.production import BadInput, FaultFound
from answerprint.provenance.chain import read_ledger, write_line
from answerprint.provenance.keys import Signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.merkle import inclusion_proof, proves_inclusion
from answerprint.provenance.rows import EventRow, FrameRow
from answerprint.provenance.witness import remember, rollback, seen_roots

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Rows = Callable[..., FrameRow]
Clock = Callable[[], datetime]


def approval(frame: int) -> EventRow:
    return EventRow(event="approval", who="post supervisor", when=NOON, subjects=[f"{frame:064x}"], verdict="approved")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "job-1.ledger.jsonl"


@pytest.fixture
def sealed(place: Path, signer: Signer, frame_row: Rows, clock: Clock) -> Path:
    with Ledger.create(place, "job-1", clock=clock) as ledger:
        for frame in range(4):
            ledger.append(frame_row(frame))
        ledger.append_event(approval(2))
        ledger.seal(signer)
    return place


def test_an_unsealed_ledger_is_still_checked_row_by_row(place: Path, frame_row: Rows, clock: Clock) -> None:
    with Ledger.create(place, "job-1", clock=clock) as ledger:
        ledger.append_many([frame_row(0), frame_row(1)])
    reading = read_ledger(place)
    assert (reading.job, len(reading.lines), reading.broken_line, reading.sealed) == ("job-1", 3, None, False)


def test_a_seal_signs_the_root_over_every_row_before_it(sealed: Path, signer: Signer) -> None:
    reading = read_ledger(sealed)
    seal = reading.seals[0]
    assert reading.sealed and seal.signer == signer.identity and seal.size == 6 and seal.frames == 4
    leaves = [line.digest for line in reading.lines[:6]]
    assert proves_inclusion(leaves[3], 3, seal.size, inclusion_proof(leaves, 3), seal.root)


@pytest.mark.parametrize("stride", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_one_flipped_bit_in_any_byte_is_found_and_its_row_is_named(sealed: Path, stride: int) -> None:
    data = sealed.read_bytes()
    for at in sorted({*range(0, len(data), stride), len(data) - 1}):
        for bit in (0, 5):  # bit 5 turns capital letters into small ones, which hexadecimal readers forgive
            sealed.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
            reading = read_ledger(sealed)
            row = data[:at].count(b"\n")
            assert not reading.sealed, (at, bit)
            if at < len(data) - 1:
                assert reading.broken_line == row, (at, bit)
    sealed.write_bytes(data)
    assert read_ledger(sealed).sealed


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows[:2], rows[3], rows[2], *rows[4:]],
        lambda rows: [*rows[:2], *rows[3:]],
        lambda rows: [*rows[:3], rows[2], *rows[3:]],
        lambda rows: rows[1:],
    ],
)
def test_rows_that_were_reordered_removed_or_doubled_are_found(sealed: Path, change: object) -> None:
    rows = sealed.read_bytes().split(b"\n")[:-1]
    sealed.write_bytes(b"\n".join(change(rows)) + b"\n")  # type: ignore[operator]
    assert read_ledger(sealed).broken_line in (0, 2, 3)


def test_a_changed_row_is_named_with_its_frame(sealed: Path) -> None:
    sealed.write_bytes(sealed.read_bytes().replace(b'"strength":0.5', b'"strength":0.6', 2).replace(b"0.6", b"0.5", 1))
    reading = read_ledger(sealed)
    assert (reading.broken_line, reading.broken_frame) == (2, 1)
    assert "changed" in reading.broken_why


def test_a_seal_by_another_key_over_forged_rows_shows_the_other_signer(
    place: Path, signer: Signer, frame_row: Rows, clock: Clock
) -> None:
    impostor = Signer.generate(signer.name)
    with Ledger.create(place, "job-1", clock=clock) as ledger:
        ledger.append(frame_row(0, **{"class": "B"}))
        ledger.seal(impostor)
    assert read_ledger(place).seals[0].signer.fingerprint != signer.fingerprint


def test_a_seal_moved_from_another_ledger_is_refused(
    sealed: Path, tmp_path: Path, signer: Signer, frame_row: Rows, clock: Clock
) -> None:
    other = tmp_path / "other.ledger.jsonl"
    with Ledger.create(other, "job-1", clock=clock) as ledger:
        for frame in range(5):
            ledger.append(frame_row(frame, requested_by="someone else"))
    other.write_bytes(other.read_bytes() + sealed.read_bytes().split(b"\n")[-2] + b"\n")
    assert read_ledger(other).broken_line == 6


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 4000))
def test_a_ledger_torn_anywhere_opens_with_every_whole_row_and_says_what_was_cut(
    sealed: Path, tmp_path: Path, cut: int, frame_row: Rows, clock: Clock
) -> None:
    data = sealed.read_bytes()
    first = data.index(b"\n") + 1
    kept = data[: max(first, len(data) - cut)]
    torn = tmp_path / "torn.ledger.jsonl"
    torn.write_bytes(kept)
    with Ledger.open(torn, clock=clock) as ledger:
        ledger.append(frame_row(9))
    reading = read_ledger(torn)
    assert reading.broken_line is None and not reading.torn
    whole = kept[: kept.rfind(b"\n") + 1]
    assert torn.read_bytes().startswith(whole)
    told = [line for line in reading.lines if line.body.get("event") == "recovered"]
    assert len(told) == (whole != kept)


def test_a_row_that_is_already_in_force_is_not_added_twice_and_a_new_version_is(place: Path, frame_row: Rows, clock: Clock) -> None:
    with Ledger.create(place, "job-1", clock=clock) as ledger:
        first = ledger.append(frame_row(0))
        assert ledger.append(frame_row(0)) == first
        assert ledger.append(frame_row(0, changed_share=0.25)) != first
        assert ledger.append_many([frame_row(1), frame_row(1)])[0] == ledger.append(frame_row(1))
        found = ledger.recorded("remove", "frames/0000.tif", 0)
    assert found is not None and found["changed_share"] == 0.25
    reading = read_ledger(place)
    assert len(reading.lines) == 4 and len(reading.frames) == 2


def test_the_root_over_the_frames_is_the_same_in_whatever_order_the_work_was_done(
    tmp_path: Path, signer: Signer, frame_row: Rows, clock: Clock
) -> None:
    roots = []
    for name, order in (("job-1", [0, 1, 2]), ("job-2", [2, 0, 1])):
        with Ledger.create(tmp_path / f"{name}.ledger.jsonl", name, clock=clock) as ledger:
            if name == "job-2":
                ledger.append(frame_row(1, name, changed_share=0.9))
            for frame in order:
                ledger.append(frame_row(frame, name))
            roots.append(ledger.seal(signer).frames_root)
    assert roots[0] == roots[1]


def test_rows_may_follow_a_seal_and_another_seal_covers_them(sealed: Path, signer: Signer, clock: Clock) -> None:
    with Ledger.open(sealed, clock=clock) as ledger:
        assert ledger.seal(signer).size == 6  # nothing new: the seal that is there stands
        ledger.append_event(approval(3))
        assert not read_ledger(sealed).sealed
        assert ledger.seal(signer).size == 8
    assert len(read_ledger(sealed).seals) == 2


def test_two_hands_may_write_into_one_ledger(place: Path, frame_row: Rows, clock: Clock) -> None:
    with Ledger.create(place, "job-1", clock=clock) as one, Ledger.open(place, clock=clock) as two:
        one.append(frame_row(0))
        two.append(frame_row(1))
        one.append(frame_row(2))
        assert two.append(frame_row(0)) == one.lines[1].digest
    assert [line.body["frame"] for line in read_ledger(place).lines[1:]] == [0, 1, 2]


def test_a_ledger_is_never_started_over_another(sealed: Path, frame_row: Rows) -> None:
    with pytest.raises(BadInput, match="already there"):
        Ledger.create(sealed, "job-1")
    with pytest.raises(BadInput, match="not of 'job-2'"):
        Ledger.at(sealed, "job-2")
    with Ledger.at(sealed, "job-1") as ledger, pytest.raises(BadInput, match="of job 'other'"):
        ledger.append(frame_row(0, "other"))


def test_nothing_is_added_to_a_ledger_that_was_altered(sealed: Path) -> None:
    sealed.write_bytes(sealed.read_bytes().replace(b"supervisor", b"supervisoR", 1))
    with pytest.raises(FaultFound, match="row 1"):
        Ledger.open(sealed)


def test_a_ledger_cut_back_to_an_older_seal_is_found_by_the_witness(sealed: Path, signer: Signer, clock: Clock) -> None:
    older = sealed.read_bytes()
    with Ledger.open(sealed, clock=clock) as ledger:
        ledger.append_event(approval(3))
        newest = ledger.seal(signer)
    fault, confirmed = rollback(read_ledger(sealed), seen_roots())
    assert fault is None and confirmed is not None and confirmed.root == newest.root
    sealed.write_bytes(older)
    assert read_ledger(sealed).sealed  # by itself the older state looks whole
    fault, confirmed = rollback(read_ledger(sealed), seen_roots())
    assert fault is not None and "cut back" in fault and confirmed is not None and confirmed.size == 6


def test_a_witness_that_does_not_know_the_ledger_has_nothing_against_it(sealed: Path, tmp_path: Path) -> None:
    strange = tmp_path / "witness.jsonl"
    remember("0" * 64, read_ledger(sealed).seals[0], strange)
    strange.write_bytes(strange.read_bytes() + b'{"first":')
    assert rollback(read_ledger(sealed), seen_roots(strange)) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"output": "/etc/passwd"},
        {"output": "../x"},
        {"output_digest": "A" * 64},
        {"class": "E"},
        {"changed_share": 1.5},
        {"parameters_digest": "0" * 64},
        {"seconds": 3},
    ],
)
def test_a_row_that_makes_no_sense_is_refused(change: dict[str, object], frame_row: Rows) -> None:
    with pytest.raises(ValidationError):
        frame_row(0, **change)


_WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from conftest import row
from answerprint.provenance.ledger import Ledger
ledger = Ledger.at(Path(sys.argv[1]), "job-1")
print("up", flush=True)
n = 0
while True:
    ledger.append(row(n % 3, changed_share=(n % 997) / 1000))
    n += 1
"""


def test_a_killed_writer_leaves_a_ledger_that_opens_and_goes_on(place: Path, frame_row: Rows) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _WRITER, str(place), str(Path(__file__).parent)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        before = place.stat().st_size
        while place.stat().st_size < before + 20000:
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    with Ledger.open(place) as ledger:
        ledger.append(frame_row(5))
    assert read_ledger(place).broken_line is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["frame", "event", "seal", "open", "other"]),
    body=st.dictionaries(
        st.sampled_from(
            ["job", "node", "output", "frame", "event", "who", "when", "subjects", "signer", "signature", "root", "size", "format"]
        ),
        _JSON,
    ),
    raw=st.none() | st.binary(max_size=40),
)
def test_whatever_a_row_says_a_ledger_is_read_without_a_crash(
    sealed: Path, tmp_path: Path, kind: str, body: dict[str, object], raw: bytes | None
) -> None:
    good = sealed.read_bytes().split(b"\n")[:3]
    last = read_ledger(sealed).lines[2].digest
    text = write_line(3, kind, body, last)[0] if raw is None else raw
    place = tmp_path / "strange.ledger.jsonl"
    place.write_bytes(b"\n".join([*good, text, b""]))
    reading = read_ledger(place)
    assert reading.broken_line is not None and reading.broken_why and len(reading.lines) >= 3


def test_threads_may_share_a_ledger(place: Path, frame_row: Rows, clock: Clock) -> None:
    with Ledger.create(place, "job-1", clock=clock) as ledger, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda frame: ledger.append(frame_row(frame)), range(60)))
    reading = read_ledger(place)
    assert reading.broken_line is None and sorted(line.body["frame"] for line in reading.lines[1:]) == list(range(60))
