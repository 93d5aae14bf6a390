"""What a check says: a code, how grave it is, where it was, the number measured, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["fail", "warn", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing found. ``frame`` is 0-based within ``where``; ``figure`` is the number measured, in the message's unit."""

    code: str
    severity: Severity
    message: str
    where: str = ""
    frame: int | None = None
    figure: float | None = None

    def document(self) -> dict[str, Any]:
        """The finding as the ``qc`` command prints it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "frame": self.frame,
            "figure": self.figure,
            "message": self.message,
            "path": self.where,
        }
