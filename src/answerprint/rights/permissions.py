"""What may be done with each thing the production owns: five purposes, allowed or denied, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from answerprint.production import BadInput, Refused

Purpose = Literal["index", "retrieve", "train", "generate_from", "deliver"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
"""index: be found; retrieve: be read by an operation or shown; train: teach a model; generate_from: lend pixels or
geometry to new pictures; deliver: leave the house."""

_WHO = "the production's lawyer or post supervisor can grant it in the rights sheet"

# What is allowed when nobody said anything. What others wrote or drew (script, lookbook, stills) may be found and
# read, and never teaches a model. What we cannot name may only be found.
_DEFAULTS: dict[str, tuple[Purpose, ...]] = {
    "camera": PURPOSES,
    "lidar": PURPOSES,
    "tracking": PURPOSES,
    "lens": PURPOSES,
    "look": ("index", "retrieve", "generate_from", "deliver"),
    "matte": ("index", "retrieve", "generate_from", "deliver"),
    "edit": ("index", "retrieve", "deliver"),
    "sound": ("index", "retrieve", "deliver"),
    "still": ("index", "retrieve"),
    "script": ("index", "retrieve"),
    "lookbook": ("index", "retrieve"),
    "notes": ("index", "retrieve"),
    "report": ("index", "retrieve"),
    "hash-list": ("index", "retrieve"),
    "unknown": ("index",),
}


class Grant(BaseModel):
    """One answer to one purpose, and who or what says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: Purpose
    allowed: bool
    why: str = ""


class RightsLine(BaseModel):
    """One line of a production's rights sheet: for the assets whose name or kind it gives, what is allowed or denied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asset: str = Field(default="", description="path or file name; empty means every asset of the kind")
    kind: str = Field(default="", description="kind of asset; empty means any")
    allow: tuple[Purpose, ...] = ()
    deny: tuple[Purpose, ...] = ()
    why: str = ""

    def speaks_of(self, path: str, kind: str) -> bool:
        if not self.asset and not self.kind:
            return False
        named = not self.asset or path == self.asset or path.endswith(f"/{self.asset}")
        return named and self.kind in ("", kind)


def default_grants(kind: str) -> tuple[Grant, ...]:
    """What is allowed for a kind of asset when nobody said anything, one grant per purpose, in their order."""
    allowed = _DEFAULTS.get(kind, _DEFAULTS["unknown"])
    return tuple(Grant(purpose=purpose, allowed=purpose in allowed, why=f"default for {kind}") for purpose in PURPOSES)


def grants_for(path: str, kind: str, sheet: Sequence[RightsLine] = ()) -> tuple[Grant, ...]:
    """The grants of an asset under a rights sheet.

    A line that names the asset outranks one that names its kind; at the same rank a denial outranks a grant,
    whatever the order of the lines.
    """
    found = {grant.purpose: grant for grant in default_grants(kind)}
    for named in (False, True):
        lines = [line for line in sheet if line.speaks_of(path, kind) and bool(line.asset) == named]
        for allowed in (True, False):
            for line in lines:
                for purpose in line.allow if allowed else line.deny:
                    found[purpose] = Grant(purpose=purpose, allowed=allowed, why=line.why or "rights sheet")
    return tuple(found[purpose] for purpose in PURPOSES)


def allowed_purposes(grants: Sequence[Grant]) -> tuple[str, ...]:
    """The purposes that are allowed, sorted: what a lock writes down."""
    return tuple(sorted(grant.purpose for grant in grants if grant.allowed))


def require(path: str, grants: Sequence[Grant] | Mapping[str, bool], purpose: Purpose) -> None:
    """Raise Refused, naming the asset and the reason, unless the purpose is allowed. No record means no."""
    if purpose not in PURPOSES:
        raise BadInput("purpose", f"{purpose!r} is not one of {', '.join(PURPOSES)}", "name one of them")
    if isinstance(grants, Mapping):
        allowed, why = bool(grants.get(purpose)), ""
    else:
        said = [grant for grant in grants if grant.purpose == purpose]
        allowed = bool(said) and all(grant.allowed for grant in said)
        why = next((grant.why for grant in said if not grant.allowed and grant.why), "")
    if not allowed:
        raise Refused(path, f"it may not be used to {purpose.replace('_', ' ')} ({why or 'no permission is recorded'})", _WHO)
