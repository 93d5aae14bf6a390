"""Frame rows, a clock that stands still, and small signed folders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from answerprint.provenance.keys import Signer
from answerprint.provenance.rows import FrameRow, SourceUse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(frame: int, job: str = "job-1", **changes: Any) -> FrameRow:
    """A row as the runner writes it; its digest depends on the frame number."""
    fields: dict[str, Any] = {
        "job": job,
        "node": "remove",
        "operation": "removal",
        "operation_version": "1",
        "frame": frame,
        "timecode": f"01:00:00:{frame:02d}",
        "output": f"frames/{frame:04d}.tif",
        "output_digest": f"{frame:064x}",
        "sources": [SourceUse(digest=f"{frame + 100:064x}", clip="A001", frame=frame)],
        "parameters": {"strength": 0.5},
        "class": "A",
        "requested_by": "supervisor",
    }
    return FrameRow(**{**fields, **changes})


def still() -> datetime:
    return NOON


@pytest.fixture
def frame_row() -> Callable[..., FrameRow]:
    return row


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return still


@pytest.fixture
def signer() -> Signer:
    return Signer.generate("night shift")
