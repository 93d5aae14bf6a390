"""One line of a ledger and how lines hold together: read, checked, never changed.

A line is the canonical JSON of ``{"body", "digest", "kind", "n", "previous"}``. ``digest`` is the RFC 6962
leaf hash over the same object without it; ``previous`` is the digest of the line before, so that a line
cannot be changed, moved, added or taken out without breaking the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from answerprint.production import BadInput
from answerprint.provenance.canonical import canonical_bytes, strict_object
from answerprint.provenance.keys import Identity, Signer, verify_signature
from answerprint.provenance.merkle import leaf_hash, merkle_root
from answerprint.provenance.rows import EventRow, FrameRow

FORMAT = "answerprint-ledger/1"
SUFFIX = ".ledger.jsonl"
BEFORE_FIRST = "0" * 64


@dataclass(frozen=True)
class Line:
    """One row of a ledger: ``kind`` is open, frame, event or seal."""

    n: int
    kind: str
    body: dict[str, Any]
    previous: str
    digest: str

    @property
    def frame(self) -> int | None:
        """The frame the row speaks of, when it speaks of one."""
        found = self.body.get("frame") if self.kind == "frame" else None
        return found if isinstance(found, int) else None


@dataclass(frozen=True)
class Seal:
    """A signed statement that a ledger's first ``size`` rows are these and no others."""

    job: str
    size: int
    root: str
    head: str
    frames: int
    frames_root: str
    signer: Identity
    signature: str

    PURPOSE = "seal"

    @classmethod
    def make(cls, job: str, lines: list[Line], signer: Signer) -> Seal:
        stated = _statement(job, lines)
        signed = canonical_bytes({**stated, "signer": signer.identity.record()})
        return cls(**stated, signer=signer.identity, signature=signer.sign(cls.PURPOSE, signed))

    def body(self) -> dict[str, Any]:
        return {**self._stated(), "signer": self.signer.record(), "signature": self.signature}

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> Seal:
        """Raises ValueError when the body is not that of a seal."""
        try:
            parts = dict(body)
            seal = cls(signer=Identity.from_record(parts.pop("signer")), **parts)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the seal is not whole ({error})") from error
        if not isinstance(seal.signature, str) or not isinstance(seal.size, int):
            raise ValueError("the seal is malformed")
        return seal

    def fault(self, job: str, before: list[Line]) -> str | None:
        """What is wrong with the seal over the rows before it, or None."""
        signed = canonical_bytes({**self._stated(), "signer": self.signer.record()})
        if not verify_signature(self.signer, self.PURPOSE, signed, self.signature):
            return "the signature of the seal is not that of its signer"
        if self._stated() != _statement(job, before):
            return "the seal was made over other rows"
        return None

    def _stated(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "size": self.size,
            "root": self.root,
            "head": self.head,
            "frames": self.frames,
            "frames_root": self.frames_root,
        }


@dataclass
class Reading:
    """What a ledger file says, up to the first thing that is wrong with it."""

    path: Path
    job: str = ""
    lines: list[Line] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)
    torn: int = 0
    whole_bytes: int = 0
    broken_line: int | None = None
    broken_frame: int | None = None
    broken_why: str = ""

    @property
    def sealed(self) -> bool:
        """Whether the last row is a seal: nothing was added after the last signature."""
        return bool(self.lines) and self.lines[-1].kind == "seal" and self.broken_line is None and not self.torn

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The frame row in force for each frame, in the order of `frame_order`."""
        return frames_in_force(self.lines)


def read_ledger(path: Path) -> Reading:
    """Read and check a whole ledger. Never raises for what the file says, only BadInput when it cannot be read.

    A last line without its line end is what a killed process leaves: it is counted in ``torn`` (bytes)
    and not taken as a row.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path and its permissions") from error
    reading = Reading(path)
    end = raw.rfind(b"\n") + 1
    reading.torn, reading.whole_bytes = len(raw) - end, end
    previous = BEFORE_FIRST
    for number, text in enumerate(raw[:end].split(b"\n")[:-1]):
        try:
            line = read_line(text, number, previous)
            _take(reading, line)
        except ValueError as error:
            reading.broken_line, reading.broken_why = number, str(error)
            reading.broken_frame = _frame_named(text)
            return reading
        previous = line.digest
    if not reading.lines and not reading.torn:
        reading.broken_line, reading.broken_why = 0, "the ledger is empty"
    return reading


