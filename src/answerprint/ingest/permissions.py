"""The production's papers about rights, put to work: permissions of assets, consents of performers, the policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.ingest.material import IngestedFile
from answerprint.production.atomic import write_atomically
from answerprint.production.tables import Asset, Performer, Permission
from answerprint.rights.consent import ConsentRecord
from answerprint.rights.permissions import RightsLine, grants_for
from answerprint.rights.policy import POLICY_FILE, load_policy

Record = TypeVar("Record", bound=BaseModel)


def grant_all(assets: Sequence[Asset], files: Sequence[IngestedFile]) -> list[str]:
    """Set every asset's permissions from the rights sheets; returns what they say that fits nothing.

    A sheet is ``{"document": "rights", "lines": [{"asset", "kind", "allow", "deny", "why"}], "reference": [names]}``.
    What is in ``reference`` is kept for evaluation only.
    """
    sheets = [file for file in files if file.metadata.get("paper") == "rights"]
    lines: list[RightsLine] = []
    problems: list[str] = []
    for sheet in sheets:
        lines += _read(RightsLine, sheet.metadata.get("lines", []), sheet, problems)
    references = {str(name) for sheet in sheets for name in sheet.metadata.get("reference", [])}
    named = references | {line.asset for line in lines if line.asset}
    for asset in assets:
        place = PurePath(asset.path)
        named -= {name for name in named if _means(name, place)}
        if any(_means(name, place) for name in references):
            asset.role = "reference"
        held = {permission.purpose: permission for permission in asset.permissions}
        for grant in grants_for(place.as_posix(), asset.kind, lines):
            if grant.purpose not in held:
                held[grant.purpose] = Permission(purpose=grant.purpose, allowed=False)
                asset.permissions.append(held[grant.purpose])
            held[grant.purpose].allowed, held[grant.purpose].why = grant.allowed, grant.why
    return problems + [f"the rights sheet speaks of {name}, which was not given" for name in sorted(named)]


def keep_consents(session: Session, files: Sequence[IngestedFile]) -> list[str]:
    """Keep each performer's consents: ``{"document": "consent", "records": [...]}``, or one record by itself."""
    problems: list[str] = []
    by_name: dict[str, list[ConsentRecord]] = {}
    for paper in (file for file in files if file.metadata.get("paper") == "consent"):
        single = {key: value for key, value in paper.metadata.items() if key in ConsentRecord.model_fields and key != "document"}
        for record in _read(ConsentRecord, paper.metadata.get("records") or [single], paper, problems):
            signed = record if record.document else record.model_copy(update={"document": paper.digest})
            by_name.setdefault(" ".join(record.performer.split()), []).append(signed)
    for name, records in sorted(by_name.items()):
        person = session.scalar(select(Performer).where(Performer.name == name))
        if person is None:
            person = Performer(name=name)
            session.add(person)
        person.consent = {"records": [record.model_dump(mode="json") for record in records]}
    return problems


def keep_policy(root: Path, files: Iterable[IngestedFile]) -> None:
    """Make a policy among the papers the production's own. Raises BadInput for one with a rule that is not known."""
    for file in files:
        if file.metadata.get("paper") == "policy":
            load_policy(file.path)
            write_atomically(root / POLICY_FILE, file.path.read_bytes())


def _read(kind: type[Record], records: Iterable[Any], paper: IngestedFile, problems: list[str]) -> list[Record]:
    found = []
    for number, record in enumerate(records, 1):
        try:
            found.append(kind.model_validate(record))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the record"
            said = f"entry {number}: {where}: {first['msg']}"
            paper.problems.append(said)
            problems.append(f"{paper.path.name}, {said}")
    return found


def _means(name: str, place: PurePath) -> bool:
    return place.as_posix() == name or place.as_posix().endswith(f"/{name}")
