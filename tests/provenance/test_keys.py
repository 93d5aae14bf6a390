"""A key is made once, kept private, and trusted by name and fingerprint."""

from __future__ import annotations

import json
from multiprocessing import get_context
from pathlib import Path

import pytest

from answerprint.production import BadInput
from answerprint.provenance.keys import Identity, Signer, TrustStore, home, own_signer, verify_signature


def _fingerprint(place: str) -> str:
    import os

    os.environ["ANSWERPRINT_HOME"] = place
    return own_signer("racer").fingerprint


def test_the_key_is_made_on_first_use_kept_private_and_trusted() -> None:
    first = own_signer("dit cart")
    assert own_signer("someone else").identity == first.identity
    assert (home() / "keys" / "signer.pem").stat().st_mode & 0o777 == 0o600
    assert TrustStore.own().trusts(first.identity)
    assert first.name == "dit cart"


def test_processes_that_come_first_together_end_with_one_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_fingerprint, [str(tmp_path / "home")] * 3, chunksize=1))) == 1


def test_a_key_that_others_can_read_is_refused() -> None:
    own_signer()
    (home() / "keys" / "signer.pem").chmod(0o644)
    with pytest.raises(BadInput, match="can be read by others"):
        own_signer()


def test_a_damaged_key_is_one_clear_line() -> None:
    own_signer()
    (home() / "keys" / "signer.pem").write_text("not a key")
    with pytest.raises(BadInput, match="not a readable Ed25519 key"):
        own_signer()


def test_a_signature_serves_one_purpose_one_message_one_key(signer: Signer) -> None:
    signature = signer.sign("seal", b"rows")
    assert verify_signature(signer.identity, "seal", b"rows", signature)
    assert not verify_signature(signer.identity, "lock", b"rows", signature)
    assert not verify_signature(signer.identity, "seal", b"row", signature)
    assert not verify_signature(Signer.generate("night shift").identity, "seal", b"rows", signature)
    assert not verify_signature(signer.identity, "seal", b"rows", signature.upper())


@pytest.mark.parametrize(
    "dress", [str, str.upper, lambda text: ":".join(text[i : i + 2] for i in range(0, 64, 2)), "SHA256:{}".format]
)
def test_trust_names_a_fingerprint_however_it_is_dressed(signer: Signer, dress: object) -> None:
    assert TrustStore.named(dress(signer.fingerprint)).trusts(signer.identity)  # type: ignore[operator]


def test_trust_names_a_file_with_a_key_a_record_or_fingerprints(signer: Signer, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    pem = signer._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, data in (
        ("key.pem", pem),
        ("signer.json", json.dumps(signer.identity.record()).encode()),
        ("store.json", json.dumps({"trusted": [signer.identity.record()]}).encode()),
        ("list.txt", f"# the lab\n{signer.fingerprint}  # night shift\n".encode()),
    ):
        (tmp_path / name).write_bytes(data)
        assert TrustStore.named(tmp_path / name).trusts(signer.identity), name


@pytest.mark.parametrize("text", ["ab12", "", "hello\n", "{}", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_trust_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    place = tmp_path / "trust"
    place.write_text(text)
    with pytest.raises(BadInput, match="trust"):
        TrustStore.named(place)
    with pytest.raises(BadInput, match="neither a fingerprint"):
        TrustStore.named("ab12")


def test_a_name_that_comes_with_another_key_is_told(signer: Signer) -> None:
    store, impostor = TrustStore([signer.identity]), Signer.generate(signer.name)
    assert not store.trusts(impostor.identity)
    assert store.other_key_of(impostor.identity) == signer.fingerprint
    assert store.other_key_of(signer.identity) is None


def test_a_record_whose_parts_disagree_is_no_identity(signer: Signer) -> None:
    record = {**signer.identity.record(), "public_key": Signer.generate("x").identity.public_key}
    with pytest.raises(ValueError, match="fingerprint"):
        Identity.from_record(record)
