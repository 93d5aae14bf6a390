"""What was delivered under which name, remembered by the production, so that what comes back finds the version it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answerprint.deliver.delivery import Delivery
from answerprint.deliver.manifest import read_manifest
from answerprint.deliver.package import Naming, write_package
from answerprint.passes.delivery import delivery_of
from answerprint.passes.gates import ledger_of_overrides
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.provenance.keys import own_signer
from answerprint.provenance.package import MANIFEST

_NAMES = "names.json"


def deliver(
    production: Production, receiver: str, out: Path, tell: Callable[[int, int, str], None], naming: Naming, movie: bool = True
) -> dict[str, Any]:
    """Write the package of the current cut and remember the names in it. Returns the `deliver` document; raises as write_package does."""
    delivery = delivery_of(production)
    words = ledger_of_overrides(production)
    if words.is_file():
        delivery.extra_ledgers.append(words)
    document = write_package(delivery, receiver, out, own_signer(), tell, naming=naming, movie=movie)
    spaces = {shot["shot"]: shot.get("movie_space") for shot in read_manifest(out).get("shots", [])}
    _remember(production, delivery, document, naming, spaces)
    return document


def delivered_names(production: Production) -> dict[str, dict[str, Any]]:
    """``{name: {"shot", "version", "receiver", "template", "movie_spaces", "when"}}``, the oldest first; ``version`` 0 where the original was
    delivered, ``movie_spaces`` by receiver where a movie of the shot was."""
    try:
        known = json.loads((production.root / "deliveries" / _NAMES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(
    production: Production, delivery: Delivery, document: dict[str, Any], naming: Naming, spaces: dict[str, str | None]
) -> None:
    known = delivered_names(production)
    for shot in delivery.shots:
        name, space = document["shots"][shot.name], spaces.get(shot.name)
        before = known.get(name, {}).get("movie_spaces", {})
        known[name] = {
            "shot": shot.name,
            "version": shot.number if shot.folder is not None else 0,
            "receiver": document["receiver"],
            "template": naming.template,
            "movie_spaces": before | ({document["receiver"]: space} if space else {}),
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    write_atomically(production.path("deliveries") / _NAMES, json.dumps(known, ensure_ascii=False, indent=1) + "\n")


def own_files(path: Path) -> dict[Path, str]:
    """Files below (or beside) ``path`` that a package of ours lists, with the SHA-256 it lists; the artist's own are not among them."""
    found: dict[Path, str] = {}
    above = [folder for folder in [path, *path.parents] if (folder / MANIFEST).is_file()][:1]
    below = [file.parent for file in path.rglob(MANIFEST)] if path.is_dir() else []
    for folder in dict.fromkeys([*above, *below]):
        try:
            signed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            kept = set(json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("kept", []))
            found |= {folder / str(one["path"]): str(one["sha256"]) for one in signed["files"] if one["path"] not in kept}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found
