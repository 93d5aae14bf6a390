"""The dataset of a production: what its catalogue holds, as the lock signs it and as work may rely on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from answerprint.dataset.lock import LOCK_NAME, Lock, LockAsset, check_lock, lock, rehashed, require_lock
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset
from answerprint.provenance.keys import Signer, own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow
from answerprint.provenance.snapshot import read_snapshot

Told = Callable[[int, int, str], None]
_OURS = ("read", "proxy", "proxy_of", "proxy_space", "sync")
"""Details that are no facts about the material: working copies and where they lie, and the sound that was found to go with a clip."""


def manifest_of(production: Production) -> Path:
    """Where a production's lock lies."""
    return production.path("lock") / LOCK_NAME


def lock_assets(production: Production) -> list[LockAsset]:
    """Every file of the material as the catalogue knows it; a frame folder is as many assets as it has frames.

    A cut that came after the lock is no material.
    """
    found: list[LockAsset] = []
    with production.reading() as session:
        for asset in session.scalars(select(Asset).where(Asset.origin != "made", Asset.role != "cut").order_by(Asset.path)):
            found += _entries(asset)
    return found


def lock_production(
    production: Production, who: str, why: str = "", signer: Signer | None = None, told: Told | None = None
) -> Lock:
    """Freeze the dataset as it lies on disk now.

    Raises BadInput without material, Refused by name when a file is no longer what was ingested, or when an
    earlier lock differs and ``why`` says no reason to lock again. Locking again what is unchanged changes nothing.
    """
    manifest, signer = manifest_of(production), signer or own_signer()
    known = lock_assets(production)
    if not [asset for asset in known if not asset.excluded]:
        raise BadInput(production.root, "there is nothing to lock", "ingest the material first")
    now = rehash_all(production, known, told)
    if manifest.exists() and not why:
        faults = check_lock(manifest, now)
        if faults:
            raise Refused(
                faults[0].path,
                f"the dataset is locked and this differs: {faults[0].kind}: {faults[0].detail}",
                "put it back as it was, or lock anew with --anew and the reason",
            )
        snapshot, _, _ = read_snapshot(manifest)
        assert snapshot is not None
        return Lock(manifest, snapshot)
    for before, after in zip(known, now, strict=True):
        if not before.excluded and before.sha256 != after.sha256:
            gone = "is gone" if not after.sha256 else "has other bytes than when it was ingested"
            raise Refused(before.path, f"it {gone}", "put the original back, or ingest the new one")
    made = lock(now, production.path("lock"), signer, production=production.name, base=production.root)
    _record(production, made, who, why, signer)
    return made


def locked_root(production: Production) -> str | None:
    """The Merkle root of the lock, None when there is none. The files are not looked at; see ``require_locked``."""
    manifest = manifest_of(production)
    if not manifest.exists():
        return None
    snapshot, _, _ = read_snapshot(manifest)
    return None if snapshot is None else snapshot.root


def require_locked(production: Production, told: Told | None = None) -> str:
    """The root of a lock that holds against the disk and the catalogue as they are now.

    Raises Refused with the first thing that was changed, added or taken away, BadInput when nothing is locked.
    """
    return require_lock(manifest_of(production), rehash_all(production, lock_assets(production), told))


def lock_in_force(production: Production, told: Told | None = None) -> str:
    """The root of the lock that work dispatched now stands on; empty when nothing is locked yet.

    What the catalogue knows is compared whole; a file is hashed again when its size differs or it was written to after the
    lock was signed, so that work on terabytes starts at once. ``require_locked`` hashes everything. Raises Refused with the
    first thing that was changed, added or taken away.
    """
    manifest = manifest_of(production)
    snapshot = read_snapshot(manifest)[0] if manifest.exists() else None
    if snapshot is None:
        return ""
    sealed = {asset.path: asset for asset in snapshot.assets}
    signed = manifest.stat().st_mtime
    known = lock_assets(production)
    now = []
    for number, asset in enumerate(known, 1):
        then = sealed.get(asset.path)
        if asset.excluded or (then is not None and _untouched(production.root / asset.path, then.size, signed)):
            now.append(asset)
        else:
            now.append(rehashed(asset, production.root))
        if told:
            told(number, len(known), "checking the lock")
    return require_lock(manifest, now)


def _untouched(file: Path, size: int, since: float) -> bool:
    try:
        facts = file.stat()
    except OSError:
        return False
    return facts.st_size == size and max(facts.st_mtime, facts.st_ctime) < since


def rehash_all(production: Production, assets: list[LockAsset], told: Told | None = None) -> list[LockAsset]:
    """The assets with the digests their files have now."""
    found = []
    for number, asset in enumerate(assets, 1):
        found.append(asset if asset.excluded else rehashed(asset, production.root))
        if told:
            told(number, len(assets), "hashing")
    return found


def _entries(asset: Asset) -> list[LockAsset]:
    allowed = tuple(sorted(permission.purpose for permission in asset.permissions if permission.allowed))
    # A clip's cameras were solved by us; a lens file's cameras are what it says.
    ours = {*_OURS, "cameras"} if asset.kind == "camera" else set(_OURS)
    facts: dict[str, Any] = {name: value for name, value in asset.details.items() if name not in ours}
    facts["role"] = asset.role
    excluded = "nothing could be read from it" if asset.kind == "unknown" else ""
    members = facts.pop("members", None)
    if members is None:
        return [
            LockAsset(
                path=asset.path,
                sha256=asset.sha256,
                size=asset.size,
                kind=asset.kind,
                permissions=allowed,
                metadata=facts,
                excluded=excluded,
            )
        ]
    return [
        LockAsset(
            path=f"{asset.path}/{member['name']}",
            sha256=member["sha256"],
            size=member["size"],
            kind=asset.kind,
            permissions=allowed,
            metadata=facts,
            excluded=excluded,
        )
        for member in members
    ]


def _record(production: Production, made: Lock, who: str, why: str, signer: Signer) -> None:
    with Ledger.at(production.path("ledger") / "production.ledger.jsonl", "production") as ledger:
        ledger.append_event(
            EventRow(
                event="lock",
                who=who,
                when=datetime.now(UTC),
                subjects=(made.snapshot.root,),
                note=why,
                detail={"assets": len(made.snapshot.assets), "excluded": len(made.snapshot.excluded)},
            )
        )
        ledger.seal(signer)
