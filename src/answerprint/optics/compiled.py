"""Loops compiled to machine code: numba comes with an extra, for the core does without it (docs/decisions/001)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from answerprint.production.errors import BadInput

try:
    import numba
except ImportError:
    numba = None  # type: ignore[assignment]

Function = Callable[..., Any]


def njit(**options: Any) -> Callable[[Function], Function]:
    """numba's decorator. Where numba is not installed the function can be named and not called: calling raises BadInput."""
    return _refusing if numba is None else numba.njit(**options)


def _refusing(_: Function) -> Function:
    def refuse(*_: Any) -> NoReturn:
        raise BadInput(
            "numba",
            "is not installed, and this operation is computed with it",
            "install the extra: pip install 'answerprint[spatial]'",
        )

    return refuse
