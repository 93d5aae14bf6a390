"""Pixels and sound in and out, headers kept."""
