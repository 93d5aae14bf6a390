"""What holds a delivery, over HTTP: continuity, gates, overrides and sign-offs in the name of who is signed in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerprint.passes.gates import ledger_of_overrides
from answerprint.production.tables import Job, Version
from answerprint.provenance.chain import read_ledger
from tests.server.conftest import House, body

FINDING = {"cut": "1A_0010 > 1A_0020", "shot": "1A_0020", "kind": "exposure", "severity": "fail", "figure": 0.8, "unit": "stop", "strength": 3.2,
           "message": "0.80 stop brighter", "seen_on": "212 shared patches", "proposal": {"pass": "relight", "settings": {"exposure": -0.8}}}  # fmt: skip


@pytest.fixture
def held(house: House) -> House:
    """The house with one continuity fault."""
    document = {"document": "continuity", "job": house.job, "cuts": [], "ranked": [FINDING]}
    (house.production.path("editorial") / "continuity.json").write_text(json.dumps(document))
    return house


def test_there_is_no_continuity_report_until_the_pass_ran(client: TestClient) -> None:
    assert body(client.get("/api/continuity")) == {"report": None}


def test_the_report_is_served_as_the_pass_wrote_it(client: TestClient, held: House) -> None:
    assert body(client.get("/api/continuity"))["report"]["ranked"] == [FINDING]


def test_a_fault_holds_the_delivery_and_a_package_asked_for_is_refused(client: TestClient, held: House) -> None:
    gates = body(client.get("/api/gates"))
    assert (gates["held"], gates["faults"][0]["gate"], gates["faults"][0]["shot"]) == (1, "continuity", "1A_0020")
    answer = client.post("/api/deliveries", json={"receiver": "nuke"})
    assert answer.status_code in (403, 409) and "the delivery is held" in answer.text


def test_an_override_is_sealed_in_the_name_of_who_is_signed_in(client: TestClient, held: House) -> None:
    fault = body(client.get("/api/gates"))["faults"][0]["digest"]
    done = body(client.post("/api/gates/override", json={"why": "a flash of lightning", "faults": [fault]}))
    assert [one["digest"] for one in done["overridden"]] == [fault]
    assert body(client.get("/api/gates"))["held"] == 0
    events = [line.body for line in read_ledger(ledger_of_overrides(held.production)).lines if line.kind == "event"]
    assert [(e["who"], e["note"]) for e in events if e["event"] == "override"] == [("Ines", "a flash of lightning")]


@pytest.mark.parametrize(
    "given",
    [{"why": "", "faults": ["0" * 64]}, {"why": "because", "faults": []}, {"why": "because", "faults": ["0" * 64], "who": "Ana"}],
)
def test_an_override_without_a_reason_without_faults_or_in_anothers_name_is_refused(
    client: TestClient, held: House, given: dict[str, Any]
) -> None:
    assert client.post("/api/gates/override", json=given).status_code == 422
    assert body(client.get("/api/gates"))["held"] == 1


def test_a_fault_that_does_not_hold_cannot_be_let_go(client: TestClient, held: House) -> None:
    answer = client.post("/api/gates/override", json={"why": "because", "faults": ["0" * 64]})
    assert answer.status_code == 422 and "no such fault" in answer.text


def _waiting_for_a_word(house: House, asked_by: str) -> None:
    with house.production.session() as session:
        job = session.get(Job, house.job)
        assert job is not None
        job.order, job.requested_by, job.state = {"subject": "5" * 64, "sign_offs": []}, asked_by, "failed"
        session.get_one(Version, house.version).status = "working"


def test_class_d_work_is_signed_off_by_another_person_and_tried_again(client: TestClient, house: House) -> None:
    _waiting_for_a_word(house, "Kim")
    assert body(client.post(f"/api/jobs/{house.job}/sign-off", json={})) == {"signed_off_by": "Ines"}
    with house.production.reading() as session:
        job = session.get_one(Job, house.job)
        assert job.order["sign_offs"] == [{"who": "Ines", "subject": "5" * 64}]


def test_who_asked_cannot_sign_off_and_nothing_is_kept(client: TestClient, house: House) -> None:
    _waiting_for_a_word(house, "Ines")
    answer = client.post(f"/api/jobs/{house.job}/sign-off", json={})
    assert answer.status_code == 403 and "another person" in answer.text
    with house.production.reading() as session:
        assert session.get_one(Job, house.job).order["sign_offs"] == []


@pytest.mark.parametrize("address", ["/api/gates/override", "/api/jobs/{job}/sign-off"])
def test_a_stranger_lets_nothing_go(stranger: TestClient, held: House, address: str) -> None:
    answer = stranger.post(address.format(job=held.job), json={"why": "because", "faults": ["0" * 64]})
    assert answer.status_code in (401, 403)
