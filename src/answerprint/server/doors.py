"""Signing in and out, and the productions a visitor may see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select

from answerprint import __version__
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot, Version
from answerprint.server.access import COOKIE, SESSION_SECONDS, Pass, Sessions, Throttle, Visitor, visitor_of
from answerprint.server.guard import session_cookie

router = APIRouter(prefix="/api")

READERS = frozenset({"viewer"})
"""Roles that look and change nothing."""


class Here:
    """The production a request speaks of, and what the visitor is in it."""

    def __init__(self, request: Request, production: Annotated[str, Query(max_length=64)] = "") -> None:
        visitor: Visitor = request.state.visitor
        key = production or next(iter(visitor.passes))
        if key not in visitor.passes:
            raise HTTPException(404, "There is no such production, or it is not open to you.")
        held: Pass = visitor.passes[key]
        self.key = key
        self.production: Production = request.app.state.productions[key]
        self.person, self.role = held.person, held.role


class HereToChange(Here):
    """The same, for a visitor who may change things."""

    def __init__(self, request: Request, production: Annotated[str, Query(max_length=64)] = "") -> None:
        super().__init__(request, production)
        if self.role in READERS:
            raise HTTPException(403, "Your token is for looking only.")


InProduction = Annotated[Here, Depends(Here)]
ToChange = Annotated[HereToChange, Depends(HereToChange)]


class Login(BaseModel):
    """What the sign-in page sends."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)


@router.post("/login")
def login(given: Login, request: Request, response: Response) -> dict[str, Any]:
    """Trade a token for a session cookie that scripts cannot read and other sites cannot send."""
    throttle: Throttle = request.app.state.throttle
    sessions: Sessions = request.app.state.sessions
    address = request.client.host if request.client else ""
    seconds = throttle.wait(address)
    if seconds > 0:
        raise HTTPException(
            429, f"Too many wrong tokens. Try again in {seconds:.0f} seconds.", headers={"Retry-After": f"{seconds:.0f}"}
        )
    visitor = visitor_of(given.token, request.app.state.productions)
    if visitor is None:
        throttle.note_wrong(address)
        raise HTTPException(401, "This token opens nothing here. “answerprint review --new-token” prints another.")
    response.set_cookie(
        COOKIE,
        sessions.begin(visitor),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return _introduction(visitor, request)


@router.post("/logout")
def logout(request: Request, response: Response) -> dict[str, Any]:
    """End the session."""
    request.app.state.sessions.end(session_cookie(request.headers.get("cookie", "")))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return {}


@router.get("/me")
def me(request: Request) -> dict[str, Any]:
    """Who is signed in, and which productions are open to them."""
    return _introduction(request.state.visitor, request)


def _introduction(visitor: Visitor, request: Request) -> dict[str, Any]:
    first = next(iter(visitor.passes.values()))
    productions = request.app.state.productions
    return {
        "person": first.person,
        "role": first.role,
        "version": __version__,
        "productions": [{"id": key, "name": productions[key].name} for key in visitor.passes],
    }


@router.get("/production")
def production(here: InProduction) -> dict[str, Any]:
    """A production in figures."""
    with here.production.reading() as session:
        shots = {row[0]: row[1] for row in session.execute(select(Shot.status, func.count()).group_by(Shot.status))}
        clips = session.scalar(select(func.count()).select_from(Clip)) or 0
        versions = session.scalar(select(func.count()).select_from(Version)) or 0
    return {
        "id": here.key,
        "name": here.production.name,
        "rate": str(here.production.rate),
        "shots": {status: shots.get(status, 0) for status in ("waiting", "working", "to review", "approved", "rejected")},
        "clips": clips,
        "versions": versions,
    }
