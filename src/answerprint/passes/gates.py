"""What holds a delivery: faults of the shots in it, and the word of a named person that lets it go all the same.

A fault is a class D frame without its records, a restored frame nobody looked at, a picture that fails the delivery checks, or a
continuity finding of severity ``fail``. An override names faults by digest: one that changes is a new fault and needs a new word. Overrides are event rows of a ledger of their own,
sealed like every other, and go along with the package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from answerprint.passes.continuity import report_of
from answerprint.passes.delivery import approved_version
from answerprint.passes.performance_policy import records_for_shot
from answerprint.passes.review import restored_frames
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Job, Shot, Version
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow
from answerprint.rights.policy import SignOff

OVERRIDES = "overrides"


@dataclass(frozen=True)
class GateFault:
    """One thing that holds a delivery. ``digest`` names exactly this fault."""

    gate: str
    shot: str
    message: str
    figure: float
    digest: str
    overridden_by: str = ""
    why: str = ""

    def document(self) -> dict[str, Any]:
        """As the page and ``--json`` show it."""
        return {name: getattr(self, name) for name in ("gate", "shot", "message", "figure", "digest", "overridden_by", "why")}


def faults_of(production: Production) -> list[GateFault]:
    """Every fault of the shots of the cut, those that were overridden marked, gravest gate first."""
    words = _words(production)
    found = [*_performance(production), *_continuity(production)]
    return [
        GateFault(f.gate, f.shot, f.message, f.figure, f.digest, *words.get(f.digest, ("", ""))) for f in found
    ]  # fmt: skip


def require_open(production: Production) -> None:
    """Raise Refused, naming the first fault and how many there are, where a fault holds the delivery that nobody overrode."""
    held = [fault for fault in faults_of(production) if not fault.overridden_by]
    if held:
        more = f" (and {len(held) - 1} more)" if len(held) > 1 else ""
        raise Refused(
            held[0].shot,
            f"the delivery is held: {held[0].gate}, {held[0].message}{more}",
            "mend it, or say why it may go with --override WHY --by NAME, or on the page under Deliver",
        )


def override(production: Production, who: str, why: str, digests: Iterable[str] | None = None) -> list[GateFault]:
    """Let faults go on ``who``'s word (all that hold, or those named by digest); returns them. Raises BadInput without a name or reason."""
    if not who.strip() or not why.strip():
        raise BadInput("--override", "an override needs a named person and a reason", "give --override WHY --by NAME")
    wanted = None if digests is None else set(digests)
    held = [f for f in faults_of(production) if not f.overridden_by and (wanted is None or f.digest in wanted)]
    unknown = sorted((wanted or set()) - {f.digest for f in held})
    if unknown:
        raise BadInput(unknown[0][:16], "no such fault holds the delivery", "reload the list of faults")
    if not held:
        return []
    place = ledger_of_overrides(production)
    with Ledger.at(place, OVERRIDES) as ledger:
        for fault in held:
            ledger.append_event(
                EventRow(
                    event="override",
                    who=who.strip(),
                    when=datetime.now(UTC),
                    subjects=(fault.digest,),
                    note=why.strip(),
                    detail={"gate": fault.gate, "shot": fault.shot, "message": fault.message, "figure": fault.figure},
                )
            )
        ledger.seal(own_signer())
    return held


def ledger_of_overrides(production: Production) -> Path:
    """Where overrides are kept."""
    return production.path("ledger") / f"{OVERRIDES}.ledger.jsonl"


def _words(production: Production) -> dict[str, tuple[str, str]]:
    """Who let which fault go, and why."""
    place = ledger_of_overrides(production)
    if not place.is_file():
        return {}
    events = [line.body for line in read_ledger(place).lines if line.kind == "event" and line.body.get("event") == "override"]
    return {subject: (event["who"], event["note"]) for event in events for subject in event["subjects"]}


