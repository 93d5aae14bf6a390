"""The record every measured value travels in: what, in which unit, how sure, and who says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["recorded", "solved", "estimated", "human"]

_RANK: dict[str, int] = {"estimated": 0, "solved": 1, "recorded": 2, "human": 3}


class Measured(BaseModel):
    """One value with its unit, its 90 % interval, its confidence and its origin.

    ``value`` is ``None`` when unknown (never 0); ``applicable`` is false when the question does not
    arise, for example a key-to-fill ratio without a face.
    """

    model_config = ConfigDict(extra="forbid")

    value: Any = Field(default=None, description="the value itself, None when unknown")
    unit: str = Field(default="", description="SI or film unit: mm, m, degree, kelvin, stop, s; empty for a class")
    interval: tuple[float, float] | None = Field(default=None, description="90 % interval in the same unit")
    confidence: float = Field(default=1.0, ge=0.0, le=1.0, description="probability that the value is right")
    source: Source = Field(default="estimated", description="recorded on set, solved, estimated, or human")
    applicable: bool = True
    who: str = Field(default="", description="the person, device or estimator")
    when: datetime | None = None


def prefer(current: Measured | None, offered: Measured) -> Measured:
    """The value to keep: a recorded or human value is never overwritten by an estimated one."""
    if current is None or current.value is None:
        return offered
    return offered if _RANK[offered.source] >= _RANK[current.source] and offered.value is not None else current
