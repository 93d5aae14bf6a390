"""What ingest says of a file: what it was taken for, what it told, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "camera",
    "sound",
    "script",
    "notes",
    "tracking",
    "lidar",
    "lens",
    "edit",
    "still",
    "look",
    "report",
    "hash-list",
    "matte",
    "unknown",
]


@dataclass
class IngestedFile:
    """One file or frame folder. ``metadata`` is plain JSON with the field's standard names."""

    path: Path
    kind: Kind
    scene: str = ""
    setup: str = ""
    take: str = ""
    timecode: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    digest: str = ""

    def document(self) -> dict[str, Any]:
        """The file as the `ingest` command prints it."""
        return {
            "path": str(self.path),
            "kind": self.kind,
            "digest": self.digest,
            "scene": self.scene,
            "setup": self.setup,
            "take": self.take,
            "timecode": self.timecode,
            "metadata": self.metadata,
            "problems": self.problems,
        }
