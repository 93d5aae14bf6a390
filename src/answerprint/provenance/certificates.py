"""The local certificate chain that content credentials are signed with: our own authority, made once, kept at home.

C2PA asks for X.509; Answerprint asks no outside authority. Who trusts this machine's anchor trusts its credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.provenance.keys import Signer, home, own_signer

# Without a time-stamping service a credential dies with its certificate: long enough for an archive.
_LIFE = timedelta(days=365 * 30)


@dataclass(frozen=True)
class SigningChain:
    """PEM texts: the leaf's private key, leaf and anchor together, and the anchor alone."""

    key: bytes
    chain: bytes
    anchor: bytes


def own_chain(signer: Signer | None = None) -> SigningChain:
    """The chain kept at home, created on first use for ``signer`` (default: the user's own).

    The leaf names the signer and carries its Ed25519 fingerprint, which ties credentials to ledgers.
    Raises BadInput when the files cannot be read.
    """
    who = signer or own_signer()
    folder = home() / "credentials" / who.fingerprint[:16]
    bundle = folder / "chain.pem"
    if not bundle.exists():
        made = _make(who)
        # One file holds all three, so that no crash or race can mix two chains.
        write_atomically(bundle, made.key + made.chain + made.anchor, mode=0o600, replace=False)
    try:
        blocks = _blocks(bundle.read_bytes())
        key, leaf, anchor = blocks[0], blocks[1], blocks[2]
    except (OSError, IndexError) as error:
        raise BadInput(bundle, f"is not a readable certificate chain ({error})", "move it away; a new one is made") from error
    return SigningChain(key, leaf + anchor, anchor)


def write_anchor(path: Path, signer: Signer | None = None) -> Path:
    """Put the anchor certificate (public) into a package, so that receivers can check its credentials."""
    write_atomically(path, own_chain(signer).anchor)
    return path


def _make(signer: Signer) -> SigningChain:
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, leaf_name = _name(f"{signer.name} anchor"), _name(signer.name)
    anchor = _certificate(root_name, root_name, root_key.public_key(), root_key, None)
    leaf = _certificate(leaf_name, root_name, leaf_key.public_key(), root_key, f"urn:answerprint:ed25519:{signer.fingerprint}")
    key = leaf_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningChain(key, leaf, anchor)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signing: ec.EllipticCurvePrivateKey,
    bound_to: str | None,
) -> bytes:
    """One certificate as C2PA's profile asks (C2PA 2.2, 14.5): authority when ``bound_to`` is None, else end entity."""
    authority, now = bound_to is None, datetime.now(UTC)
    building = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if bound_to is not None:
        building = building.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        ).add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(bound_to)]), critical=False)
    return building.sign(signing, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    # X.520 allows 64 characters in a common name.
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Answerprint local"), x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]
    )


def _blocks(text: bytes) -> list[bytes]:
    end = b"-----END "
    blocks, current = [], b""
    for line in text.splitlines(keepends=True):
        current += line
        if line.startswith(end):
            blocks.append(current)
            current = b""
    return blocks