def _performance(production: Production) -> list[GateFault]:
    found = []
    with production.reading() as session:
        shots = session.scalars(
            select(Shot).options(selectinload(Shot.clip), selectinload(Shot.versions)).order_by(Shot.event)
        ).all()
        for shot in (s for s in shots if s.event is not None):
            version = approved_version(shot)
            found += _generated(production, shot)
            if version is None or not version.figures.get("frames"):
                continue
            job = session.get(Job, version.job_id) if version.job_id else None
            if version.operation != "coverage":  # its papers were asked for above
                found += _altered(production, shot, version, job)
            found += _unseen(shot, version)
            found += _failed(shot, version)
    return found


def _altered(production: Production, shot: Shot, version: Version, job: Job | None) -> list[GateFault]:
    frames = [r for r in version.figures["frames"] if "D" in (r["class"], r.get("asked_as")) and not r["refused"]]
    if not frames:
        return []
    order = job.order if job is not None else {}
    words = [SignOff.model_validate(word) for word in order.get("sign_offs", [])]
    records = records_for_shot(production, shot.clip, job.requested_by if job is not None else "", words)
    try:
        records.require(version.operation, "D", str(order.get("subject", "")), f"{shot.name} v{version.number:03d}")
    except Refused as refused:
        message = f"v{version.number:03d} alters a performer on {len(frames)} frames (class D), the first is {frames[0]['frame']}: {refused.reason}"
        return [_fault("class D", shot.name, message, float(len(frames)), [r["pixel_digest"] for r in frames])]
    return []


def _generated(production: Production, shot: Shot) -> list[GateFault]:
    """A new angle that shows a performer, in the cut as any take: its papers have to hold on the day of delivery as well."""
    details = shot.clip.asset.details or {}
    frames = (details.get("figures") or {}).get("asked_as_d") or []
    if details.get("operation") != "coverage" or not frames:
        return []
    with production.reading() as session:
        job = session.get(Job, details.get("job"))
        beside = session.scalar(select(Clip).where(Clip.name == details.get("beside")))
    order = job.order if job is not None else {}
    words = [SignOff.model_validate(word) for word in order.get("sign_offs", [])]
    records = records_for_shot(production, beside or shot.clip, job.requested_by if job is not None else "", words)
    try:
        records.require("coverage", "D", str(order.get("subject", "")), shot.clip.name)
    except Refused as refused:
        message = (
            f"{shot.clip.name} shows a performer from an angle nobody filmed on {len(frames)} frames (class D): {refused.reason}"
        )
        return [_fault("class D", shot.name, message, float(len(frames)), frames)]
    return []


def _failed(shot: Shot, version: Version) -> list[GateFault]:
    """What the delivery checks failed on the frames of a version."""
    digests = [r["pixel_digest"] for r in version.figures["frames"]]
    return [
        _fault("quality", shot.name, f"v{version.number:03d}, {one['code']}: {one['message']}", float(one["figure"] or 0), [one["code"], *digests])
        for one in version.figures.get("quality", [])
        if one["severity"] == "fail"
    ]  # fmt: skip


def _unseen(shot: Shot, version: Version) -> list[GateFault]:
    restored = set(restored_frames(version.figures["frames"]))
    approved = any(a.decision == "approved" for a in version.approvals)
    if not restored or approved:
        return []
    message = f"v{version.number:03d} restores a performer on {len(restored)} frames that nobody approved"
    return [_fault("class R", shot.name, message, float(len(restored)), sorted(restored))]


def _continuity(production: Production) -> list[GateFault]:
    report = report_of(production)
    if report is None:
        return []
    return [
        _fault("continuity", one["shot"], f"{one['cut']}: {one['message']}", float(one["figure"]), [one["kind"], one["cut"]])
        for one in report["ranked"] if one["severity"] == "fail"
    ]  # fmt: skip


def _fault(gate: str, shot: str, message: str, figure: float, of: list[Any]) -> GateFault:
    return GateFault(gate, shot, message, figure, record_digest({"gate": gate, "shot": shot, "of": of, "figure": round(figure, 3)}))
