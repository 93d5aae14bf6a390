"""A person's word on a version: kept in the catalogue, and sealed into the job's ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, Version
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow

DECISIONS = ("approved", "rejected", "note")


def decide(
    production: Production, version_id: int, who: str, decision: str, note: str = "", frames: list[int] | None = None
) -> Version:
    """Record ``who`` approved, rejected or noted a version; ``frames`` (clip frames) empty means all of it.

    A version with restored performer pixels (class R) is final only when each such frame has been approved: approving the whole
    version approves them all, and the ledger row lists them one by one.
    """
    if decision not in DECISIONS:
        raise BadInput("decision", f"{decision!r} is not one of {', '.join(DECISIONS)}", "choose one of them")
    if decision == "rejected" and not note.strip():
        raise BadInput("note", "a rejection needs a word of why", "write what should be different")
    with production.session() as session:
        version = session.get(Version, version_id)
        if version is None:
            raise BadInput(f"version {version_id}", "there is no such version", "reload the page")
        if version.status == "working":
            raise BadInput(f"{version.shot.name} v{version.number:03d}", "it is still being made", "wait for the job to finish")
        session.add(Approval(version_id=version.id, who=who, decision=decision, note=note, frames=frames or []))
        if decision == "rejected" or (decision == "approved" and not frames):
            version.status = decision
            version.shot.status = decision
        records = version.figures.get("frames", [])
        job, name = version.job_id, f"{version.shot.name} v{version.number:03d}"
    meant = [r for r in records if not frames or r["frame"] in frames]
    path = production.path("ledger") / f"{job}.ledger.jsonl"
    if path.exists():
        with Ledger.open(path) as ledger:
            ledger.append_event(
                EventRow(
                    event="note" if decision == "note" else "approval",
                    who=who,
                    when=datetime.now(UTC),
                    verdict="" if decision == "note" else decision,  # type: ignore[arg-type]
                    frames=tuple(r["frame"] for r in meant),
                    subjects=tuple(r["pixel_digest"] for r in meant),
                    note=note,
                    detail={"version": name, "restored_frames": [r["frame"] for r in meant if r["restored"]]},
                )
            )
            ledger.seal(own_signer())
    return version
