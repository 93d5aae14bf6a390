"""A person's word on a version: kept in the catalogue, and sealed into the job's ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, Version
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow

DECISIONS = ("approved", "rejected", "note")


def decide(
    production: Production,
    version_id: int,
    who: str,
    decision: str,
    note: str = "",
    frames: list[int] | None = None,
    looked_at: list[int] | None = None,
) -> Version:
    """Record ``who`` approved, rejected or noted a version; ``frames`` (clip frames) empty means all of it.

    A version with restored performer pixels (class R) is final only when each such frame was looked at: ``looked_at`` names
    them one by one, and the ledger row lists them. Raises BadInput for a decision that cannot be taken, Refused when the
    whole version is approved and such a frame is not named.
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
        records = version.figures.get("frames", [])
        unseen = sorted(set(restored_frames(records)) - set(looked_at or []))
        if decision == "approved" and not frames and unseen:
            raise Refused(
                f"{version.shot.name} v{version.number:03d}",
                f"a performer was restored on {len(unseen)} frames that nobody looked at, the first is {unseen[0]}",
                "look at each of them, and name them with the approval",
            )
        session.add(Approval(version_id=version.id, who=who, decision=decision, note=note, frames=frames or []))
        if decision == "rejected" or (decision == "approved" and not frames):
            version.status = decision
            version.shot.status = decision
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
                    verdict="" if decision == "note" else decision,
                    frames=tuple(r["frame"] for r in meant),
                    subjects=tuple(r["pixel_digest"] for r in meant),
                    note=note,
                    detail={"version": name, "restored_frames": restored_frames(meant)},
                )
            )
            ledger.seal(own_signer())
    return version


def restored_frames(records: list[dict[str, Any]]) -> list[int]:
    """The frames, of a version's records, on which a performer was restored: each needs a person's look."""
    return [record["frame"] for record in records if record["class"] == "R" and not record["refused"]]
