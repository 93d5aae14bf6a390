"""Permissions, consent and policy decisions."""
