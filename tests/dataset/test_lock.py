"""A locked dataset names every byte, file, permission and fact that changed after it was locked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from answerprint.dataset.lock import Lock, LockAsset, check_lock, lock, rehashed, require_lock
from answerprint.production import BadInput, Refused
from answerprint.provenance.keys import Signer, TrustStore
from answerprint.provenance.verify import verify


@pytest.fixture
def signer() -> Signer:
    return Signer.generate("dit cart")


@pytest.fixture
def production(tmp_path: Path) -> Path:
    folder = tmp_path / "beam-ü"
    for name, data in (("card/A001.mov", b"pictures"), ("card/B001.mov", b"more pictures"), ("script.fountain", b"INT. ROOM")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def assets(production: Path) -> list[LockAsset]:
    kinds = {"card/A001.mov": "camera", "card/B001.mov": "camera", "script.fountain": "script"}
    known = [
        LockAsset(path=path, kind=kind, permissions=("train", "index"), metadata={"scene": "12", "rate": 24.0})
        for path, kind in kinds.items()
    ]
    return [rehashed(asset, production) for asset in known]


@pytest.fixture
def locked(production: Path, assets: list[LockAsset], signer: Signer) -> Lock:
    return lock(assets, production / "lock", signer, production="Beam", base=production)


def found(locked: Lock, assets: list[LockAsset]) -> list[tuple[str, str]]:
    return [(fault.path, fault.kind) for fault in check_lock(locked.manifest, assets)]


def test_a_dataset_as_it_was_locked_holds_and_verifies(locked: Lock, assets: list[LockAsset], signer: Signer) -> None:
    assert check_lock(locked.manifest, assets) == check_lock(locked.manifest) == []
    assert require_lock(locked.manifest, assets, trust=TrustStore([signer.identity])) == locked.snapshot.root
    answer = verify(locked.manifest, TrustStore([signer.identity]))
    assert (answer.exit_code, answer.checked, answer.root) == (0, 3, locked.snapshot.root)
    assert set(locked.document()) >= {"root", "signer", "assets", "excluded"}


def test_the_root_does_not_depend_on_order_or_day(production: Path, assets: list[LockAsset], signer: Signer, locked: Lock) -> None:
    again = lock(
        assets[::-1], production / "other", Signer.generate("x"), base=production, now=lambda: datetime(2001, 1, 1, tzinfo=UTC)
    )
    assert again.snapshot.root == locked.snapshot.root


def test_a_changed_byte_is_refused_by_name(production: Path, locked: Lock, assets: list[LockAsset]) -> None:
    (production / "card/B001.mov").write_bytes(b"mOre pictures")
    now = [rehashed(asset, production) for asset in assets]
    assert found(locked, now) == [("card/B001.mov", "altered")]
    assert [(fault.path, fault.kind) for fault in check_lock(locked.manifest)] == [("card/B001.mov", "altered")]
    with pytest.raises(Refused, match=r"card/B001\.mov: refused: the locked dataset was changed: altered"):
        require_lock(locked.manifest, now)
    assert verify(production).faults[0].path == "card/B001.mov"


def test_an_added_and_a_missing_file_are_refused_by_name(production: Path, locked: Lock, assets: list[LockAsset]) -> None:
    (production / "script.fountain").unlink()
    extra = LockAsset(path="card/C001.mov", sha256="c" * 64, size=1, kind="camera")
    assert found(locked, [*(rehashed(asset, production) for asset in assets), extra]) == [
        ("script.fountain", "missing"),
        ("card/C001.mov", "added"),
    ]
    assert found(locked, assets[:2]) == [("script.fountain", "missing")]


def test_a_dropped_or_gained_permission_is_refused_by_name(locked: Lock, assets: list[LockAsset]) -> None:
    dropped = assets[0].model_copy(update={"permissions": ("index",)})
    gained = assets[1].model_copy(update={"permissions": ("index", "train", "deliver")})
    faults = check_lock(locked.manifest, [dropped, gained, assets[2]])
    assert [(fault.path, fault.kind) for fault in faults] == [("card/A001.mov", "permission"), ("card/B001.mov", "permission")]
    assert "no longer allowed to train" in faults[0].detail and "allowed to deliver since" in faults[1].detail


def test_changed_metadata_is_refused_by_name_and_the_spelling_of_a_number_is_not(locked: Lock, assets: list[LockAsset]) -> None:
    assert found(locked, [assets[0].model_copy(update={"metadata": {"rate": 24, "scene": "12"}}), *assets[1:]]) == []
    assert found(locked, [assets[0].model_copy(update={"metadata": {"rate": 25, "scene": "12"}}), *assets[1:]]) == [
        ("card/A001.mov", "metadata")
    ]


def test_any_change_to_the_manifest_or_its_signature_is_refused_by_its_name(locked: Lock, assets: list[LockAsset]) -> None:
    for file in (locked.manifest, locked.manifest.with_name(locked.manifest.name + ".sig")):
        data = file.read_bytes()
        for at in range(0, len(data), 29):
            for bit in (0, 5):
                file.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
                assert check_lock(locked.manifest, assets)[0].path == file.name, (file.name, at, bit)
        file.write_bytes(data)
    assert found(locked, assets) == []


def test_a_lock_that_someone_else_signed_anew_is_not_trusted(
    production: Path, locked: Lock, assets: list[LockAsset], signer: Signer
) -> None:
    lock(assets[:2], production / "lock", Signer.generate(signer.name), base=production)
    trust = TrustStore([signer.identity])
    assert check_lock(locked.manifest, assets[:2], trust=trust)[0].kind == "signature"
    answer = verify(locked.manifest, trust)
    assert (answer.intact, answer.trusted, answer.exit_code) == (True, False, 3)


def test_an_excluded_asset_is_listed_with_its_reason_and_may_change(
    production: Path, assets: list[LockAsset], signer: Signer
) -> None:
    out = assets[2].model_copy(update={"excluded": "no permission to index"})
    made = lock([*assets[:2], out], production / "lock", signer, base=production)
    assert made.document()["excluded"] == [{"path": "script.fountain", "why": "no permission to index"}]
    assert found(made, [*assets[:2], out.model_copy(update={"sha256": "d" * 64})]) == []


def test_an_earlier_lock_is_kept_under_its_root(production: Path, locked: Lock, assets: list[LockAsset], signer: Signer) -> None:
    lock(assets, production / "lock", signer, base=production)
    assert not list((production / "lock").glob("dataset.[0-9a-f]*.json"))
    lock(assets[:2], production / "lock", signer, base=production)
    earlier = production / "lock" / f"dataset.{locked.snapshot.root[:16]}.json"
    assert earlier.exists() and check_lock(earlier, assets) == []


def test_what_cannot_be_locked_is_one_clear_line(production: Path, assets: list[LockAsset], signer: Signer) -> None:
    with pytest.raises(BadInput, match="twice"):
        lock([*assets, assets[0]], production / "lock", signer)
    with pytest.raises(BadInput, match=r"gone\.mov: was not hashed"):
        lock([rehashed(LockAsset(path="gone.mov", kind="camera"), production)], production / "lock", signer)
    with pytest.raises(BadInput, match="not locked"):
        require_lock(production / "lock" / "dataset.lock.json")
    assert not list((production / "lock").glob("*.json"))
