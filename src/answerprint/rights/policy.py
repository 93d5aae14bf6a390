"""The production's rules as a document people can read and machines obey."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.production import BadInput, Refused
from answerprint.provenance.canonical import record_digest, strict_object
from answerprint.rights.consent import ClassLetter, ConsentRecord, consent_for
from answerprint.rights.permissions import Grant, Purpose

POLICY_FILE = "policy.json"
ClassRule = Literal["free", "certified", "approved", "consent", "refused"]


class Policy(BaseModel):
    """What this production allows. Every rule can be made stricter; none of them lets a performer be altered silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: Literal["policy"] = "policy"
    name: str = "default"
    class_a: Literal["free"] = "free"
    class_b: Literal["free", "certified", "approved", "consent", "refused"] = Field(
        default="certified", description="performers changed in light and colour only"
    )
    class_c: Literal["free", "certified", "approved", "refused"] = Field(
        default="certified", description="geometry of the whole frame"
    )
    class_r: Literal["approved", "consent", "refused"] = Field(
        default="approved", description="restored from the performer's own pixels"
    )
    class_d: Literal["consent", "refused"] = Field(default="consent", description="new or moved performer pixels")
    sign_off_by: tuple[str, ...] = Field(
        default=(), description="who may sign off class D; empty means anyone named who did not ask for it"
    )
    watermark_review: bool = Field(default=False, description="review copies carry the viewer's name")
    watermark_until_approved: bool = Field(default=False, description="deliveries of unapproved versions carry a mark")
    hosts: tuple[str, ...] = Field(default=(), description="hosts that may be connected to at run time; none by default")
    keep_days: int | None = Field(default=None, ge=0, description="days after wrap until everything made is to be purged")

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical policy: what frame rows and cache keys name."""
        return record_digest(self)

    def rule_for(self, letter: ClassLetter) -> ClassRule:
        rules: dict[str, ClassRule] = {
            "A": self.class_a,
            "B": self.class_b,
            "C": self.class_c,
            "R": self.class_r,
            "D": self.class_d,
        }
        return rules[letter]


class SignOff(BaseModel):
    """A named person's word for exactly one piece of work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: str
    subject: str = Field(description="digest of the work it was given for")


