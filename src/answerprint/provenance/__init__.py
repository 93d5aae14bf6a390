"""Digests, ledger, signatures, content credentials, reports and verification."""
