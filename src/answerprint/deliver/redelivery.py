"""Delivering again into a package that an artist has worked in: what is theirs stays, what is ours is replaced."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerprint.deliver.manifest import read_manifest
from answerprint.production import BadInput
from answerprint.provenance.digests import file_digest
from answerprint.provenance.package import MANIFEST, listed_files, stray_links

ASIDE = "redelivered"
"""Where our new file goes when the artist changed the one at its place."""


@dataclass(frozen=True)
class Earlier:
    """The package that is delivered again. ``theirs`` are paths the artist added or changed; ``changed`` those they changed."""

    folder: Path
    document: dict[str, Any] = field(default_factory=dict)
    theirs: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()

    def shot(self, name: str) -> dict[str, Any]:
        """What the earlier manifest says of a shot."""
        return next((s for s in self.document.get("shots", []) if s.get("shot") == name), {})


def earlier_package(out: Path, production: str, receiver: str, tell: Callable[[int, int, str], None]) -> Earlier | None:
    """The package at ``out``, None for a new or empty folder.

    Raises BadInput for a folder that holds something else, or a package for another production or receiver.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    refusal = BadInput(out, "is not a new or empty folder, nor a package to deliver again", "choose a new folder for the package")
    if not out.is_dir():
        raise refusal
    try:
        signed = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        known = {str(file["path"]): str(file["sha256"]) for file in signed["files"]}
        owner = (signed["production"], signed["receiver"])
    except (OSError, ValueError, KeyError, TypeError):
        raise refusal from None
    if owner != (production, receiver):
        raise BadInput(
            out, f"holds the package of {owner[0] or 'another production'} for {owner[1]}", "choose a new folder for the package"
        )
    links = stray_links(out)
    if links:
        raise BadInput(out / links[0], "is a symbolic link, which cannot be signed for", "put the file itself there")
    document = read_manifest(out)
    theirs, changed = [], list[str]()
    present = listed_files(out)
    for number, path in enumerate(present, start=1):
        tell(number, len(present), "looking for what was changed since the last delivery")
        if path not in known:
            theirs.append(path)
        elif path in document.get("kept", []) or file_digest(out / path) != known[path]:
            theirs.append(path)
            changed.append(path)
    return Earlier(out, document, tuple(theirs), frozenset(changed))


def keep_theirs(earlier: Earlier, building: Path) -> list[str]:
    """Carry the artist's files into the new package; ours steps aside where both want one place. Returns the kept paths."""
    for path in earlier.theirs:
        ours = building / path
        if ours.exists() and file_digest(ours) != file_digest(earlier.folder / path):
            aside = building / ASIDE / path
            aside.parent.mkdir(parents=True, exist_ok=True)
            ours.replace(aside)
            credentials = ours.with_suffix(".c2pa")
            if credentials.exists():
                credentials.replace(aside.with_suffix(".c2pa"))
        ours.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(earlier.folder / path, ours)
    return list(earlier.theirs)


def put_in_place(building: Path, out: Path) -> None:
    """The new package takes the name of the old one; the old one goes only when that is done."""
    if not out.exists():
        building.replace(out)
        return
    before = out.with_name(f".{out.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    out.replace(before)
    try:
        building.replace(out)
    except OSError:
        before.replace(out)
        raise
    shutil.rmtree(before, ignore_errors=True)
