"""The content-addressed cache: what was made under a key is reused and never made again.

A key is the digest of everything that could change the bytes. Records are written last, so that a record that
exists means the work behind it is whole; a process killed in between leaves nothing that counts.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.graph.contract import Analysis, SourceUse
from answerprint.production.atomic import write_atomically
from answerprint.provenance.canonical import canonical_bytes, record_digest


def key_of(**parts: Any) -> str:
    """The cache key of a set of named parts (plain JSON values): SHA-256 over their canonical JSON."""
    return record_digest(parts)


class Cache:
    """A folder of records, layers and analyses by key. Safe for many processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}{suffix}"

    def layers_path(self, key: str) -> Path:
        """Where the layers of the frame under ``key`` are kept."""
        return self._place(key, ".exr")

    def record(self, key: str) -> dict[str, Any] | None:
        """The record under ``key``, or None when that work is not done."""
        try:
            found = json.loads(self._place(key, ".json").read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return found if isinstance(found, dict) else None

    def keep_record(self, key: str, record: dict[str, Any]) -> None:
        """Say that the work under ``key`` is done. Called after everything it speaks of is on disk."""
        _write(self._place(key, ".json"), canonical_bytes(record))

    def analysis(self, key: str) -> Analysis | None:
        """The analysis under ``key``, or None."""
        record = self.record(key)
        if record is None:
            return None
        with np.load(self._place(key, ".npz"), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return Analysis(arrays=arrays, facts=record["facts"], sources=[SourceUse(**use) for use in record["sources"]])

    def keep_analysis(self, key: str, analysis: Analysis) -> None:
        """Keep an analysis: arrays as they are, facts as JSON."""
        buffer = io.BytesIO()
        np.savez(buffer, **analysis.arrays)  # type: ignore[arg-type]
        _write(self._place(key, ".npz"), buffer.getvalue())
        sources = [{"socket": u.socket, "frame": u.frame, "item": u.item} for u in analysis.sources]
        self.keep_record(key, {"facts": analysis.facts, "sources": sources})


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
