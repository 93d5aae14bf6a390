"""A closed folder gives away any change, names the first, and tells an unknown signer from an altered file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.production import BadInput, FaultFound
from answerprint.provenance.certificates import own_chain, write_anchor
from answerprint.provenance.credentials import ANCHOR, Deed, Ingredient, Statement, write_sidecar
from answerprint.provenance.digests import frame_digest
from answerprint.provenance.keys import Signer, TrustStore
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.package import HASH_LIST_RECORD, MANIFEST, Package, close_folder
from answerprint.provenance.rows import EventRow, FrameRow
from answerprint.provenance.verify import verify

Rows = Callable[..., FrameRow]


def noon() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


def write_picture(path: Path, seed: int) -> str:
    """A small 16-bit TIFF of noise; answers its pixel digest."""
    codes = np.random.default_rng(seed).integers(0, 65536, (8, 12, 3), dtype=np.uint16)
    header = FrameHeader(width=12, height=8, data_window=(0, 0, 12, 8), storage="uint16", file_format="tiff")
    frame = SourceFrame(planes={name: np.ascontiguousarray(codes[..., at]) for at, name in enumerate("RGB")}, header=header)
    write_frame(path, frame)
    return frame_digest(frame)


@pytest.fixture
def work(tmp_path: Path, signer: Signer, frame_row: Rows) -> Path:
    """Three frames with their sealed ledger and one frame's credentials, not closed yet."""
    folder = tmp_path / "shot-ü 010"
    with Ledger.create(folder / "job-1.ledger.jsonl", "job-1", clock=noon) as ledger:
        for frame in range(3):
            digest = write_picture(folder / f"frames/{frame:04d}.tif", frame)
            ledger.append(frame_row(frame, output_digest=digest))
        ledger.append_event(EventRow(event="approval", who="ann", when=noon(), subjects=[digest], verdict="approved"))
        ledger.seal(signer)
    write_anchor(folder / ANCHOR, signer)
    opened = Ingredient(title="A001.mov", digest="a" * 64)
    deed = Deed(operation="removal", operation_version="1", source_type="compositeCapture")
    write_sidecar(folder / "frames/0001.tif", Statement(title="0001.tif", opened=opened, deeds=(deed,)), own_chain(signer))
    return folder


@pytest.fixture
def closed(work: Path, signer: Signer) -> Path:
    close_folder(work, kind="delivery", signer=signer, production="Beam", receiver="resolve", now=noon)
    return work


def trusted(signer: Signer) -> TrustStore:
    return TrustStore([signer.identity])


def flip(path: Path, at: int, bit: int = 0) -> bytes:
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
    return data


def test_a_folder_as_it_was_closed_is_intact_and_trusted(closed: Path, signer: Signer) -> None:
    answer = verify(closed, trusted(signer), deep=True)
    assert (answer.intact, answer.trusted, answer.faults, answer.exit_code) == (True, True, [], 0)
    assert answer.signer == signer.fingerprint and answer.checked == 6 + 6
    assert set(answer.model_dump()) >= {"intact", "trusted", "signer", "checked", "faults"}


def test_an_unknown_signer_is_told_apart_from_an_altered_folder(closed: Path) -> None:
    answer = verify(closed)
    assert (answer.intact, answer.trusted, answer.faults, answer.exit_code) == (True, False, [], 3)
    assert any("not in the trust store" in note for note in answer.notes)


def test_the_fingerprint_given_by_the_user_is_trusted(closed: Path, signer: Signer) -> None:
    assert verify(closed, signer.fingerprint).exit_code == 0


