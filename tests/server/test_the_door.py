"""Nobody gets in without a token, and nobody gets in through somebody else's browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.routing import BaseRoute

from answerprint.production.tables import AccessToken, Version
from answerprint.server.access import COOKIE, Sessions, Throttle, first_token, hash_of, new_token, revoke_tokens
from answerprint.server.app import create_app
from answerprint.server.guard import BODY_BYTES

from .conftest import House, body

OWN = {"origin": "http://127.0.0.1:8770"}


def _routes(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inner: Any = getattr(route, "original_router", None) or getattr(route, "router", None)
            yield from _routes(inner.routes if inner is not None else [])


def _every_address(house: House) -> list[tuple[str, str]]:
    app = create_app([house.root])
    paths = app.openapi()["paths"]
    found = []
    for path, verbs in paths.items():
        address = re.sub(r"\{[a-z_]+\}", "1", path).replace("/1.mp4", "/proxy.mp4")
        found += [(verb.upper(), address) for verb in verbs]
    return [*found, ("GET", "/api/schema")]


def test_every_address_of_the_api_and_of_pictures_is_closed_to_strangers(house: House, stranger: TestClient) -> None:
    addresses = [one for one in _every_address(house) if one[1] != "/api/login"]
    assert len(addresses) >= 18, addresses
    for verb, address in addresses:
        answer = stranger.request(
            verb, address, headers=OWN | {"authorization": "Bearer wrong"}, json={} if verb == "POST" else None
        )
        assert answer.status_code == 401, f"{verb} {address} answered {answer.status_code}"
        assert set(answer.json()) == {"error"}


def test_an_address_that_does_not_exist_is_closed_too(stranger: TestClient) -> None:
    assert stranger.get("/api/nothing").status_code == 401
    assert stranger.get("/media/nothing").status_code == 401


def test_the_page_itself_is_open_so_that_people_can_sign_in(stranger: TestClient) -> None:
    assert stranger.get("/").status_code in (200, 503)


def test_only_the_hash_of_a_token_is_kept(house: House) -> None:
    with house.production.reading() as session:
        kept = session.scalars(select(AccessToken)).all()
    assert [one.hash for one in kept] == [hash_of(house.token)]
    assert house.token.encode() not in b"".join(path.read_bytes() for path in house.root.glob("catalogue*"))


def test_the_first_token_is_given_once(house: House) -> None:
    assert first_token([house.production]) is None


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house: House, stranger: TestClient) -> None:
    answer = stranger.post("/api/login", json={"token": house.token}, headers=OWN)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=strict" in said and "path=/" in said
    assert house.token not in answer.text


def test_a_signed_in_person_is_known_by_name(client: TestClient) -> None:
    me = body(client.get("/api/me"))
    assert me["person"] == "Ines" and [one["name"] for one in me["productions"]] == ["Nightjar"]


def test_signing_out_ends_the_session_for_good(client: TestClient) -> None:
    cookie = client.cookies[COOKIE]
    assert client.post("/api/logout", json={}).status_code == 200
    assert client.get("/api/me", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 401


def test_a_revoked_token_ends_its_sessions(house: House, client: TestClient) -> None:
    assert client.get("/api/me").status_code == 200
    assert revoke_tokens(house.production) == 1
    assert client.get("/api/me").status_code == 401


def test_a_session_nobody_uses_ends() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    from answerprint.server.access import Visitor

    key = sessions.begin(Visitor({}))
    now[0] = 13 * 3600
    assert sessions.find(key, {}) is None


def test_programs_come_in_with_a_bearer_token(house: House, stranger: TestClient) -> None:
    headers = {"authorization": f"Bearer {house.token}"}
    assert stranger.get("/api/shots", headers=headers).status_code == 200
    noted = stranger.post(f"/api/versions/{house.version}/note", json={"note": "from a script"}, headers=headers)
    assert noted.status_code == 200, noted.text


def test_a_viewer_looks_and_changes_nothing(house: House, stranger: TestClient) -> None:
    headers = {"authorization": f"Bearer {new_token([house.production], 'guest', 'viewer')}"}
    assert stranger.get("/api/shots", headers=headers).status_code == 200
    answer = stranger.post(f"/api/versions/{house.version}/approve", json={}, headers=headers)
    assert answer.status_code == 403 and "looking" in answer.json()["error"]


def test_five_wrong_tokens_shut_the_door_even_for_the_right_one(house: House, stranger: TestClient) -> None:
    for _ in range(5):
        assert stranger.post("/api/login", json={"token": "guess"}, headers=OWN).status_code == 401
    answer = stranger.post("/api/login", json={"token": house.token}, headers=OWN)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0


def test_the_door_opens_again_after_a_minute() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(5):
        throttle.note_wrong("1.2.3.4")
    assert throttle.wait("1.2.3.4") > 0 and throttle.wait("5.6.7.8") == 0
    now[0] = 61.0
    assert throttle.wait("1.2.3.4") == 0


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8770", "127.0.0.1.evil.example"])
def test_a_foreign_name_that_leads_here_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/shots", headers={"host": host}).status_code == 421
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8770", "localhost:9", "[::1]:8770"])
def test_this_machines_own_names_are_taken(client: TestClient, host: str) -> None:
    assert client.get("/api/shots", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_what_another_sites_page_sends_changes_nothing(
    house: House, client: TestClient, headers: dict[str, str], status: int
) -> None:
    given = {"content-type": "application/json"} | headers
    answer = client.post(f"/api/versions/{house.version}/approve", content=b'{"note": ""}', headers=given)
    assert answer.status_code == status
    with house.production.reading() as session:
        version = session.get(Version, house.version)
        assert version is not None and version.status == "to review" and not version.approvals


def test_a_change_without_an_origin_is_refused_when_it_comes_with_a_cookie(house: House, client: TestClient) -> None:
    del client.headers["origin"]
    assert client.post(f"/api/versions/{house.version}/approve", json={}).status_code == 403


def test_nothing_is_changed_by_looking(house: House, client: TestClient) -> None:
    for address in (f"/api/versions/{house.version}/approve", "/api/dispatch", "/api/logout", f"/api/jobs/{house.job}/cancel"):
        assert client.get(address).status_code in (404, 405)


def test_a_request_that_is_too_large_is_refused(house: House, client: TestClient) -> None:
    answer = client.post(f"/api/versions/{house.version}/note", json={"note": "x" * (BODY_BYTES + 1)})
    assert answer.status_code == 413


def test_every_answer_forbids_what_the_page_does_not_need(client: TestClient) -> None:
    for address in ("/", "/api/shots", "/api/nothing"):
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_two_productions_stay_apart(house: House, tmp_path: Any) -> None:
    from answerprint.production.catalogue import Production

    with Production.create(tmp_path / "other", "Other", 24) as other:
        new_token([other], "Omar")
        with TestClient(create_app([house.root, other.root]), base_url="http://127.0.0.1:8770") as client:
            headers = {"authorization": f"Bearer {house.token}"}
            assert [one["name"] for one in body(client.get("/api/me", headers=headers))["productions"]] == ["Nightjar"]
            assert client.get(f"/api/shots?production={other.identity}", headers=headers).status_code == 404
