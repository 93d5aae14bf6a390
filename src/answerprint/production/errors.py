"""What goes wrong, in the four ways the command line tells apart.

Each error is one line a person can act on: what it is about, what is the matter, what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class AnswerprintError(Exception):
    """A fault of our own (exit code 1). The kinds below say more."""

    exit_code = 1


class BadInput(AnswerprintError):
    """Material or usage we cannot work with (exit code 2): the file, the reason, the remedy."""

    exit_code = 2

    def __init__(self, subject: str | Path, reason: str, remedy: str) -> None:
        self.subject = str(subject)
        self.reason = reason.rstrip(".")
        self.remedy = remedy.rstrip(".")
        super().__init__(f"{self.subject}: {self.reason}; {self.remedy}.")


class FaultFound(AnswerprintError):
    """Verification, QC, conform or match found a fault (exit code 3); the rest is still written."""

    exit_code = 3


class Refused(AnswerprintError):
    """Policy does not allow it (exit code 4): what was asked, which rule says no, who can allow it."""

    exit_code = 4

    def __init__(self, subject: str | Path, reason: str, remedy: str) -> None:
        self.subject = str(subject)
        self.reason = reason.rstrip(".")
        self.remedy = remedy.rstrip(".")
        super().__init__(f"{self.subject}: refused: {self.reason}; {self.remedy}.")


class Cancelled(AnswerprintError):
    """A person stopped the work; what was finished is kept."""


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The first field that does not hold, dotted (empty for the document as a whole), and what is the matter with it."""
    first = error.errors()[0]
    return ".".join(map(str, first["loc"])), first["msg"].lower()
