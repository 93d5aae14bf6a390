"""Who signs and whom to trust: one Ed25519 key per person or machine, kept at home."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.production.home import home_folder

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_LOWER_HEX = re.compile(r"(?:[0-9a-f]{2})+")


@dataclass(frozen=True)
class Identity:
    """A signer as others see it: a name for people, a public key for machines.

    ``public_key`` is the 32 raw bytes of RFC 8032 as hexadecimal.
    """

    name: str
    public_key: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the raw public key: what people compare and pass to ``--trust``."""
        return hashlib.sha256(bytes.fromhex(self.public_key)).hexdigest()

    def record(self) -> dict[str, str]:
        """The identity as it is written into seals and signatures."""
        return {"name": self.name, "fingerprint": self.fingerprint, "public_key": self.public_key}

    @classmethod
    def from_record(cls, record: object) -> Identity:
        """Read what `record` wrote. Raises ValueError when the parts are missing or disagree."""
        if not isinstance(record, dict) or set(record) != {"name", "fingerprint", "public_key"}:
            raise ValueError("the signer's record is not whole")
        name, key = record["name"], record["public_key"]
        if not isinstance(name, str) or not isinstance(key, str) or not _FINGERPRINT.fullmatch(key):
            raise ValueError("the signer's public key is malformed")
        identity = cls(name, key)
        if identity.fingerprint != record["fingerprint"]:
            raise ValueError("the signer's fingerprint is not that of its public key")
        return identity


class Signer:
    """A private Ed25519 key with its owner's name."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.identity = Identity(name, raw.hex())

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A fresh key, kept nowhere."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def name(self) -> str:
        return self.identity.name

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    def sign(self, purpose: str, message: bytes) -> str:
        """Signature over ``purpose`` and ``message`` as hexadecimal (RFC 8032).

        The purpose keeps a signature made for one kind of document from serving another.
        """
        return self._key.sign(_spoken(purpose, message)).hex()


def verify_signature(identity: Identity, purpose: str, message: bytes, signature: str) -> bool:
    """Whether ``signature`` is that identity's over exactly this purpose and message."""
    if len(signature) != 128 or not _LOWER_HEX.fullmatch(signature):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(identity.public_key))
        key.verify(bytes.fromhex(signature), _spoken(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def home() -> Path:
    """Where keys, trust and the witness are kept: ``$ANSWERPRINT_HOME`` or the user's configuration folder."""
    return home_folder()


def own_signer(name: str | None = None) -> Signer:
    """The signer kept at home, created on first use with mode 0600 and trusted from then on.

    ``name`` is used at creation only; the default is user@host. Two processes that come first at the
    same time end with the same key. Raises BadInput when the key file cannot be read or is open to others.
    """
    key_file = home() / "keys" / "signer.pem"
    if not key_file.exists():
        _create(key_file, name or f"{getpass.getuser()}@{socket.gethostname()}")
    if os.name == "posix" and key_file.stat().st_mode & 0o077:
        raise BadInput(key_file, "the signing key can be read by others", f"run: chmod 600 {key_file}, and consider a new key")
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(key_file, f"is not a readable Ed25519 key ({error})", "restore it from a backup or move it away") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(key_file, "is not an Ed25519 key", "restore it from a backup or move it away")
    try:
        known = json.loads(key_file.with_suffix(".json").read_text("utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        known = name or getpass.getuser()
    return Signer(str(known), key)


def _create(key_file: Path, name: str) -> None:
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    signer = Signer.generate(name)
    pem = signer._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    if write_atomically(key_file, pem, mode=0o600, replace=False):
        write_atomically(
            key_file.with_suffix(".json"), json.dumps(signer.identity.record(), indent=1, sort_keys=True).encode() + b"\n"
        )
        own = TrustStore.own()
        own.add(signer.identity)
        own.save()


class TrustStore:
    """The identities a person trusts, and where that is written down."""

    def __init__(self, trusted: Iterable[Identity] = (), fingerprints: Iterable[str] = (), file: Path | None = None) -> None:
        self.file = file
        self._names = {identity.fingerprint: identity.name for identity in trusted}
        self._keys = {identity.fingerprint: identity.public_key for identity in trusted}
        for fingerprint in fingerprints:
            self._names.setdefault(fingerprint, "")

    @classmethod
    def own(cls) -> TrustStore:
        """The user's trust store, ``trust.json`` at home; empty when there is none yet."""
        file = home() / "trust.json"
        if not file.exists():
            return cls(file=file)
        try:
            listed = json.loads(file.read_text("utf-8"))["trusted"]
            return cls([Identity.from_record(record) for record in listed], file=file)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(file, f"is not a trust store ({error})", "mend or remove it") from error

    @classmethod
    def named(cls, trust: str | Path) -> TrustStore:
        """What ``--trust`` names: a fingerprint (spaces, colons and capitals allowed), or a file that holds
        fingerprints, a trust store, a signer's JSON record, or a PEM public key.

        Raises BadInput when it is none of these.
        """
        bare = re.sub(r"[\s:]", "", str(trust)).lower().removeprefix("sha256")
        if _FINGERPRINT.fullmatch(bare):
            return cls(fingerprints=[bare])
        file = Path(trust)
        if not file.is_file():
            raise BadInput(
                str(trust),
                "is neither a fingerprint (64 hexadecimal digits) nor a file",
                "give the signer's whole fingerprint or a file with its public key",
            )
        try:
            return _trusted_in(file)
        except (OSError, ValueError, KeyError, TypeError, UnsupportedAlgorithm) as error:
            raise BadInput(
                file, f"holds no key or fingerprint ({error})", "give a PEM public key, a signer's JSON or fingerprints"
            ) from error

    def trusts(self, identity: Identity) -> bool:
        return identity.fingerprint in self._names

    def other_key_of(self, identity: Identity) -> str | None:
        """The fingerprint under which this name is trusted when it is not this one: a replaced key."""
        return next(
            (
                fingerprint
                for fingerprint, name in self._names.items()
                if name and name == identity.name and fingerprint != identity.fingerprint
            ),
            None,
        )

    def add(self, identity: Identity) -> None:
        self._names[identity.fingerprint] = identity.name
        self._keys[identity.fingerprint] = identity.public_key

    def save(self) -> None:
        """Write the store back to its file (atomic)."""
        if self.file is None:
            raise BadInput("trust store", "has no file to be kept in", "open it with TrustStore.own()")
        listed = [Identity(self._names[key], self._keys[key]).record() for key in sorted(self._keys)]
        write_atomically(self.file, json.dumps({"trusted": listed}, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")


def _trusted_in(file: Path) -> TrustStore:
    text = file.read_text("utf-8")
    if "-----BEGIN" in text:
        key = serialization.load_pem_public_key(text.encode())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("the key is not Ed25519")
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return TrustStore([Identity(file.stem, raw.hex())])
    if text.lstrip().startswith("{"):
        record = json.loads(text)
        return TrustStore([Identity.from_record(entry) for entry in record.get("trusted", [record])])
    found = [re.sub(r"[\s:]", "", line.split("#")[0]).lower().removeprefix("sha256") for line in text.splitlines()]
    fingerprints = [line for line in found if line]
    if not fingerprints or not all(_FINGERPRINT.fullmatch(line) for line in fingerprints):
        raise ValueError("a line is not a fingerprint")
    return TrustStore(fingerprints=fingerprints)


def _spoken(purpose: str, message: bytes) -> bytes:
    return b"answerprint." + purpose.encode() + b".v1\0" + message