class UseRequest(BaseModel):
    """May this asset serve this purpose?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asset: str
    purpose: Purpose
    grants: tuple[Grant, ...]


class WorkRequest(BaseModel):
    """May this piece of work, whose class was computed from its pixels, be made final?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str
    performance_class: ClassLetter
    scene: str
    performers: tuple[str, ...] = Field(default=(), description="everyone whose pixels it touches")
    subject: str = Field(default="", description="digest of the work")
    requested_by: str = ""
    on: date
    consents: tuple[ConsentRecord, ...] = ()
    approvals: tuple[SignOff, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()


class ConnectRequest(BaseModel):
    """May a connection be opened to this host?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str


class Decision(BaseModel):
    """An answer with its reason, the rule it rests on, and who could answer otherwise."""

    model_config = ConfigDict(frozen=True)

    allowed: bool
    reason: str
    rule: str
    who_can_allow: str = ""

    def require(self, subject: str) -> None:
        """Raise Refused unless allowed."""
        if not self.allowed:
            raise Refused(
                subject, f"{self.reason} (rule {self.rule})", self.who_can_allow or "nobody can allow it under this policy"
            )


def policy_of(production: Path) -> Policy:
    """The policy of a production folder: its ``policy.json``, else the default. Raises BadInput with the field that is wrong."""
    file = production / POLICY_FILE
    return load_policy(file) if file.exists() else Policy()


def load_policy(file: Path) -> Policy:
    """Read a policy document. A field it does not know is an error: a rule that is misspelt must not be silently off."""
    try:
        return Policy.model_validate(strict_object(file.read_bytes()))
    except OSError as error:
        raise BadInput(file, f"cannot be read: {error.strerror or error}", "check its permissions") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(
            file, f"{'.'.join(map(str, first['loc']))}: {first['msg']}", "mend the policy; see docs/provenance.md"
        ) from error
    except (ValueError, json.JSONDecodeError) as error:
        raise BadInput(file, f"is not a policy ({error})", "write it as one JSON object") from error


def decide(policy: Policy, request: UseRequest | WorkRequest | ConnectRequest) -> Decision:
    """The policy's answer to a request. The same request gets the same answer: the day is part of it."""
    if isinstance(request, UseRequest):
        return _use(request)
    if isinstance(request, ConnectRequest):
        return _connect(policy, request)
    return _work(policy, request)


def _use(request: UseRequest) -> Decision:
    said = [grant for grant in request.grants if grant.purpose == request.purpose]
    rule = f"permission to {request.purpose.replace('_', ' ')}"
    if said and all(grant.allowed for grant in said):
        return Decision(allowed=True, reason=said[0].why or "it is permitted", rule=rule)
    why = next((grant.why for grant in said if not grant.allowed and grant.why), "no permission is recorded")
    return Decision(
        allowed=False,
        reason=f"{request.asset} may not be used to {request.purpose.replace('_', ' ')}: {why}",
        rule=rule,
        who_can_allow="the production's lawyer or post supervisor can grant it in the rights sheet",
    )


def _connect(policy: Policy, request: ConnectRequest) -> Decision:
    host = request.host.lower().rstrip(".")
    if host in {"localhost", "127.0.0.1", "::1"} | {name.lower().rstrip(".") for name in policy.hosts}:
        return Decision(allowed=True, reason=f"{host} is named", rule="hosts")
    return Decision(
        allowed=False,
        reason=f"{host} is not among the hosts the policy names",
        rule="hosts",
        who_can_allow="the studio can name the host in the policy",
    )


def _work(policy: Policy, request: WorkRequest) -> Decision:
    letter = request.performance_class
    rule, name = policy.rule_for(letter), f"class {letter}: {policy.rule_for(letter)}"
    if rule in ("free", "certified"):
        return Decision(allowed=True, reason="free" if rule == "free" else "free, with the figures that certify it", rule=name)
    if rule == "refused":
        return Decision(
            allowed=False,
            reason=f"the policy refuses class {letter}",
            rule=name,
            who_can_allow="whoever keeps the policy can change it",
        )
    if rule == "consent":
        missing = _consents_missing(request)
        if missing:
            return Decision(allowed=False, reason=missing, rule=name, who_can_allow="the performer can consent")
    wanted = request.sign_offs if letter == "D" else request.approvals
    given = _given(wanted, request, policy.sign_off_by if letter == "D" else ())
    if given is None:
        what = "sign-off" if letter == "D" else "approval of each frame"
        return Decision(
            allowed=False,
            reason=f"there is no {what} by a person other than who asked for it" if letter == "D" else f"there is no {what}",
            rule=name,
            who_can_allow=_who(policy, letter),
        )
    return Decision(allowed=True, reason=f"{given.who} allowed it", rule=name)


def _consents_missing(request: WorkRequest) -> str | None:
    """The first performer whose consent does not cover the work; unknown performers are never taken to agree."""
    if not request.performers:
        return "it is not known whose pixels it touches"
    for performer in request.performers:
        answer = consent_for(
            request.consents,
            performer=performer,
            performance_class=request.performance_class,
            operation=request.operation,
            scene=request.scene,
            on=request.on,
        )
        if not answer.allowed:
            return answer.reason
    return None


def _given(words: Iterable[SignOff], request: WorkRequest, by: Sequence[str]) -> SignOff | None:
    """A word that was given for exactly this work, by someone who may give it; class D not by who asked."""
    for word in words:
        right_person = word.who in by if by else bool(word.who.strip())
        own = request.performance_class == "D" and word.who == request.requested_by
        if right_person and not own and request.subject and word.subject == request.subject:
            return word
    return None


def _who(policy: Policy, letter: str) -> str:
    if letter == "D":
        return (
            f"{' or '.join(policy.sign_off_by)} can sign it off"
            if policy.sign_off_by
            else "another person than who asked can sign it off"
        )
    return "a reviewer can approve it on the review page"


def policy_schema() -> dict[str, Any]:
    """The JSON schema of a policy document."""
    return Policy.model_json_schema()
