"""The policy asked about each frame that was made: what touches a performer goes on only with the records it needs.

Classes are measured from the pixels, so the question is put when the first such frame is there; nothing of a refused run is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from answerprint.graph.runner import GraphRun
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Performer
from answerprint.provenance.canonical import strict_object
from answerprint.provenance.rows import EventRow
from answerprint.rights.consent import ConsentRecord
from answerprint.rights.policy import Policy, SignOff, WorkRequest, decide, policy_of

ASKED = frozenset({"retime", "background", "coverage"})
"""Operations that can alter a performance by what they are for. Removal keeps to its own lane: it refuses frames one by one."""
MOVES_ALL = "retime"
"""A new timing moves everybody in the picture, whether or not the eye that looks for people found them."""


@dataclass(frozen=True)
class Records:
    """What is known of the rights in one piece of work: who is seen, what they agreed to, who signed it off."""

    policy: Policy = field(default_factory=Policy)
    scene: str = ""
    performers: tuple[str, ...] = ()
    consents: tuple[ConsentRecord, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    requested_by: str = ""
    named: bool = False
    """Whether somebody wrote down that these performers are in this take: a log, or the person who asks."""

    def touches(self, operation: str, letter: str, found: Callable[[], bool] = lambda: True) -> bool:
        """Whether work of this measured class counts as a performer's (D): a face close up may not be found, the log still names it.

        ``found`` says whether somebody was found in the picture: asked only where class A rests on it.
        """
        if letter == "D":
            return True
        if operation not in ASKED or not (self.named and self.performers):
            return False
        return operation == MOVES_ALL or (letter == "A" and not found())

    def require(
        self, operation: str, letter: str, subject: str, what: str, found: Callable[[], bool] = lambda: True
    ) -> None:  # fmt: skip
        """Raise Refused, naming what is missing and who can give it, unless work of this class may be made.

        Class R waits for its approval on the review page, B and C are free with their figures: only class D, and what the policy refuses
        outright, is stopped here.
        """
        if letter != "D" and self.touches(operation, letter, found):
            letter, what = "D", f"{what} (nobody was found in the picture, but {', '.join(self.performers)} is in the take)"
        rule = self.policy.rule_for(letter)  # type: ignore[arg-type]
        if letter != "D" and rule != "refused":
            return
        request = WorkRequest(
            operation=operation,
            performance_class=letter,
            scene=self.scene,
            performers=self.performers,
            subject=subject,
            requested_by=self.requested_by,
            on=datetime.now(UTC).date(),
            consents=self.consents,
            sign_offs=self.sign_offs,
        )
        decide(self.policy, request).require(what)

    def agreed(self) -> list[str]:
        """The consents of those who are seen, as a certificate names them."""
        return [f"{c.performer}, agreed {c.agreed}" for c in self.consents if c.performer in self.performers]

    def event(self, frames: Iterable[int], subjects: Iterable[str]) -> EventRow | None:
        """The ledger's row of what class D work rests on."""
        if not self.sign_offs:
            return None
        papers = sorted({record.document for record in self.consents if record.document})
        return EventRow(
            event="approval",
            who=self.sign_offs[0].who,
            when=datetime.now(UTC),
            verdict="approved",
            frames=tuple(frames),
            subjects=tuple(subjects),
            note="signed off class D before it was made",
            detail={"performers": list(self.performers), "consent_documents": papers, "asked_by": self.requested_by},
        )


def somebody_found(run: GraphRun, record: dict[str, Any]) -> bool:
    """Whether the eye that looks for people found somebody in the picture a frame was made from; True for a frame left as it was."""
    if not record["changed"]:
        return True
    told = record["figures"].get("performers_found")
    if told is not None:
        return bool(told > 0)
    node = run.graph.performers or run.graph.protect
    return node is not None and bool((run.mattes(node).read(record["frame"]) > 0.5).any())


def touching(rights: Records, run: GraphRun, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames' records of which class D's papers are asked."""
    operation = run.graph.node(run.graph.result).operation
    return [
        r for r in records if not r["refused"] and rights.touches(operation, r["class"], partial(somebody_found, run, r))
    ]  # fmt: skip


def records_for_shot(production: Production, clip: Clip, requested_by: str, sign_offs: Iterable[SignOff]) -> Records:
    """The catalogue's records about a clip: the performers its log names, else everyone who is known to the production."""
    with production.reading() as session:
        people = list(session.scalars(select(Performer).order_by(Performer.name)))
        logs = session.scalars(select(Asset).where(Asset.kind == "notes").order_by(Asset.id))
        seen = next((names for log in logs if (names := _in_log(log.details, clip))), ())
    consents = [ConsentRecord.model_validate(one) for person in people for one in person.consent.get("records", [])]
    performers = seen or tuple(person.name for person in people)
    return Records(policy_of(production.root), clip.scene, performers, tuple(consents), tuple(sign_offs), requested_by, bool(seen))


def _in_log(details: dict[str, Any], clip: Clip) -> tuple[str, ...]:
    if details.get("paper") != "continuity log":
        return ()
    for row in details.get("rows", []):
        if (str(row.get("scene", "")), str(row.get("setup", "")), str(row.get("take", ""))) == (clip.scene, clip.setup, clip.take):
            return tuple(name.strip() for name in str(row.get("performers", "")).replace(",", ";").split(";") if name.strip())
    return ()


def read_consents(path: Path) -> tuple[ConsentRecord, ...]:
    """The records of a consent paper: ``{"document": "consent", "records": [...]}``. Raises BadInput in one line."""
    try:
        document = strict_object(path.read_bytes())
        records = document.get("records") or [document]
        return tuple(
            ConsentRecord.model_validate({k: v for k, v in one.items() if k in ConsentRecord.model_fields}) for one in records
        )
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        raise BadInput(
            path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}", "mend the record; see docs/provenance.md"
        ) from None
    except (ValueError, AttributeError) as fault:
        raise BadInput(path, f"is no consent ({fault})", 'write {"document": "consent", "records": [...]}') from None
