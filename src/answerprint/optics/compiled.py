"""Loops compiled to machine code: numba comes with an extra, for the core does without it (docs/decisions/001)."""

from __future__ import annotations

from answerprint.production.errors import BadInput

try:
    import numba  # type: ignore[import-untyped]
except ImportError:
    raise BadInput("numba", "is not installed, and what a lens does to a picture is computed with it",
                   "install the extra: pip install 'answerprint[spatial]'") from None  # fmt: skip

__all__ = ["numba"]
