"""Who may come in: access tokens kept as hashes, sessions kept in memory, wrong tokens slowed down."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from answerprint.production.catalogue import Production
from answerprint.production.tables import AccessToken

COOKIE = "answerprint_session"
SESSION_SECONDS = 12 * 3600
"""A session nobody uses for this long ends."""
_WINDOW = 60.0
_PER_ADDRESS = 5
_ALTOGETHER = 40
"""Wrong tokens within the window, in seconds, that one address and all addresses together may send."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Pass:
    """What a token opens in one production."""

    person: str
    role: str
    token_hash: str


@dataclass
class Visitor:
    """A person who is signed in, and the productions (by id) that their token opens."""

    passes: Mapping[str, Pass]
    seen: float = field(default_factory=time.monotonic)

    @property
    def person(self) -> str:
        return next(iter(self.passes.values())).person


def hash_of(secret: str) -> str:
    """SHA-256 of a token or session id. Both are random and long, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def first_token(productions: list[Production], person: str = "") -> str | None:
    """A token for the productions that have none yet, to be shown once; None when all have one."""
    without = [production for production in productions if not _tokens(production)]
    return _give(without, person) if without else None


def new_token(productions: list[Production], person: str = "", role: str = "supervisor") -> str:
    """A further token for all of these productions, to be shown once."""
    return _give(productions, person, role)


def revoke_tokens(production: Production, token: str | None = None) -> int:
    """End one token of a production, or all of them, and with them their sessions. Returns how many there were."""
    with production.session() as session:
        query = select(AccessToken).where(AccessToken.revoked.is_(False))
        held = list(session.scalars(query if token is None else query.where(AccessToken.hash == hash_of(token))))
        for one in held:
            one.revoked = True
        return len(held)


def _give(productions: list[Production], person: str, role: str = "supervisor") -> str:
    token = secrets.token_urlsafe(24)
    for production in productions:
        with production.session() as session:
            session.add(AccessToken(hash=hash_of(token), person=person or getpass.getuser(), role=role))
    return token


def _tokens(production: Production) -> list[AccessToken]:
    with production.reading() as session:
        return list(session.scalars(select(AccessToken).where(AccessToken.revoked.is_(False))))


def visitor_of(token: str, productions: Mapping[str, Production]) -> Visitor | None:
    """The visitor a token makes, or None. Every token of every production is compared, in constant time."""
    given = hash_of(token)
    passes = {}
    for key, production in productions.items():
        for held in _tokens(production):
            if hmac.compare_digest(held.hash, given):
                passes[key] = Pass(held.person, held.role, held.hash)
    return Visitor(passes) if passes else None


class Sessions:
    """Who is signed in. Only hashes of session ids are held; they end with the server, or when a token is revoked."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._visitors: dict[str, Visitor] = {}
        self._lock = threading.Lock()

    def begin(self, visitor: Visitor) -> str:
        """Start a session and answer its id, which only the visitor's cookie keeps."""
        session_id = secrets.token_urlsafe(32)
        visitor.seen = self._clock()
        with self._lock:
            self._visitors[hash_of(session_id)] = visitor
        return session_id

    def find(self, session_id: str, productions: Mapping[str, Production]) -> Visitor | None:
        """The visitor of a session that is neither too old nor of a revoked token."""
        key = hash_of(session_id)
        with self._lock:
            visitor = self._visitors.get(key)
            if visitor is None:
                return None
            now = self._clock()
            if now - visitor.seen > SESSION_SECONDS:
                del self._visitors[key]
                return None
            visitor.seen = now
        valid = {
            name: held for name, held in visitor.passes.items() if held.token_hash in {t.hash for t in _tokens(productions[name])}
        }
        return Visitor(valid, now) if valid else None

    def end(self, session_id: str) -> None:
        """Forget a session."""
        with self._lock:
            self._visitors.pop(hash_of(session_id), None)


class Throttle:
    """Counts wrong tokens; too many within a minute and the door stays shut for the rest of it."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._wrong: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Seconds this address has to wait before it may try; 0 when it need not."""
        with self._lock:
            now = self._clock()
            while self._wrong and now - self._wrong[0][0] > _WINDOW:
                self._wrong.popleft()
            own = [at for at, who in self._wrong if who == address]
            if len(own) >= _PER_ADDRESS:
                return own[0] + _WINDOW - now
            return self._wrong[0][0] + _WINDOW - now if len(self._wrong) >= _ALTOGETHER else 0.0

    def note_wrong(self, address: str) -> None:
        """A wrong token came from this address."""
        with self._lock:
            self._wrong.append((self._clock(), address))
