"""A JSON document with its signature in a file of its own beside it: NAME.json and NAME.json.sig."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.provenance.canonical import canonical_bytes, is_canonical, strict_object
from answerprint.provenance.faults import Fault
from answerprint.provenance.keys import Identity, Signer, verify_signature

SIGNATURE_SUFFIX = ".sig"


@dataclass
class SignedReading:
    """A document as read, who signed it, and what is wrong with either file."""

    document: dict[str, Any] | None = None
    signer: Identity | None = None
    faults: list[Fault] = field(default_factory=list)


def signature_file(path: Path) -> Path:
    return path.with_name(path.name + SIGNATURE_SUFFIX)


def write_signed(path: Path, document: dict[str, Any], purpose: str, signer: Signer) -> None:
    """Write a document, readable for people, and then its signature over exactly those bytes (both atomic)."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    stated = {
        "algorithm": "Ed25519",
        "purpose": purpose,
        "sha256": hashlib.sha256(text).hexdigest(),
        "signer": signer.identity.record(),
    }
    signed = {**stated, "signature": signer.sign(purpose, canonical_bytes(stated))}
    # The old signature goes first: a crash in between leaves an unsigned document, never one with another's signature.
    signature_file(path).unlink(missing_ok=True)
    write_atomically(path, text)
    write_atomically(signature_file(path), canonical_bytes(signed) + b"\n")


def read_signed(path: Path, purpose: str, shown: str | None = None) -> SignedReading:
    """Read a document and check its signature; faults name the files as ``shown`` (default: the file's name).

    The document is given even when its signature fails, so that what was altered can be looked for.
    Raises BadInput when the document itself cannot be read from disk.
    """
    name = shown or path.name
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path and its permissions") from error
    reading = SignedReading()
    try:
        reading.document = strict_object(text)
    except (ValueError, RecursionError) as error:
        reading.faults.append(Fault(path=name, kind="malformed", detail=f"is not the JSON document that was signed ({error})"))
    stated, why = _read_signature(signature_file(path), purpose)
    if stated is None:
        kind = "missing" if why == "is missing" else "signature"
        reading.faults.append(Fault(path=name + SIGNATURE_SUFFIX, kind=kind, detail=f"the signature {why}"))
        return reading
    reading.signer = Identity.from_record(stated["signer"])
    if stated["sha256"] != hashlib.sha256(text).hexdigest():
        reading.faults.insert(0, Fault(path=name, kind="altered", detail="the document is not the one that was signed"))
    return reading


def _read_signature(path: Path, purpose: str) -> tuple[dict[str, Any] | None, str]:
    """What a signature states, once it holds for its signer; else None and why not."""
    try:
        text = path.read_bytes()
    except OSError:
        return None, "is missing"
    try:
        stated = strict_object(text.removesuffix(b"\n"))
        signature = stated.pop("signature")
        identity = Identity.from_record(stated["signer"])
        spoken = canonical_bytes(stated)
    except (ValueError, KeyError, TypeError, BadInput, RecursionError) as error:
        return None, f"cannot be read ({error})"
    if not text.endswith(b"\n") or not is_canonical(text.removesuffix(b"\n")):
        return None, "was altered: it is not written the one way a signature is written"
    if stated.get("purpose") != purpose or stated.get("algorithm") != "Ed25519":
        return None, f"was made for {stated.get('purpose')!r}, not for {purpose!r}"
    if not isinstance(signature, str) or not verify_signature(identity, purpose, spoken, signature):
        return None, "is not that of the signer it names"
    return stated, ""
