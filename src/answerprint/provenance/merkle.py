"""Merkle trees as in RFC 6962 (section 2.1): one root for many rows, and a short proof for each row.

A leaf is hashed with a 0x00 byte before it and a node with 0x01, so that no node can pass for a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").hexdigest()
"""The root of no leaves at all (RFC 6962: the hash of the empty string)."""


def leaf_hash(data: bytes) -> str:
    """SHA-256(0x00 || data) as hexadecimal."""
    return hashlib.sha256(b"\0" + data).hexdigest()


def merkle_root(leaves: Sequence[str]) -> str:
    """The root over leaf hashes (hexadecimal, from `leaf_hash`) in the order given.

    Works level by level; an odd node at the end moves up as it is, which gives RFC 6962's tree.
    """
    level = [bytes.fromhex(leaf) for leaf in leaves]
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def inclusion_proof(leaves: Sequence[str], index: int) -> list[str]:
    """The sibling hashes from leaf ``index`` up to the root (RFC 6962's PATH), lowest first.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    level, path = [bytes.fromhex(leaf) for leaf in leaves], []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling].hex())
        paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
        index //= 2
    return path


def proves_inclusion(leaf: str, index: int, size: int, proof: Sequence[str], root: str) -> bool:
    """Whether ``proof`` leads from ``leaf`` at ``index`` of ``size`` leaves to ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, value = index, size - 1, bytes.fromhex(leaf)
    for step in proof:
        if last == 0:
            return False
        sibling = bytes.fromhex(step)
        if here % 2 or here == last:
            value = _node(sibling, value)
            while here % 2 == 0 and here:
                here, last = here // 2, last // 2
        else:
            value = _node(value, sibling)
        here, last = here // 2, last // 2
    return last == 0 and value.hex() == root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
