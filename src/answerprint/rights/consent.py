"""What each performer agreed to: for which operations, in which scenes, until when, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ClassLetter = Literal["A", "B", "C", "R", "D"]
EVERYTHING = "*"


class ConsentRecord(BaseModel):
    """One consent as it was signed.

    ``classes`` and ``operations`` narrow each other: both must match. ``scenes`` are scene names, or ``*`` for
    every scene of this production. Days are whole: consent holds on ``agreed`` and up to and including ``expires``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    performer: str
    classes: tuple[ClassLetter, ...] = Field(description="performance classes it covers; A needs no consent")
    operations: tuple[str, ...] = Field(default=(EVERYTHING,), description="operation names, or * for any")
    scenes: tuple[str, ...] = Field(description="scene names, or * for all")
    purpose: str = Field(default="", description="what it was asked for, in the words of the paper")
    agreed: date
    expires: date | None = None
    revoked: date | None = None
    document: str = Field(default="", description="SHA-256 of the signed paper")
    signed_by: str = Field(default="", description="the performer, or who signs for them")
    conditions: str = ""

    @model_validator(mode="after")
    def _days_in_order(self) -> ConsentRecord:
        if self.expires and self.expires < self.agreed:
            raise ValueError("it expires before it was agreed")
        if not self.performer.strip() or not self.scenes or not self.classes:
            raise ValueError("it names no performer, no scene or no class")
        return self

    def objection(self, performance_class: ClassLetter, operation: str, scene: str, on: date) -> str | None:
        """Why this record does not cover the case, or None when it does."""
        if self.revoked and on >= self.revoked:
            return f"was taken back on {self.revoked}"
        if on < self.agreed:
            return f"begins on {self.agreed}"
        if self.expires and on > self.expires:
            return f"ended on {self.expires}"
        if performance_class not in self.classes:
            return f"covers class {', '.join(self.classes)}"
        if operation not in self.operations and EVERYTHING not in self.operations:
            return f"covers {', '.join(self.operations)}"
        if scene not in self.scenes and EVERYTHING not in self.scenes:
            return f"covers scene {', '.join(self.scenes)}"
        return None


class ConsentDecision(BaseModel):
    """Whether a performer's consent covers a case, the reason in one sentence, and the record it rests on."""

    model_config = ConfigDict(frozen=True)

    allowed: bool
    reason: str
    record: ConsentRecord | None = None


def consent_for(
    records: Iterable[ConsentRecord], *, performer: str, performance_class: ClassLetter, operation: str, scene: str, on: date
) -> ConsentDecision:
    """Decide one performer's case on a day. Nothing said means no; class A touches no performer and needs none.

    A later record that was taken back also ends earlier ones of the same performer that cover the case: a
    withdrawal is not outlived by an older paper.
    """
    if performance_class == "A":
        return ConsentDecision(allowed=True, reason="no performer pixel is touched")
    own = sorted((record for record in records if _same(record.performer, performer)), key=lambda record: record.agreed)
    if not own:
        return ConsentDecision(allowed=False, reason=f"there is no consent record of {performer}")
    withdrawn = [
        record
        for record in own
        if record.revoked
        and on >= record.revoked
        and record.model_copy(update={"revoked": None}).objection(performance_class, operation, scene, on) is None
    ]
    objections = []
    for record in reversed(own):
        objection = record.objection(performance_class, operation, scene, on)
        if objection is None and not any(taken.revoked and taken.revoked >= record.agreed for taken in withdrawn):
            return ConsentDecision(allowed=True, reason=f"{record.performer} agreed on {record.agreed}", record=record)
        objections.append(f"the one of {record.agreed} {objection or 'is older than a withdrawal'}")
    return ConsentDecision(allowed=False, reason=f"no consent of {performer} covers this: {'; '.join(objections)}")


def _same(first: str, second: str) -> bool:
    return " ".join(first.split()).casefold() == " ".join(second.split()).casefold()
