"""Structured cinematography metadata measured from frames."""
