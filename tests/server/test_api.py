"""What the page is told, and what it can do."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.passes.viewing_copies import copy_file
from answerprint.production.tables import Asset, Clip, Shot, Version
from answerprint.provenance.chain import read_ledger

from .conftest import CELL, CLIP_FRAMES, SHOT_END, SHOT_START, House, body, make_graded_copy

RESTORED = [50, 51]
"""Frames of the version on which a performer was restored."""


def _number_in(picture: Any) -> int:
    row = picture[CELL // 2, CELL // 2 :: CELL, 0]
    return int("".join("1" if value > 127 else "0" for value in row), 2)


def test_shots_come_in_the_order_of_the_cut_with_their_timecode_and_newest_version(client: TestClient, house: House) -> None:
    first, second = body(client.get("/api/shots"))["shots"]
    assert (first["name"], second["name"]) == ("1A_0010", "1A_0020")
    assert first["timecode"] == "01:00:00:12"
    assert first["latest"]["classes"] == {"A": 33 - 2 + 10, "B": 15, "R": 2, "D": 14} and second["latest"] is None
    assert first["status"] == "to review" and second["status"] == "waiting"


def test_a_shot_says_where_its_pictures_are_and_which_frame_each_begins_with(client: TestClient, house: House) -> None:
    shot = body(client.get(f"/api/shots/{house.shot}"))
    assert shot["plate"] == {"url": f"/media/clip/{house.clip}/proxy.mp4", "first": 0}
    (version,) = shot["versions"]
    assert version["proxy"]["first"] == SHOT_START and version["count"] == SHOT_END - SHOT_START
    assert version["matte"] and version["support"] and "frames" not in version["figures"]


def test_a_version_tells_every_frame_with_class_sources_and_steps(client: TestClient, house: House) -> None:
    version = body(client.get(f"/api/versions/{house.version}"))
    frames = {record["frame"]: record for record in version["frames"]}
    assert sorted(frames) == list(range(SHOT_START, SHOT_END))
    assert frames[35]["class"] == "B" and frames[50]["class"] == "R" and frames[50]["restored"] == 120
    assert frames[75]["class"] == "D" and frames[75]["refused"] and "performer" in frames[75]["reason"]
    assert version["requested_by"] == "Ines"
    assert [step["operation"] for step in version["steps"]] == ["removal"]


def test_the_certificate_of_a_job_is_linked_from_queue_and_version_and_stays_a_paper(client: TestClient, house: House) -> None:
    assert body(client.get(f"/api/versions/{house.version}"))["certificate"] is None
    document = {"document": "work certificate", "title": "1A_0010 <v001>"}
    place = house.root / "ledger" / f"{house.job}.certificate"
    place.with_suffix(".certificate.json").write_text(json.dumps(document))
    place.with_suffix(".certificate.html").write_text("<!doctype html><title>paper</title>")
    address = body(client.get(f"/api/versions/{house.version}"))["certificate"]
    assert address == body(client.get("/api/jobs"))["jobs"][0]["certificate"]
    page = client.get(address)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html") and "paper" in page.text
    assert "sandbox" in page.headers["content-security-policy"] and "script-src" not in page.headers["content-security-policy"]
    assert body(client.get(address.replace(".html", ".json"))) == document


@pytest.mark.parametrize("job", ["cd" * 16, "..", "%2e%2e%2fledger%2f" + "ab" * 16, "overrides"])
def test_a_certificate_is_found_by_jobs_of_the_catalogue_alone(client: TestClient, house: House, job: str) -> None:
    (house.root / "ledger" / "overrides.certificate.html").write_text("not yours")
    assert client.get(f"/media/job/{job}/certificate.html").status_code == 404


def test_an_approval_is_kept_in_the_catalogue_and_sealed_in_the_ledger(client: TestClient, house: House) -> None:
    body(client.post(f"/api/versions/{house.version}/approve", json={"note": "good", "frames": RESTORED}))
    shot = body(client.get(f"/api/shots/{house.shot}"))
    assert shot["status"] == "approved" and shot["versions"][0]["status"] == "approved"
    assert shot["versions"][0]["decisions"][0]["who"] == "Ines"
    lines = read_ledger(house.root / "ledger" / f"{house.job}.ledger.jsonl").lines
    said = next(line.body for line in lines if line.kind == "event" and line.body["event"] == "approval")
    assert said["verdict"] == "approved" and said["who"] == "Ines" and len(said["subjects"]) == SHOT_END - SHOT_START
    assert lines[-1].kind == "seal"


def test_no_approval_while_a_restored_frame_was_not_looked_at(client: TestClient, house: House) -> None:
    for looked_at in ([], RESTORED[1:]):
        answer = client.post(f"/api/versions/{house.version}/approve", json={"note": "", "frames": looked_at})
        assert answer.status_code == 403 and f"the first is {RESTORED[0]}" in answer.json()["error"]
    assert body(client.get(f"/api/versions/{house.version}"))["status"] == "to review"


def test_a_rejection_without_a_reason_is_refused(client: TestClient, house: House) -> None:
    answer = client.post(f"/api/versions/{house.version}/reject", json={"note": "  "})
    assert answer.status_code == 422 and "why" in answer.json()["error"]


def test_a_rejection_with_a_reason_names_its_frames(client: TestClient, house: House) -> None:
    body(client.post(f"/api/versions/{house.version}/reject", json={"note": "edge shows", "frames": [40]}))
    version = body(client.get(f"/api/versions/{house.version}"))
    assert version["status"] == "rejected" and version["decisions"][0]["frames"] == [40]


def test_a_note_decides_nothing(client: TestClient, house: House) -> None:
    body(client.post(f"/api/versions/{house.version}/note", json={"note": "look here", "frames": [33]}))
    version = body(client.get(f"/api/versions/{house.version}"))
    assert version["status"] == "to review" and version["decisions"][0]["note"] == "look here"


@pytest.mark.parametrize(
    ("what", "given", "status"),
    [
        ("note", {"note": "x", "frames": [5000]}, 422),
        ("note", {"note": ""}, 422),
        ("note", {"note": "x", "path": "/etc/passwd"}, 422),
        ("approve", {"frames": "all"}, 422),
    ],
)
def test_a_word_that_makes_no_sense_is_refused_in_one_line(
    client: TestClient, house: House, what: str, given: Any, status: int
) -> None:
    answer = client.post(f"/api/versions/{house.version}/{what}", json=given)
    assert answer.status_code == status and "\n" not in answer.json()["error"]


def test_unknown_things_are_not_found(client: TestClient) -> None:
    for address in ("/api/shots/999", "/api/versions/999", "/media/clip/999/proxy.mp4", "/media/shot/999/thumb.jpg"):
        assert client.get(address).status_code == 404
    assert client.post("/api/versions/999/approve", json={}).status_code == 404


def test_the_queue_counts_frames_and_names_every_state(client: TestClient, house: House) -> None:
    queue = body(client.get("/api/jobs"))
    assert queue["counts"] == {"done": 1, "running": 0, "waiting": 0, "failed": 0, "cancelled": 0}
    (job,) = queue["jobs"]
    assert (job["done"], job["total"], job["shot"], job["chunks"]) == (72, 72, "1A_0010", "d" * 9)


def test_a_job_can_be_moved_stopped_and_tried_again(client: TestClient, house: House) -> None:
    job = submit(house.production, "frames", "a job", {}, [ChunkOrder({}, weight=8)] * 3)
    body(client.post(f"/api/jobs/{job}/priority", json={"priority": 90}))
    assert client.post(f"/api/jobs/{job}/priority", json={"priority": 101}).status_code == 422
    assert body(client.post(f"/api/jobs/{job}/cancel", json={}))["state"] == "cancelled"
    assert body(client.post(f"/api/jobs/{job}/retry", json={}))["state"] == "waiting"
    found = next(one for one in body(client.get("/api/jobs"))["jobs"] if one["id"] == job)
    assert found["priority"] == 90 and found["chunks"] == "www"


def test_the_form_of_a_pass_is_its_own_json_schema(client: TestClient) -> None:
    passes = {one["name"]: one for one in body(client.get("/api/passes"))["passes"]}
    assert {"grade", "cleanup", "caption"} <= set(passes)
    assert passes["cleanup"]["schema"]["properties"]["crossing"]["enum"] == ["refuse", "subtract"]


def test_a_dispatched_pass_is_in_the_queue_in_the_persons_name(client: TestClient, house: House) -> None:
    jobs = body(client.post("/api/dispatch", json={"pass": "caption", "shots": [house.shot], "settings": {}}))["jobs"]
    found = [one for one in body(client.get("/api/jobs"))["jobs"] if one["id"] in jobs]
    assert len(found) == 1 and found[0]["requested_by"] == "Ines" and found[0]["state"] == "waiting"


def test_a_dispatch_that_cannot_be_is_refused_in_one_line(client: TestClient, house: House) -> None:
    for given in (
        {"pass": "caption", "shots": [999], "settings": {}},
        {"pass": "nothing", "shots": [house.shot], "settings": {}},
        {"pass": "cleanup", "shots": [house.shot], "settings": {"crossing": "maybe"}},
        {"pass": "caption", "shots": [], "settings": {}},
    ):
        answer = client.post("/api/dispatch", json=given)
        assert answer.status_code == 422 and "\n" not in answer.json()["error"], answer.text
    assert len(body(client.get("/api/jobs"))["jobs"]) == 1


def test_events_that_were_missed_are_told_in_order(client: TestClient, house: House) -> None:
    for number in range(3):
        submit(house.production, "frames", f"job {number}", {}, [ChunkOrder({}, weight=1)])
    from answerprint.jobs.queue import last_event

    last = last_event(house.production)
    told = []
    import threading

    # The stream has no end of its own: the server is told to stop once it has had time to speak.
    app: Any = client.app
    stopper = threading.Timer(1.0, app.state.stopping.set)
    stopper.start()
    with client.stream("GET", "/api/events", headers={"last-event-id": str(last - 2)}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = [line for line in stream.iter_lines() if line.startswith("id: ")]
    stopper.join()
    assert told == [f"id: {last - 1}", f"id: {last}"]


# Pictures ---------------------------------------------------------------------------------------------------------


def test_a_movie_is_served_in_ranges(client: TestClient, house: House) -> None:
    address = f"/media/version/{house.version}/proxy.mp4"
    whole = client.get(address)
    assert whole.status_code == 200 and whole.headers["accept-ranges"] == "bytes" and whole.headers["cache-control"] == "no-store"
    part = client.get(address, headers={"range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    tail = client.get(address, headers={"range": "bytes=-50"})
    assert tail.status_code == 206 and tail.content == whole.content[-50:]
    assert client.get(address, headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416


def test_a_graded_copy_is_told_while_it_holds_and_served_in_ranges(client: TestClient, stranger: TestClient, house: House) -> None:
    address = f"/api/shots/{house.shot}"
    assert body(client.get(address))["graded"] is None and client.get(f"/media/clip/{house.clip}/graded.mp4").status_code == 404
    make_graded_copy(house)
    graded = body(client.get(address))["graded"]
    assert (graded["first"], graded["grades"]) == (0, ["technical"])
    whole = client.get(graded["url"])
    part = client.get(graded["url"], headers={"range": "bytes=100-199"})
    assert (whole.status_code, part.status_code) == (200, 206) and part.content == whole.content[100:200]
    assert whole.headers["content-type"] == "video/mp4" and whole.headers["cache-control"] == "no-store"
    with house.production.session() as session:
        clip = session.get_one(Clip, house.clip)
        clip.grade = {"cdl": {**clip.grade["cdl"], "saturation": 0.5}, "why": "another"}
    assert body(client.get(address))["graded"] is None, "it shows the grade before"
    with house.production.session() as session:
        session.get_one(Clip, house.clip).grade = {}
    assert body(client.get(address))["graded"] is None
    client.cookies.clear()
    assert client.get(graded["url"]).status_code == 401


def test_a_copy_without_a_grade_is_not_called_graded(client: TestClient, house: House) -> None:
    make_graded_copy(house)
    with house.production.session() as session:
        clip = session.get_one(Clip, house.clip)
        clip.grade = {}
        record = copy_file(house.production, clip).with_suffix(".json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "technical": ""}))
    assert body(client.get(f"/api/shots/{house.shot}"))["graded"] is None


def test_a_graded_copy_that_leads_outside_is_not_served(client: TestClient, house: House, tmp_path: Any) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (house.root / "proxies" / "dailies").mkdir(parents=True)
    (house.root / "proxies" / "dailies" / "A001_C001.mp4").symlink_to(tmp_path / "secret.mp4")
    assert client.get(f"/media/clip/{house.clip}/graded.mp4").status_code == 404
    with house.production.session() as session:
        session.get_one(Clip, house.clip).name = str(tmp_path / "secret")
    assert client.get(f"/media/clip/{house.clip}/graded.mp4").status_code == 404
    assert body(client.get(f"/api/shots/{house.shot}"))["graded"] is None


def test_shots_that_a_new_cut_left_out_come_last_and_say_so(client: TestClient, house: House) -> None:
    with house.production.session() as session:
        dropped = session.get_one(Shot, house.shot)
        dropped.event, dropped.details = None, {"omitted": True}
        other = session.get_one(Shot, house.other_shot)
        other.event = None
    told = [(shot["name"], shot["left_out"]) for shot in body(client.get("/api/shots"))["shots"]]
    assert told == [("1A_0020", False), ("1A_0010", True)]


@pytest.mark.parametrize("frame", [0, 1, 47, CLIP_FRAMES - 1])
def test_a_single_frame_of_a_clip_is_that_frame(client: TestClient, house: House, frame: int) -> None:
    answer = client.get(f"/media/frame?clip={house.clip}&frame={frame}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert _number_in(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)) == frame


def test_a_single_frame_of_a_version_is_numbered_as_in_the_clip(client: TestClient, house: House) -> None:
    answer = client.get(f"/media/frame?version={house.version}&frame={SHOT_START + 5}")
    assert answer.status_code == 200, answer.text
    assert _number_in(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)) == SHOT_START + 5


def test_a_frame_that_is_not_there_is_refused(client: TestClient, house: House) -> None:
    for query in (f"clip={house.clip}&frame=96", f"clip={house.clip}&frame=-1", f"version={house.version}&frame=3", "frame=1"):
        assert client.get(f"/media/frame?{query}").status_code == 422


def test_a_shot_without_a_proxy_says_so_and_still_has_its_thumbnail(client: TestClient, house: House) -> None:
    (house.root / "proxies" / "A001_C001.mp4").unlink()
    assert body(client.get(f"/api/shots/{house.shot}"))["plate"] is None
    assert client.get(f"/media/clip/{house.clip}/proxy.mp4").status_code == 404
    thumb = client.get(f"/media/shot/{house.other_shot}/thumb.jpg")
    assert thumb.status_code == 200 and thumb.content[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    "address",
    [
        "/media/clip/../../catalogue.sqlite",
        "/media/clip/..%2f..%2fcatalogue.sqlite",
        "/media/version/1/..%2f..%2f..%2fanswerprint.json.mp4",
        "/media/version/%2e%2e/proxy.mp4",
        "/media/frame?clip=../../etc/passwd&frame=0",
        "/assets/..%2f..%2fapp.py",
        "/assets/%2e%2e/%2e%2e/app.py",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/media/shot/1%00/thumb.jpg",
    ],
)
def test_no_address_leads_out_of_the_production(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert b"root:" not in answer.content and b"SQLite" not in answer.content and b"create_app" not in answer.content
    assert answer.status_code in (404, 422) or b"<!doctype html>" in answer.content


def test_a_catalogue_that_was_tampered_with_serves_nothing_from_outside(client: TestClient, house: House, tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    (secret / "review").mkdir(parents=True)
    (secret / "review" / "picture.mp4").write_bytes(b"secret")
    (house.root / "proxies" / "link.mp4").symlink_to(secret / "review" / "picture.mp4")
    with house.production.session() as session:
        version = session.get(Version, house.version)
        asset = session.get(Asset, 1)
        assert version is not None and asset is not None
        version.path = "../secret"
        asset.details = {"proxy": "proxies/link.mp4"}
    assert client.get(f"/media/version/{house.version}/proxy.mp4").status_code == 404
    assert client.get(f"/media/frame?version={house.version}&frame=20").status_code == 422
    assert client.get(f"/media/clip/{house.clip}/proxy.mp4").status_code == 404


def test_a_shot_name_outside_ascii_is_told_as_it_is(client: TestClient, house: House) -> None:
    with house.production.session() as session:
        shot = session.get(Shot, house.shot)
        assert shot is not None
        shot.name = "Ψ_été_夜_0010"
    assert body(client.get("/api/shots"))["shots"][0]["name"] == "Ψ_été_夜_0010"


def test_a_page_that_is_not_built_says_so(house: House, tmp_path: Any) -> None:
    from answerprint.server.app import create_app

    with TestClient(create_app([house.root], page=tmp_path / "nowhere"), base_url="http://127.0.0.1:8770") as client:
        answer = client.get("/")
    assert answer.status_code == 503 and "make web" in answer.text
