"""Freezing the production's dataset: after this, every byte, permission and recorded fact is signed for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from answerprint.production import BadInput, Refused
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import file_digests
from answerprint.provenance.faults import Fault
from answerprint.provenance.keys import Signer, TrustStore
from answerprint.provenance.snapshot import LOCK_SUFFIX, LockedAsset, Snapshot, asset_place, read_snapshot, write_snapshot

LOCK_NAME = f"dataset{LOCK_SUFFIX}"
_REMEDY = "put the original back, or lock the dataset again and say why"


class LockAsset(BaseModel):
    """One asset as the catalogue knows it now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="absolute, or relative to the base given to lock()")
    sha256: str = Field(default="", description="SHA-256 of the bytes; empty when the file was not there to be hashed")
    size: int = 0
    kind: str
    permissions: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict, description="what is known about it; only its digest is locked")
    excluded: str = Field(default="", description="why it is left out of the dataset; empty takes it in")

    def locked(self) -> LockedAsset:
        """The asset as a manifest lists it."""
        return LockedAsset(
            path=self.path,
            sha256=self.sha256,
            size=self.size,
            kind=self.kind,
            permissions=tuple(sorted(set(self.permissions))),
            metadata=record_digest(self.metadata),
        )


@dataclass(frozen=True)
class Lock:
    """What `lock` wrote."""

    manifest: Path
    snapshot: Snapshot

    def document(self) -> dict[str, Any]:
        """The JSON document ``answerprint lock`` prints."""
        return {
            "root": self.snapshot.root,
            "signer": self.snapshot.signer["fingerprint"],
            "manifest": str(self.manifest),
            "assets": [asset.model_dump(mode="json") for asset in self.snapshot.assets],
            "excluded": list(self.snapshot.excluded),
        }