def write_line(n: int, kind: str, body: dict[str, Any], previous: str) -> tuple[bytes, Line]:
    """The bytes of one line, without its line end, and the line itself."""
    text = canonical_bytes(body)
    digest = leaf_hash(_core(text, n, kind, previous))
    return _whole(text, digest, n, kind, previous), Line(n, kind, body, previous, digest)


def read_line(text: bytes, n: int, previous: str) -> Line:
    """Read one line that must be number ``n`` and follow ``previous``. Raises ValueError with what is wrong."""
    try:
        record = strict_object(text)
        line = Line(record["n"], record["kind"], record["body"], record["previous"], record["digest"])
        if not all(isinstance(part, str) for part in (line.kind, line.previous, line.digest)) or not isinstance(line.body, dict):
            raise ValueError("a part is of the wrong type")
        body = canonical_bytes(line.body)
        rebuilt = _whole(body, line.digest, line.n, line.kind, line.previous)
    except (ValueError, KeyError, TypeError, BadInput, RecursionError) as error:
        raise ValueError(f"is not a ledger row ({error})") from error
    if line.digest != leaf_hash(_core(body, line.n, line.kind, line.previous)):
        raise ValueError("the row was changed: its digest is not that of what it says")
    if rebuilt != text:
        raise ValueError("the row was changed: it is not written the one way a ledger writes it")
    if line.previous != previous or line.n != n:
        raise ValueError(f"the row does not follow the one before it: it calls itself row {line.n}, this is place {n}")
    return line


def frames_in_force(lines: list[Line]) -> list[dict[str, Any]]:
    """The last frame row for each (node, output, frame), sorted by that key: independent of the order of the work."""
    latest = {(line.body["node"], line.body["output"], line.body["frame"]): line.body for line in lines if line.kind == "frame"}
    return [latest[key] for key in sorted(latest)]


def frames_root(bodies: list[dict[str, Any]]) -> str:
    """Merkle root over what the frames are, whatever the job was called and in whatever order it ran.

    Two runs of the same work give the same root.
    """
    return merkle_root([leaf_hash(canonical_bytes({k: v for k, v in body.items() if k != "job"})) for body in bodies])


def _statement(job: str, lines: list[Line]) -> dict[str, Any]:
    bodies = frames_in_force(lines)
    return {
        "job": job,
        "size": len(lines),
        "root": merkle_root([line.digest for line in lines]),
        "head": lines[-1].digest if lines else BEFORE_FIRST,
        "frames": len(bodies),
        "frames_root": frames_root(bodies),
    }


def _take(reading: Reading, line: Line) -> None:
    if (line.n == 0) != (line.kind == "open"):
        raise ValueError("a ledger has one opening row, its first")
    if line.kind == "open":
        if line.body.get("format") != FORMAT or not isinstance(line.body.get("job"), str):
            raise ValueError(f"is not the opening row of a ledger of format {FORMAT}")
        reading.job = line.body["job"]
    elif line.kind == "seal":
        seal = Seal.from_body(line.body)
        fault = seal.fault(reading.job, reading.lines)
        if fault:
            raise ValueError(fault)
        reading.seals.append(seal)
    else:
        _check_body(line, reading.job)
    reading.lines.append(line)


def _check_body(line: Line, job: str) -> None:
    """Raise ValueError unless a frame or event row says what such rows say, so that readers may rely on its fields."""
    try:
        if line.kind == "frame":
            row = FrameRow.model_validate(line.body)
            if row.job != job:
                raise ValueError("is a frame row of another job")
        elif line.kind == "event":
            EventRow.model_validate(line.body)
        else:
            raise ValueError(f"is of a kind {line.kind!r} that a ledger does not have")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"is no {line.kind} row: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _frame_named(text: bytes) -> int | None:
    """The frame a broken line still names, for the person who reads the fault."""
    try:
        found = strict_object(text)["body"]["frame"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, int) else None


def _core(body: bytes, n: int, kind: str, previous: str) -> bytes:
    # Written by hand, in canonical key order, so that a row is serialised once and not twice.
    return b'{"body":%b,"kind":"%b","n":%d,"previous":"%b"}' % (body, kind.encode(), n, previous.encode())


def _whole(body: bytes, digest: str, n: int, kind: str, previous: str) -> bytes:
    return b'{"body":%b,"digest":"%b","kind":"%b","n":%d,"previous":"%b"}' % (
        body,
        digest.encode(),
        kind.encode(),
        n,
        previous.encode(),
    )
