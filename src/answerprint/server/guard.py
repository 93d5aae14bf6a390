"""The guard at the door: nothing reaches a route unless it comes from our own page, or carries a token, and is signed in.

It stands in front of every route, so that a route added later is closed until somebody signs in.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from answerprint.production.catalogue import Production
from answerprint.server.access import COOKIE, Sessions, Visitor, visitor_of

BODY_BYTES = 256 * 1024
"""The largest request body: settings and notes are small, and nothing is uploaded."""
_OPEN = frozenset({"/api/login"})
_SAFE = frozenset({"GET", "HEAD"})

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=()",
}


class Rejected(Exception):
    """A request that goes no further: the status and one line."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


class Guard:
    """ASGI middleware. ``names`` are host names, beside IP addresses and this machine's own, that the server goes by."""

    def __init__(self, app: ASGIApp, productions: Mapping[str, Production], sessions: Sessions, names: frozenset[str]) -> None:
        self.app = app
        self.productions = productions
        self.sessions = sessions
        self.names = names | {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        answer = _with_headers(send, scope["path"])
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            self._check_origin(scope, headers)
            if _is_guarded(scope["path"]):
                visitor = await run_in_threadpool(self._visitor, headers)
                if visitor is None:
                    raise Rejected(401, "Sign in first.")
                scope.setdefault("state", {})["visitor"] = visitor
            receive = _limited(headers, receive)
        except Rejected as rejected:
            return await JSONResponse({"error": str(rejected)}, rejected.status)(scope, receive, answer)
        return await self.app(scope, receive, answer)

    def _check_host(self, headers: Headers) -> None:
        """Refuse names that are not ours: a foreign name that leads here is a DNS rebinding attack."""
        name = _host_name(headers.get("host", ""))
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if name not in self.names:
                raise Rejected(421, "This server does not go by that name; start it with --host and that name.") from None

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        """Refuse what another site's page sends in the name of a person who is signed in here."""
        if not (_is_guarded(scope["path"]) or scope["path"] in _OPEN):
            return
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Rejected(403, "Requests from other sites are refused.")
        if scope["method"] in _SAFE:
            return
        origin = headers.get("origin")
        if origin is None:
            # Browsers always name the origin of a change. Programs do not, and show that they are none by their token.
            if "cookie" in headers or (scope["path"] not in _OPEN and "authorization" not in headers):
                raise Rejected(403, "A change needs an Origin header, or a bearer token instead of a cookie.")
        elif urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise Rejected(403, "Requests from other sites are refused.")
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise Rejected(415, "Send JSON.")

    def _visitor(self, headers: Headers) -> Visitor | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return visitor_of(token.strip(), self.productions)
        session = session_cookie(headers.get("cookie", ""))
        return self.sessions.find(session, self.productions) if session else None


def session_cookie(header: str) -> str:
    """The session id in a Cookie header, or nothing."""
    try:
        cookie = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _is_guarded(path: str) -> bool:
    return path.startswith(("/api", "/media")) and path not in _OPEN


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _limited(headers: Headers, receive: Receive) -> Receive:
    """A body that stops at the limit, whatever its length was said to be."""
    said = headers.get("content-length", "0")
    if not said.isdigit() or int(said) > BODY_BYTES:
        raise Rejected(413, "The request is too large.")
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return counted


def _with_headers(send: Send, path: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            own = headers.get("content-security-policy")
            headers.update(_HEADERS)
            if own is not None:
                # A document that is no part of the page names what it needs, which is less.
                headers["content-security-policy"] = own
            # The page's own files carry their digest in their names; everything else is the production's and is not kept.
            headers["cache-control"] = "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"
        await send(message)

    return sending
