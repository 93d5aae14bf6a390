"""The coverage map and deliveries over the wire: what there is, how it is asked for, and what stays inside."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from fastapi.testclient import TestClient

from answerprint.deliver.receivers.registry import RECEIVERS
from answerprint.jobs.queue import job_views
from answerprint.passes.delivery_settings import ReceiverName
from answerprint.production.tables import Clip

from .conftest import House, body


@pytest.fixture
def written(house: House) -> House:
    """A house whose editorial pass has run."""
    folder = house.production.path("editorial")
    (folder / "bins").mkdir()
    (folder / "bins" / "scene-1.ale").write_text("Heading\n")
    (folder / "coverage.json").write_text(json.dumps({"scenes": [], "missing": [], "attention": []}))
    (folder / "editorial.json").write_text(json.dumps({"bins": [{"files": ["bins/scene-1.ale"]}], "missing": 0, "grave": 0}))
    return house


def test_before_the_pass_there_is_no_map_and_the_page_can_ask_for_one(client: TestClient, house: House) -> None:
    assert body(client.get("/api/editorial")) == {"index": None, "coverage": None, "changes": None}
    assert len(body(client.post("/api/editorial", json={}))["jobs"]) == 1
    (view,) = [view for view in job_views(house.production) if view["kind"] == "editorial"]
    assert view["requested_by"] == "Ines"


def test_the_map_and_its_files_are_there_after_it(client: TestClient, written: House) -> None:
    assert body(client.get("/api/editorial"))["coverage"]["missing"] == []
    saved = client.get("/media/editorial/bins/scene-1.ale")
    assert saved.status_code == 200 and "attachment" in saved.headers["content-disposition"]


def test_what_the_newest_cut_changed_is_told(client: TestClient, house: House) -> None:
    place = house.production.root / "reports" / "changes"
    place.mkdir(parents=True)
    (place / "pier_v2-0.json").write_text(
        json.dumps({"cut": "pier_v2.edl", "digest": "", "who": "Ines", "shots": [{"shot": "7A_0010"}]})
    )
    assert body(client.get("/api/editorial"))["changes"]["shots"] == [{"shot": "7A_0010"}]


@pytest.mark.parametrize(
    "name", ["../answerprint.json", "bins/../../answerprint.json", "%2e%2e/catalogue.sqlite", "bins", "nothing.txt"]
)
def test_no_file_but_the_pass_s_own_is_given(client: TestClient, written: House, name: str) -> None:
    assert client.get(f"/media/editorial/{name}").status_code == 404


def test_a_delivery_is_asked_for_with_the_form_of_its_own_settings(client: TestClient, house: House) -> None:
    told = body(client.get("/api/deliveries"))
    assert [one["name"] for one in told["receivers"]] == list(RECEIVERS) and told["packages"] == []
    assert set(told["schema"]["properties"]["receiver"]["enum"]) == set(RECEIVERS) == set(get_args(ReceiverName))


def test_what_cannot_be_delivered_is_said_at_once(client: TestClient, house: House) -> None:
    said = client.post("/api/deliveries", json={"receiver": "nuke"})
    assert said.status_code == 422 and "there is no cut" in said.json()["error"]
    assert client.post("/api/deliveries", json={"receiver": "moviola"}).status_code == 422


def test_nobody_who_is_not_signed_in_sees_or_asks(stranger: TestClient, written: House) -> None:
    assert (
        stranger.get("/api/editorial").status_code == 401 and stranger.get("/media/editorial/bins/scene-1.ale").status_code == 401
    )


def test_a_grade_is_put_back_from_the_page_by_name_of_the_person(client: TestClient, house: House) -> None:
    assert client.post(f"/api/shots/{house.shot}/revert-grade", json={}).status_code == 409
    with house.production.session() as session:
        session.get_one(Clip, house.clip).grade = {"hero": "X", "is_hero": False, "why": "up", "cdl": {"slope": [1, 1, 1]}}
    assert body(client.get(f"/api/shots/{house.shot}"))["grade"]["why"] == "up"
    back = body(client.post(f"/api/shots/{house.shot}/revert-grade", json={}))
    assert back["cdl"] is None and back["held"] and back["reverted_by"] == "Ines"
    assert body(client.post(f"/api/shots/{house.shot}/revert-grade", json={}))["why"] == "up"
