"""The one way a record is written as bytes, so that two machines agree on its digest (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785
from pydantic import BaseModel

from answerprint.production import BadInput


def canonical_bytes(record: Any) -> bytes:
    """UTF-8 JSON of ``record`` with sorted keys and the number format of RFC 8785.

    A pydantic record is written under its aliases. Raises BadInput for what JSON cannot carry
    (NaN, infinity, integers beyond 2**53 - 1, keys that are not strings).

    >>> canonical_bytes({"b": 1.0, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    if isinstance(record, BaseModel):
        record = record.model_dump(mode="json", by_alias=True)
    try:
        return rfc8785.dumps(record)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise BadInput(
            "record",
            f"cannot be written as canonical JSON: {error}",
            "give finite numbers, strings, lists and string-keyed tables only",
        ) from error


def record_digest(record: Any) -> str:
    """SHA-256 over the canonical bytes of a record, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(record)).hexdigest()


def strict_object(text: bytes) -> dict[str, Any]:
    """Read one JSON object, refusing a key that occurs twice (readers disagree about which one counts).

    Raises ValueError with the reason.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key occurs twice")
        return found

    value = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def is_canonical(text: bytes) -> bool:
    """Whether ``text`` is exactly the canonical bytes of what it says: no room to hide a change."""
    try:
        return canonical_bytes(strict_object(text)) == text
    except (ValueError, BadInput):
        return False
