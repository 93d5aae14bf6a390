"""Is this what was signed, and by whom? Answered offline, with the first altered thing named first."""

from __future__ import annotations

from pathlib import Path

from answerprint.production import BadInput
from answerprint.provenance.chain import SUFFIX
from answerprint.provenance.faults import Verification
from answerprint.provenance.keys import TrustStore
from answerprint.provenance.ledger_check import Told, check_ledgers
from answerprint.provenance.mhl import check_hash_list, has_hash_list
from answerprint.provenance.package import MANIFEST
from answerprint.provenance.package_check import check_package
from answerprint.provenance.snapshot import LOCK_SUFFIX, check_snapshot
from answerprint.provenance.witness import Seen, seen_roots


def verify(
    path: Path | str,
    trust: TrustStore | str | Path | None = None,
    *,
    witness: Path | None = None,
    deep: bool = False,
    told: Told | None = None,
) -> Verification:
    """Verify a package, an ``apply`` folder, a ledger, a lock, a production, a card with an ASC MHL, or one file of a package.

    ``trust`` is what ``--trust`` gave, else the user's own trust store is asked. ``witness`` is a file of
    roots seen before (default: the user's own). ``deep`` decodes every frame again and compares its picture;
    without it a frame whose file is the signed one is taken to hold the signed picture. ``told`` hears
    (files done, files in all). Never opens a connection. Raises BadInput for a path that is none of these.
    """
    place = Path(path)
    store = trust if isinstance(trust, TrustStore) else TrustStore.own() if trust is None else TrustStore.named(trust)
    seen = seen_roots(witness)
    if place.is_dir():
        return _verify_folder(place, store, seen, deep, told)
    if not place.exists():
        raise BadInput(place, "does not exist", "give a package, a folder that apply wrote, a ledger or a lock manifest")
    if place.name.endswith(LOCK_SUFFIX):
        return check_snapshot(place, store, told)
    if place.name.endswith(SUFFIX):
        return check_ledgers(place.parent, [place], store, seen, told)
    if place.name == MANIFEST:
        return _verify_folder(place.parent, store, seen, deep, told)
    for folder in place.resolve().parents:
        if (folder / MANIFEST).is_file():
            return check_package(folder, store, seen, deep, told, only=place.resolve().relative_to(folder).as_posix())
    raise BadInput(
        place,
        "belongs to nothing that was signed: no folder above it has an answerprint-package.json",
        "give the package, or audit the frame with its ledger",
    )


def _verify_folder(folder: Path, store: TrustStore, seen: list[Seen], deep: bool, told: Told | None) -> Verification:
    if (folder / MANIFEST).is_file():
        return check_package(folder, store, seen, deep, told)
    found = [check_snapshot(lock, store, told) for lock in sorted(folder.rglob(f"*{LOCK_SUFFIX}"))]
    ledgers = sorted(folder.rglob(f"*{SUFFIX}"))
    if ledgers:
        found.append(check_ledgers(folder, ledgers, store, seen, told))
    if found:
        return _together(found)
    if has_hash_list(folder):
        faults, count = check_hash_list(folder)
        return Verification(
            intact=not faults,
            faults=faults,
            checked=count,
            files=count,
            kind="hash list",
            notes=["An ASC MHL is not signed: it shows what changed, not who wrote it."],
        )
    raise BadInput(
        folder,
        "holds nothing that was signed: no answerprint-package.json, ledger, lock or ascmhl folder",
        "give a package, a folder that apply wrote, a ledger or a lock manifest",
    )


def _together(found: list[Verification]) -> Verification:
    """One answer for a folder that holds several signed things: as good as the worst of them."""
    if len(found) == 1:
        return found[0]
    first = found[0]
    return Verification(
        intact=all(each.intact for each in found),
        trusted=all(each.trusted for each in found),
        signer=first.signer,
        signer_name=first.signer_name,
        checked=sum(each.checked for each in found),
        faults=[fault for each in found for fault in each.faults],
        kind="production",
        root=first.root,
        files=sum(each.files for each in found),
        rows=sum(each.rows for each in found),
        notes=list(dict.fromkeys(note for each in found for note in each.notes)),
    )
