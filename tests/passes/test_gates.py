"""What holds a delivery, who may let it go, and what a job's certificate says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from answerprint.graph.document import Graph, Node
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.media.sequence import open_sequence
from answerprint.passes.gates import faults_of, ledger_of_overrides, override, require_open
from answerprint.passes.performance_policy import Records, somebody_found
from answerprint.passes.picture_check import checked
from answerprint.passes.picture_job import frames_made, sign_off
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, Asset, Clip, Job, Performer, Shot, Version
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.keys import own_signer
from answerprint.provenance.signed import read_signed
from answerprint.provenance.work_certificate import PURPOSE, certificate, write_certificate
from answerprint.rights.consent import ConsentRecord
from answerprint.rights.policy import Policy, SignOff

SUBJECT = "5" * 64


def silent(done: int, total: int, what: str) -> None:
    """Nobody is watching."""


def record(frame: int, letter: str = "A", **facts: Any) -> dict[str, Any]:
    """A frame as the runner records it."""
    plain = {
        "frame": frame, "class": letter, "refused": False, "reason": "", "changed": 1000, "changed_share": 0.1, "support_share": 1.0,
        "restored": 0, "unreached": 0, "figures": {}, "pixel_digest": f"{frame:064d}",
    }  # fmt: skip
    return plain | facts


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """One shot of the cut with an approved retime that alters a performer on two frames; Ines is in the log and agreed to class D."""
    agreed = ConsentRecord(performer="Ines", classes=("B", "D"), scenes=("4",), agreed=date(2024, 1, 1), signed_by="Ines")
    with Production.create(tmp_path / "p", "Pier", 24) as made:
        with made.session() as session:
            asset = Asset(path="a.mov", kind="camera", sha256="1" * 64)
            clip = Clip(asset=asset, name="A001", rate="24", frame_count=24, width=64, height=36, scene="4", setup="A", take="1")
            rows = [{"scene": "4", "setup": "A", "take": "1", "performers": "Ines"}]
            session.add(Asset(path="log.csv", kind="notes", details={"paper": "continuity log", "rows": rows}))
            session.add(Performer(name="Ines", consent={"records": [agreed.model_dump(mode="json")]}))
            session.add(Shot(name="4A_0010", clip=clip, start=0, end=24, cut_in=4, cut_out=20, event=1))
        order = {"subject": SUBJECT, "sign_offs": []}
        job = submit(made, "frames", "retime 4A_0010 v001", order, [ChunkOrder()], requested_by="Kim")
        with made.session() as session:
            version = Version(
                shot_id=1, job_id=job, number=1, operation="retime", path="versions/x", status="approved",
                figures={"frames": [record(0), record(1, "D"), record(2, "D")]},
            )  # fmt: skip
            version.approvals.append(Approval(who="Ana", decision="approved"))
            session.add(version)
        yield made


def test_an_altered_performer_without_sign_off_holds_the_delivery(production: Production) -> None:
    with pytest.raises(Refused, match="alters a performer on 2 frames"):
        require_open(production)


def test_a_sign_off_by_another_person_opens_it(production: Production) -> None:
    with production.reading() as session:
        job = session.query(Job).one().id
    sign_off(production, job, "Ana")
    require_open(production)


def test_who_asked_for_it_cannot_sign_it_off(production: Production) -> None:
    with production.reading() as session:
        job = session.query(Job).one().id
    with pytest.raises(Refused, match="another person"):
        sign_off(production, job, "Kim")


def test_a_named_person_overrides_with_a_reason_and_the_ledger_says_so(production: Production) -> None:
    override(production, "Ana", "the insurer agreed by telephone")
    require_open(production)
    events = [
        line.body
        for line in read_ledger(ledger_of_overrides(production)).lines
        if line.kind == "event" and line.body["event"] == "override"
    ]
    assert [(e["who"], e["note"]) for e in events] == [("Ana", "the insurer agreed by telephone")]
    assert faults_of(production)[0].overridden_by == "Ana"


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("Ana", " ")])
def test_an_override_needs_a_name_and_a_reason(production: Production, who: str, why: str) -> None:
    with pytest.raises(BadInput, match="named person and a reason"):
        override(production, who, why)


def test_a_continuity_fault_holds_the_delivery_and_one_that_changed_needs_a_new_word(production: Production) -> None:
    def report(figure: float) -> None:
        finding = {
            "cut": "1 > 2",
            "shot": "4A_0010",
            "kind": "colour",
            "severity": "fail",
            "figure": figure,
            "message": "another jumper",
        }
        (production.path("editorial") / "continuity.json").write_text(json.dumps({"ranked": [finding], "cuts": []}))

    report(27.0)
    override(production, "Ana", "meant")
    require_open(production)
    report(40.0)
    with pytest.raises(Refused, match="another jumper"):
        require_open(production)


def test_class_d_is_refused_without_consent_and_runs_with_consent_and_sign_off() -> None:
    agreed = ConsentRecord(performer="Ines", classes=("D",), scenes=("*",), agreed=date(2024, 1, 1))
    word = SignOff(who="Ana", subject=SUBJECT)
    whole = Records(performers=("Ines",), consents=(agreed,), sign_offs=(word,), requested_by="Kim")
    whole.require("retime", "D", SUBJECT, "shot")
    for less in (
        Records(performers=("Ines",), sign_offs=(word,)),
        Records(performers=("Ines",), consents=(agreed,)),
        Records(consents=(agreed,), sign_offs=(word,)),
        Records(performers=("Ines",), consents=(agreed,), sign_offs=(SignOff(who="Ana", subject="6" * 64),)),
        Records(policy=Policy(class_d="refused"), performers=("Ines",), consents=(agreed,), sign_offs=(word,)),
    ):
        with pytest.raises(Refused):
            less.require("retime", "D", SUBJECT, "shot")


def test_a_new_timing_of_whom_the_log_names_asks_though_nobody_was_found() -> None:
    with pytest.raises(Refused, match=r"nobody was found in the picture, but Ines"):
        Records(performers=("Ines",), named=True).require("retime", "A", SUBJECT, "shot")
    Records(performers=("Ines",)).require("retime", "A", SUBJECT, "shot")
    Records(performers=("Ines",), named=True).require("background", "A", SUBJECT, "shot")


@pytest.mark.parametrize("operation", ["background", "coverage"])
def test_whom_the_log_names_and_nobody_found_asks_in_every_operation_that_can_alter_a_performance(operation: str) -> None:
    named = Records(performers=("Ines",), named=True)
    with pytest.raises(Refused, match=r"nobody was found in the picture, but Ines"):
        named.require(operation, "A", SUBJECT, "shot", lambda: False)
    named.require(operation, "A", SUBJECT, "shot", lambda: True)
    named.require(operation, "B", SUBJECT, "shot", lambda: False)
    Records(performers=("Ines",)).require(operation, "A", SUBJECT, "shot", lambda: False)
    named.require("removal", "A", SUBJECT, "shot", lambda: False)


class Looked:
    """A run whose search for people gave one matte for every frame."""

    def __init__(self, found: bool) -> None:
        self.graph = SimpleNamespace(performers="people", protect=None)
        self._matte = np.full((4, 4), 1.0 if found else 0.0, np.float32)

    def mattes(self, node: str) -> Any:
        """The matte of any frame."""
        return SimpleNamespace(read=lambda index: self._matte)


def test_who_was_found_is_read_off_the_mattes_and_a_frame_left_alone_asks_nobody() -> None:
    changed, same = record(3), record(3) | {"changed": 0}
    assert somebody_found(Looked(True), changed) and not somebody_found(Looked(False), changed)  # type: ignore[arg-type]
    assert somebody_found(Looked(False), same)  # type: ignore[arg-type]
    assert not somebody_found(Looked(True), record(3, figures={"performers_found": 0.0}))  # type: ignore[arg-type]


def test_a_version_that_asked_as_class_d_holds_the_delivery_though_its_pixels_measured_a(production: Production) -> None:
    with production.session() as session:
        session.query(Version).one().figures = {"frames": [record(0), record(1) | {"asked_as": "D"}]}
    with pytest.raises(Refused, match="alters a performer on 1 frames"):
        require_open(production)


def test_a_new_angle_in_the_cut_needs_its_papers_on_the_day_of_delivery(production: Production) -> None:
    with production.session() as session:
        session.query(Version).one().status = "rejected"
        asset = session.query(Asset).filter(Asset.path == "a.mov").one()
        order = submit(
            production, "coverage", "coverage V001", {"subject": SUBJECT, "sign_offs": []}, [ChunkOrder()], requested_by="Kim"
        )
        asset.details = {"operation": "coverage", "beside": "A001", "job": order, "figures": {"asked_as_d": ["7" * 64]}}
    with pytest.raises(Refused, match="from an angle nobody filmed on 1 frames"):
        require_open(production)
    sign_off(production, order, "Ana")
    require_open(production)


def test_a_picture_that_fails_the_delivery_checks_is_held_until_a_person_lets_it_go(production: Production) -> None:
    fault = {
        "code": "not-finite",
        "severity": "fail",
        "frame": 1,
        "figure": 40.0,
        "message": "40 values are no numbers",
        "path": "v001",
    }
    remark = fault | {"code": "flicker", "severity": "warn"}
    with production.session() as session:
        session.query(Version).one().figures = {"frames": [record(0)], "quality": [fault, remark]}
    assert [(f.gate, f.message) for f in faults_of(production)] == [("quality", "v001, not-finite: 40 values are no numbers")]
    override(production, "Ana", "a test card")
    require_open(production)


def test_what_the_original_fails_as_well_is_only_remarked_upon(tmp_path: Path) -> None:
    def frames(name: str, black: bool) -> Any:
        folder = tmp_path / name
        folder.mkdir()
        rng = np.random.default_rng(len(name))
        for number in range(60):
            codes = np.zeros((36, 64, 3), np.uint8) if black else rng.integers(40, 200, (36, 64, 3), np.uint8)
            cv2.imwrite(str(folder / f"{name}.{1000 + number}.png"), codes)
        return open_sequence(folder, 24)

    lit, dark = frames("lit", False), frames("dark", True)
    assert {one["severity"] for one in checked(dark, lit, silent) if one["code"] == "black"} == {"fail"}
    assert {one["severity"] for one in checked(dark, dark, silent) if one["code"] == "black"} == {"warn"}


def test_what_the_policy_lets_free_needs_nothing() -> None:
    Records().require("retime", "B", SUBJECT, "shot")


def test_a_new_timing_has_frames_of_its_own_counted_from_the_shots_first() -> None:
    graph = Graph(nodes=[Node(id="r", operation="retime", parameters={"speed": 0.5}, inputs={"plate": "@plate"})], result="r")
    made = frames_made(graph, Shot(start=8, end=18))
    assert (made.start, made.end) == (8, 27)


def test_a_certificate_names_the_frames_to_look_at_first(tmp_path: Path) -> None:
    records = [record(i) | {"changed": 0, "changed_share": 0.0} for i in range(8)]
    records[2] |= {"refused": True, "reason": "the fill would enter a performer"}
    records[5] |= {"changed": 900, "changed_share": 0.2, "support_share": 0.5}
    records[6] |= {"class": "R", "changed": 10, "changed_share": 0.01, "restored": 10}
    document = certificate(
        job="j", title="4A_0010 v001", operation="removal", requested_by="Kim", records=records, ledger_root="0" * 64
    )
    assert document["said"] == "7 of 8 frames done, look at these three: 2, 6, 5"
    assert document["invented_pixels"] == 450
    assert {k: v["frames"] for k, v in document["classes"].items()} == {"A": 6, "B": 0, "C": 0, "R": 1, "D": 1}
    page = write_certificate(tmp_path / "c.json", document, own_signer())
    assert "the fill would enter a performer" in page.read_text()
    assert read_signed(tmp_path / "c.json", PURPOSE).faults == []
    (tmp_path / "c.json").write_text((tmp_path / "c.json").read_text().replace("450", "0"))
    assert read_signed(tmp_path / "c.json", PURPOSE).faults[0].kind == "altered"


def test_a_certificate_says_so_when_nothing_stands_out() -> None:
    quiet = [record(i) | {"changed": 0, "changed_share": 0.0} for i in range(3)]
    document = certificate(job="j", title="t", operation="denoise", requested_by="", records=quiet, ledger_root="0" * 64)
    assert document["said"] == "3 of 3 frames done, none stands out"
    assert np.isfinite(document["invented_share"])
