"""Merkle roots and proofs behave as RFC 6962 says."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerprint.provenance.merkle import EMPTY_ROOT, inclusion_proof, leaf_hash, merkle_root, proves_inclusion

# The test vectors of the certificate-transparency project for RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert merkle_root([leaf_hash(leaf) for leaf in LEAVES[:size]]) == ROOTS[size]


def test_no_leaves_give_the_hash_of_nothing() -> None:
    assert merkle_root([]) == EMPTY_ROOT == hashlib.sha256(b"").hexdigest()


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_leaf_has_a_proof_and_no_other_leaf_place_or_size_fits_it(data: list[bytes], choice: st.DataObject) -> None:
    leaves = [leaf_hash(at.to_bytes(2, "big") + item) for at, item in enumerate(data)]
    index, root = choice.draw(st.integers(0, len(leaves) - 1)), merkle_root(leaves)
    proof = inclusion_proof(leaves, index)
    assert proves_inclusion(leaves[index], index, len(leaves), proof, root)
    other = choice.draw(st.integers(0, len(leaves) - 1))
    assert proves_inclusion(leaves[other], index, len(leaves), proof, root) == (other == index)
    assert not proves_inclusion(leaves[index], index, len(leaves), [*proof, root], root)
    assert not proves_inclusion(leaf_hash(b"other"), index, len(leaves), proof, root)
    if proof:
        assert not proves_inclusion(leaves[index], index, len(leaves), proof[:-1], root)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), st.data())
def test_any_change_of_order_or_content_changes_the_root(data: list[bytes], choice: st.DataObject) -> None:
    leaves = [leaf_hash(item) for item in data]
    at = choice.draw(st.integers(0, len(leaves) - 2))
    swapped = [*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]
    assert len({merkle_root(leaves), merkle_root(swapped), merkle_root(leaves[:-1]), merkle_root([*leaves, leaves[-1]])}) == 4


def test_a_node_cannot_pass_for_a_leaf() -> None:
    first, second = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(bytes.fromhex(first) + bytes.fromhex(second)) != merkle_root([first, second])