def test_one_flipped_bit_in_any_file_is_found_and_that_file_is_named_first(closed: Path, signer: Signer) -> None:
    store = trusted(signer)
    for file in sorted(path for path in closed.rglob("*") if path.is_file()):
        name = file.relative_to(closed).as_posix()
        size = file.stat().st_size
        for at in {0, 1, size // 3, size // 2, 2 * size // 3, size - 2, size - 1}:
            before = flip(file, at, 5 if at % 2 else 0)
            answer = verify(closed, store)
            assert not answer.intact and answer.faults[0].path == name, (name, at, answer.faults)
            file.write_bytes(before)
    assert verify(closed, store).exit_code == 0


def test_every_byte_of_the_manifest_and_its_signature_counts(closed: Path, signer: Signer) -> None:
    store = trusted(signer)
    for file in (closed / MANIFEST, closed / f"{MANIFEST}.sig", closed / f"{HASH_LIST_RECORD}.sig"):
        for at in range(0, file.stat().st_size, 37):
            before = flip(file, at, 5)
            answer = verify(closed, store)
            assert not answer.intact and answer.faults[0].path == file.name, (file.name, at)
            file.write_bytes(before)


def test_an_altered_frame_is_named_with_its_number(closed: Path, signer: Signer) -> None:
    flip(closed / "frames/0002.tif", 300)
    fault = verify(closed, trusted(signer)).faults[0]
    assert (fault.path, fault.frame, fault.kind) == ("frames/0002.tif", 2, "altered")


def test_missing_added_and_linked_files_are_named(closed: Path, signer: Signer) -> None:
    (closed / "frames/0000.tif").unlink()
    (closed / "frames/0003.tif").write_bytes(b"more")
    (closed / "frames/0009.tif").symlink_to(closed / "frames/0001.tif")
    faults = {(fault.path, fault.kind) for fault in verify(closed, trusted(signer)).faults}
    assert {("frames/0000.tif", "missing"), ("frames/0009.tif", "added")} <= faults
    (closed / "frames/0009.tif").unlink()
    assert ("frames/0003.tif", "added") in {(fault.path, fault.kind) for fault in verify(closed, trusted(signer)).faults}


def test_a_forger_who_signs_everything_anew_with_the_same_name_is_not_trusted(closed: Path, signer: Signer) -> None:
    impostor = Signer.generate(signer.name)
    (closed / "frames/0000.tif").write_bytes(b"forged")
    close_folder(closed, kind="delivery", signer=impostor, now=noon)
    answer = verify(closed, trusted(signer))
    assert (answer.trusted, answer.exit_code) == (False, 3)
    assert any("known with another key" in note for note in answer.notes)


def test_a_manifest_signed_by_one_and_a_ledger_sealed_by_another_needs_trust_in_both(work: Path, signer: Signer) -> None:
    other = Signer.generate("lab")
    close_folder(work, kind="delivery", signer=other, now=noon)
    assert not verify(work, TrustStore([other.identity])).trusted
    assert verify(work, TrustStore([other.identity, signer.identity])).trusted


def test_a_frame_whose_row_says_another_picture_is_found(work: Path, signer: Signer) -> None:
    write_picture(work / "frames/0001.tif", 99)  # changed after its row was written, before the folder was closed
    (work / "frames/0001.c2pa").unlink()
    close_folder(work, kind="apply", signer=signer, now=noon)
    assert verify(work, trusted(signer)).intact  # the files are those that were signed
    fault = verify(work, trusted(signer), deep=True).faults[0]
    assert (fault.path, fault.frame, fault.kind) == ("frames/0001.tif", 1, "picture")


def test_an_unclosed_folder_is_checked_by_its_ledger_and_pictures(work: Path, signer: Signer) -> None:
    assert verify(work, trusted(signer)).exit_code == 0
    write_picture(work / "frames/0001.tif", 99)
    fault = verify(work, trusted(signer)).faults[0]
    assert (fault.path, fault.frame, fault.kind) == ("frames/0001.tif", 1, "picture")
    (work / "frames/0001.tif").unlink()
    assert verify(work, trusted(signer)).faults[0].kind == "missing"


def test_rows_whose_frames_are_not_in_the_folder_are_said_to_be_rows_only(work: Path, signer: Signer, tmp_path: Path) -> None:
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    (lonely / "job-1.ledger.jsonl").write_bytes((work / "job-1.ledger.jsonl").read_bytes())
    answer = verify(lonely, trusted(signer))
    assert answer.files == 0 and any("3 of 3 frames lie elsewhere" in note for note in answer.notes)


def test_an_unsealed_ledger_is_intact_and_nobody_s(tmp_path: Path, frame_row: Rows) -> None:
    with Ledger.create(tmp_path / "job-1.ledger.jsonl", "job-1", clock=noon) as ledger:
        ledger.append(frame_row(0))
    answer = verify(tmp_path)
    assert (answer.intact, answer.trusted, answer.signer, answer.exit_code) == (True, False, None, 3)
    assert any("not sealed" in note for note in answer.notes)


def test_a_torn_ledger_is_named_and_the_rows_before_hold(work: Path, signer: Signer) -> None:
    ledger = work / "job-1.ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-9])
    fault = verify(work, trusted(signer)).faults[0]
    assert (fault.path, fault.kind) == (ledger.name, "torn") and "5 rows before it hold" in fault.detail


def test_rollback_is_found_by_the_witness_and_otherwise_said_to_be_possible(work: Path, signer: Signer, tmp_path: Path) -> None:
    ledger = work / "job-1.ledger.jsonl"
    older = ledger.read_bytes()
    with Ledger.open(ledger, clock=noon) as book:
        book.append_event(EventRow(event="approval", who="ann", when=noon(), verdict="rejected"))
        book.seal(signer)
    ledger.write_bytes(older)
    answer = verify(work, trusted(signer))
    assert answer.faults[0].kind == "rollback" and answer.exit_code == 3
    empty = tmp_path / "witness.jsonl"
    empty.write_bytes(b"")
    blind = verify(work, trusted(signer), witness=empty)
    assert blind.intact and any("rollback cannot be excluded" in note for note in blind.notes)


def test_one_file_of_a_package_can_be_asked_about(closed: Path, signer: Signer) -> None:
    flip(closed / "frames/0002.tif", 300)
    assert verify(closed / "frames/0001.tif", trusted(signer)).exit_code == 0
    assert verify(closed / "frames/0002.tif", trusted(signer)).faults[0].frame == 2
    (closed / "new.txt").write_text("?")
    assert verify(closed / "new.txt", trusted(signer)).faults[0].kind == "added"


def test_a_receiver_may_add_generations_to_the_hash_list(closed: Path, signer: Signer) -> None:
    from ascmhl.commands import create_for_folder_subcommand

    create_for_folder_subcommand(str(closed), False, False, ["xxh64"], False, "receiver", None, None, None, None, None, [])
    answer = verify(closed, trusted(signer))
    assert answer.exit_code == 0 and any("added generations" in note for note in answer.notes)


def test_closing_again_after_a_new_run_gives_one_whole_folder(closed: Path, signer: Signer, frame_row: Rows) -> None:
    with Ledger.open(closed / "job-1.ledger.jsonl", clock=noon) as ledger:
        ledger.append(frame_row(0, output_digest=write_picture(closed / "frames/0000.tif", 42)))
        ledger.seal(signer)
    close_folder(closed, kind="delivery", signer=signer, now=noon)
    assert verify(closed, trusted(signer), deep=True).exit_code == 0


def test_a_delivery_may_rename_frames_and_keeps_their_rows(work: Path, signer: Signer) -> None:
    digest = json.loads((work / "job-1.ledger.jsonl").read_bytes().split(b"\n")[2])["body"]["output_digest"]
    (work / "frames/0001.c2pa").unlink()
    (work / "frames/0001.tif").rename(work / "AGM_065_0010_v001.1001.tif")
    package = close_folder(work, kind="delivery", signer=signer, pictures={"AGM_065_0010_v001.1001.tif": (digest, 1)}, now=noon)
    assert [file.frame for file in package.files if file.path.startswith("AGM")] == [1]
    assert verify(work, trusted(signer), deep=True).exit_code == 0
    with pytest.raises(FaultFound, match="no ledger in the folder"):
        close_folder(work, kind="delivery", signer=signer, pictures={"x.tif": ("b" * 64, 1)}, now=noon)


def test_a_folder_with_an_unsealed_ledger_or_a_link_cannot_be_closed(work: Path, signer: Signer) -> None:
    with Ledger.open(work / "job-1.ledger.jsonl", clock=noon) as ledger:
        ledger.append_event(EventRow(event="note", who="ann", when=noon()))
    with pytest.raises(FaultFound, match="not a seal"):
        close_folder(work, kind="apply", signer=signer)
    (work / "link").symlink_to("/etc/hostname")
    with pytest.raises(BadInput, match="symbolic link"):
        close_folder(work, kind="apply", signer=signer)


def test_the_same_folder_closed_twice_gives_the_same_root(work: Path, signer: Signer) -> None:
    assert close_folder(work, kind="apply", signer=signer).root == close_folder(work, kind="apply", signer=signer).root
    assert Package.model_validate_json((work / MANIFEST).read_bytes()).kind == "apply"


@pytest.mark.parametrize(
    "text", ["{}", "[]", "nonsense", '{"a":1,"a":2}', '{"format":"answerprint-package/1","files":[{"path":"../../etc/passwd"}]}']
)
def test_a_manifest_that_is_none_is_a_fault_and_never_a_crash(closed: Path, signer: Signer, text: str) -> None:
    (closed / MANIFEST).write_text(text)
    assert verify(closed, trusted(signer)).faults[0].path == MANIFEST


def test_what_was_never_signed_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds nothing that was signed"):
        verify(tmp_path)
    with pytest.raises(BadInput, match="does not exist"):
        verify(tmp_path / "gone")
    (tmp_path / "a.exr").write_bytes(b"x")
    with pytest.raises(BadInput, match="belongs to nothing"):
        verify(tmp_path / "a.exr")