def lock(
    assets: Sequence[LockAsset],
    out_dir: Path,
    signer: Signer,
    *,
    production: str = "",
    base: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Lock:
    """Write the signed manifest of a dataset; the same assets give the same root in whatever order they come.

    ``base`` is the folder that relative paths are counted from (default: ``out_dir``). The manifest before
    this one is kept under its root, so that what was trained on it can still be verified. Raises BadInput for
    two assets of one path and for an asset without a digest that nobody excluded.
    """
    seen: set[str] = set()
    for asset in assets:
        if asset.path in seen:
            raise BadInput(asset.path, "is in the catalogue twice", "remove one of the two entries")
        seen.add(asset.path)
        if not asset.excluded and not asset.sha256:
            raise BadInput(asset.path, "was not hashed", "ingest it again, or exclude it with a reason")
    kept = tuple(sorted((asset.locked() for asset in assets if not asset.excluded), key=lambda asset: asset.path.encode()))
    excluded = tuple(
        {"path": asset.path, "why": asset.excluded}
        for asset in sorted(assets, key=lambda each: each.path.encode())
        if asset.excluded
    )
    snapshot = Snapshot(
        production=production,
        created=now(),
        base=os.path.relpath(base or out_dir, out_dir).replace(os.sep, "/"),
        signer=signer.identity.record(),
        assets=kept,
        excluded=excluded,
        root="0" * 64,
    )
    snapshot = snapshot.model_copy(update={"root": snapshot.computed_root()})
    manifest = out_dir / LOCK_NAME
    out_dir.mkdir(parents=True, exist_ok=True)
    _keep_earlier(manifest, snapshot.root)
    write_snapshot(manifest, snapshot, signer)
    return Lock(manifest, snapshot)


def check_lock(
    manifest: Path,
    assets_now: Iterable[LockAsset] | None = None,
    *,
    trust: TrustStore | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Fault]:
    """Compare a dataset with its lock; faults name the asset, the manifest's own faults first.

    ``assets_now`` are the assets as they are now, hashed again by the caller or by `rehashed`; without them the
    files are hashed where the manifest says they lie, and permissions and metadata are not compared. With
    ``trust`` a manifest signed by someone else is a fault too.
    """
    snapshot, answer, signer = read_snapshot(manifest)
    faults = list(answer.faults)
    if trust is not None and signer is not None and not trust.trusts(signer):
        faults.append(
            Fault(
                path=manifest.name, kind="signature", detail=f"signed by {signer.name!r} ({signer.fingerprint}), who is not trusted"
            )
        )
    if snapshot is None:
        return faults
    now = list(assets_now) if assets_now is not None else _as_locked(manifest, snapshot, told)
    return faults + _differences(snapshot, now, everything=assets_now is not None)


def require_lock(manifest: Path, assets_now: Iterable[LockAsset] | None = None, *, trust: TrustStore | None = None) -> str:
    """Answer the root of a lock that holds. Raises Refused with the first thing that differs, BadInput without a lock."""
    if not manifest.exists():
        raise BadInput(manifest, "the dataset is not locked", "run `answerprint lock` first")
    faults = check_lock(manifest, assets_now, trust=trust)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Refused(faults[0].path, f"the locked dataset was changed: {faults[0].kind}: {faults[0].detail}{more}", _REMEDY)
    snapshot, _, _ = read_snapshot(manifest)
    assert snapshot is not None
    return snapshot.root


def rehashed(asset: LockAsset, base: Path) -> LockAsset:
    """The asset with the digest and size its file has now; without a digest where the file is gone."""
    file = Path(os.path.normpath(base / asset.path))
    if not file.is_file():
        return asset.model_copy(update={"sha256": "", "size": 0})
    digests = file_digests(file)
    return asset.model_copy(update={"sha256": digests.sha256, "size": digests.size})


def _differences(snapshot: Snapshot, now: list[LockAsset], *, everything: bool) -> list[Fault]:
    present = {asset.path: asset for asset in now}
    left_out = {entry["path"] for entry in snapshot.excluded}
    faults: list[Fault] = []
    for locked in snapshot.assets:
        asset = present.get(locked.path)
        if asset is None or not asset.sha256:
            faults.append(Fault(path=locked.path, kind="missing", detail="locked, and not there any more"))
            continue
        if asset.sha256 != locked.sha256:
            faults.append(Fault(path=locked.path, kind="altered", detail=f"SHA-256 is {asset.sha256}, locked was {locked.sha256}"))
        if everything:
            faults += _facts_changed(locked, asset)
    if everything:
        known = {locked.path for locked in snapshot.assets} | left_out
        faults += [Fault(path=path, kind="added", detail="not in the lock") for path in sorted(present) if path not in known]
    return faults


def _facts_changed(locked: LockedAsset, asset: LockAsset) -> list[Fault]:
    faults = []
    dropped = sorted(set(locked.permissions) - set(asset.permissions))
    gained = sorted(set(asset.permissions) - set(locked.permissions))
    if dropped:
        faults.append(Fault(path=locked.path, kind="permission", detail=f"no longer allowed to {', '.join(dropped)}"))
    if gained:
        faults.append(Fault(path=locked.path, kind="permission", detail=f"allowed to {', '.join(gained)} since the lock"))
    if record_digest(asset.metadata) != locked.metadata or asset.kind != locked.kind:
        faults.append(Fault(path=locked.path, kind="metadata", detail="what is recorded about it was changed"))
    return faults


def _as_locked(manifest: Path, snapshot: Snapshot, told: Callable[[int, int], None] | None) -> list[LockAsset]:
    found = []
    for done, locked in enumerate(snapshot.assets):
        file = asset_place(manifest, snapshot, locked)
        digests = file_digests(file) if file.is_file() else None
        found.append(
            LockAsset(
                path=locked.path, sha256=digests.sha256 if digests else "", size=digests.size if digests else 0, kind=locked.kind
            )
        )
        if told:
            told(done + 1, len(snapshot.assets))
    return found


def _keep_earlier(manifest: Path, root: str) -> None:
    """Move an earlier lock aside under its own root; the signature moves with it and still holds."""
    if not manifest.exists():
        return
    earlier, _, _ = read_snapshot(manifest)
    if earlier is None or earlier.root == root:
        return
    for suffix in ("", ".sig"):
        old = manifest.with_name(manifest.name + suffix)
        if old.exists():
            old.replace(manifest.with_name(f"dataset.{earlier.root[:16]}.json{suffix}"))
