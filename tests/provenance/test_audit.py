"""A frame answers for itself: material, steps, models, who asked, who approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from answerprint.production import BadInput, FaultFound
from answerprint.provenance.audit import audit_frame, ledgers_for
from answerprint.provenance.bill import ModelCard, bill_of_models, cyclonedx, spans
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.days import check_day, day_proof, proves_day, seal_day
from answerprint.provenance.keys import Signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.merkle import proves_inclusion
from answerprint.provenance.report import ReportPicture, ReportShot, write_report
from answerprint.provenance.rows import EventRow, FrameRow, ModelUse, SourceUse

Rows = Callable[..., FrameRow]
POSE = ModelUse(name="pose", digest="7" * 64, kind="analysis")
CARD = ModelCard(
    name="pose", digest="7" * 64, kind="analysis", purpose="finds people", licence="Apache-2.0", training_data="as its card says"
)


def noon() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path, signer: Signer, frame_row: Rows) -> Path:
    """A plate graded and then cleaned: two steps, an approval, a seal, and an approval after the seal."""
    place = tmp_path / "job-1.ledger.jsonl"
    with Ledger.create(place, "job-1", clock=noon) as ledger:
        for frame in range(2):
            graded = f"{frame + 10:064x}"
            ledger.append(
                frame_row(
                    frame,
                    node="grade",
                    operation="grade",
                    output=f"grade/{frame:04d}.tif",
                    output_digest=graded,
                    changed_share=1.0,
                    **{"class": "B"},
                )
            )
            ledger.append(
                frame_row(
                    frame,
                    node="clean",
                    output=f"frames/{frame:04d}.tif",
                    changed_share=0.1,
                    support_share=0.9,
                    models=[POSE],
                    sources=[
                        SourceUse(digest=graded, clip="A001", frame=frame),
                        SourceUse(digest="9" * 64, clip="A001", frame=50, role="candidate"),
                    ],
                )
            )
        ledger.append_event(
            EventRow(event="approval", who="ann", when=noon(), subjects=[f"{1:064x}"], verdict="approved", note="<b>fine</b>")
        )
        ledger.seal(signer)
        ledger.append_event(EventRow(event="approval", who="ben", when=noon(), subjects=[f"{1:064x}"], verdict="rejected"))
    return place


def test_a_frame_names_its_material_its_steps_in_order_and_its_approvals(book: Path) -> None:
    told = audit_frame([book], f"{1:064x}")
    assert [step["operation"] for step in told["steps"]] == ["grade", "removal"]
    assert {(source["digest"], source["role"]) for source in told["sources"]} == {(f"{101:064x}", "plate"), ("9" * 64, "candidate")}
    assert [(event["who"], event["verdict"]) for event in told["approvals"]] == [("ann", "approved"), ("ben", "rejected")]
    assert (told["frame"], told["class"], told["model"], told["requested_by"], told["support_share"]) == (
        1,
        "B",
        None,
        "supervisor",
        0.9,
    )
    assert told["models"] == [POSE.model_dump()]


def test_the_proof_leads_from_the_row_to_the_root_that_was_signed(book: Path) -> None:
    told = audit_frame([book], f"{0:064x}")
    proof = told["proof"]
    assert proves_inclusion(proof["leaf"], proof["index"], proof["size"], proof["path"], told["root"])
    assert told["root"] == read_ledger(book).seals[0].root


def test_a_step_that_changes_nothing_is_never_its_own_source(tmp_path: Path, frame_row: Rows) -> None:
    place = tmp_path / "job-1.ledger.jsonl"
    same = "5" * 64
    with Ledger.create(place, "job-1", clock=noon) as ledger:
        for node in ("first", "second"):
            ledger.append(frame_row(0, node=node, output_digest=same, sources=[SourceUse(digest=same, clip="A", frame=0)]))
    told = audit_frame([place], same)
    assert [step["node"] for step in told["steps"]] == ["first", "second"] and len(told["sources"]) == 1
    assert told["root"] is None and told["signer"] is None


def test_a_frame_made_in_one_job_from_another_job_s_frame_is_followed_through_both(tmp_path: Path, frame_row: Rows) -> None:
    with Ledger.create(tmp_path / "a.ledger.jsonl", "a", clock=noon) as first:
        first.append(frame_row(0, "a", output_digest="1" * 64))
    with Ledger.create(tmp_path / "b.ledger.jsonl", "b", clock=noon) as second:
        second.append(frame_row(0, "b", output_digest="2" * 64, sources=[SourceUse(digest="1" * 64, clip="A", frame=0)]))
    told = audit_frame(sorted(tmp_path.glob("*.jsonl")), "2" * 64)
    assert [step["job"] for step in told["steps"]] == ["a", "b"]


def test_a_picture_that_no_row_made_is_a_fault_and_an_unknown_folder_bad_input(book: Path, tmp_path: Path) -> None:
    with pytest.raises(FaultFound, match="no ledger row made this picture"):
        audit_frame([book], "e" * 64)
    with pytest.raises(BadInput, match="not a frame file"):
        audit_frame([book], book)
    assert ledgers_for(tmp_path / "frames" / "0001.tif") == [book]


def test_a_bill_lists_each_model_once_with_every_frame_it_touched(frame_row: Rows) -> None:
    rows = [frame_row(frame, models=[POSE]) for frame in (3, 1, 2, 7)]
    bill = bill_of_models(rows, [CARD])
    assert bill == bill_of_models(reversed(rows), [CARD])
    assert bill.models[0].frames == {"frames": [1, 2, 3, 7]} and bill.makes_pixels == []
    assert cyclonedx(bill)["components"][0]["hashes"][0]["content"] == POSE.digest
    assert spans([5, 1, 2, 3]) == "1-3, 5"


def test_a_model_used_otherwise_than_its_card_says_is_unknown(frame_row: Rows) -> None:
    made = POSE.model_copy(update={"kind": "pixels"})
    assert bill_of_models([frame_row(0, models=[made])], [CARD]).unknown == [made]
    assert bill_of_models([frame_row(0, models=[POSE])], []).unknown == [POSE]


def test_the_root_of_a_day_holds_every_job_and_names_the_one_that_was_cut_back(
    tmp_path: Path, signer: Signer, frame_row: Rows
) -> None:
    seals = []
    for job in ("a", "b", "c"):
        with Ledger.create(tmp_path / f"{job}.ledger.jsonl", job, clock=noon) as ledger:
            ledger.append(frame_row(0, job))
            seals.append(ledger.seal(signer))
    place = seal_day(tmp_path, date(2026, 3, 1), seals, signer)
    assert check_day(place, seals) == []
    assert [fault.kind for fault in check_day(place, seals[1:])] == ["missing"]
    with Ledger.open(tmp_path / "b.ledger.jsonl", clock=noon) as ledger:
        ledger.append(frame_row(1, "b"))
        later = ledger.seal(signer)
    assert [fault.kind for fault in check_day(place, [seals[0], later, seals[2]])] == ["rollback"]
    assert check_day(place, [*seals, later]) == []
    path, index, size = day_proof(seals, "b")
    from answerprint.provenance.signed import read_signed

    document = read_signed(place, "day").document
    assert document is not None and proves_day(seals[1], path, index, size, document["root"])
    assert not proves_day(later, path, index, size, document["root"])


class _Page(HTMLParser):
    """Every address a page names, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "poster", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_stands_alone_tells_each_frame_and_escapes_what_people_wrote(book: Path, tmp_path: Path) -> None:
    image = tmp_path / "after.png"
    image.write_bytes(b"\x89PNG")
    shot = ReportShot(
        name="<script>010</script>",
        job="job-1",
        outputs=("frames/",),
        pictures=(ReportPicture(path=image, caption="after"),),
        refusals=("frame 7: she crosses the actor",),
    )
    reading = read_ledger(book)
    rows = [FrameRow.model_validate(body) for body in reading.frames]
    place = write_report(
        tmp_path / "report.html",
        title="Audit",
        production="Beam",
        shots=[shot],
        readings=[reading],
        bill=bill_of_models(rows, [CARD]),
    )
    page = _Page()
    page.feed(place.read_text("utf-8"))
    assert page.addresses and all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "b", "object", "form"}
    for text in (
        "<script>010</script>",
        "01:00:00:01",
        "approved by ann: <b>fine</b>",
        "rejected by ben",
        "supervisor",
        "10.0 %",
        "90.0 %",
        "No learned model made a pixel",
        "not sealed yet",
        "frame 7: she crosses the actor",
        reading.seals[0].root,
        "candidate",
    ):
        assert text in page.text, text
    assert "grade/" not in page.text


def test_the_same_ledgers_give_the_same_report_byte_for_byte(book: Path, tmp_path: Path) -> None:
    texts = [
        write_report(
            tmp_path / f"{at}.html",
            title="t",
            production="p",
            shots=[ReportShot(name="s", job="job-1")],
            readings=[read_ledger(book)],
        ).read_bytes()
        for at in range(2)
    ]
    assert texts[0] == texts[1]


def test_a_report_over_a_job_without_its_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="whose ledger was not given"):
        write_report(tmp_path / "r.html", title="t", production="p", shots=[ReportShot(name="s", job="gone")], readings=[])
    assert not (tmp_path / "r.html").exists()
