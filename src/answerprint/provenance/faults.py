"""What verification found, in the words a person reads and the shape a machine does."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "altered",
    "missing",
    "added",
    "malformed",
    "signature",
    "seal",
    "row",
    "torn",
    "unsealed",
    "rollback",
    "picture",
    "row-missing",
    "hash-list",
    "credentials",
    "permission",
    "metadata",
]


class Fault(BaseModel):
    """One thing that is not as it was signed."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="path inside the folder that was verified, forward slashes")
    frame: int | None = None
    kind: FaultKind
    detail: str = ""

    def line(self) -> str:
        """The fault in one line."""
        where = f"{self.path}, frame {self.frame}" if self.frame is not None else self.path
        return f"{where}: {self.kind}: {self.detail}" if self.detail else f"{where}: {self.kind}"


class Verification(BaseModel):
    """The answer of ``verify``: whole or not, by whom, and the first thing altered first.

    ``intact`` says that nothing differs from what was signed; ``trusted`` that everyone who signed is in the
    trust store. ``signer`` is the fingerprint of who signed the manifest,
    or the first ledger where there is none; ``checked`` counts files and ledger rows.
    """

    intact: bool = True
    trusted: bool = False
    signer: str | None = None
    checked: int = 0
    faults: list[Fault] = Field(default_factory=list)
    kind: str = ""
    signer_name: str = ""
    root: str | None = None
    files: int = 0
    rows: int = 0
    notes: list[str] = Field(default_factory=list, description="what the check cannot say, and what is worth knowing")

    @property
    def exit_code(self) -> int:
        """0 when intact and trusted, else 3."""
        return 0 if self.intact and self.trusted else 3
