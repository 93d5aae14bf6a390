"""Interoperable Master Format packages: what can be checked without decoding their pictures."""
