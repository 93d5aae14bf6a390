"""What a person drew to say who is who: clicks and strokes on a few frames of a clip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.production import BadInput, first_fault

__all__ = ["Mark", "Performer", "Seeds", "painted", "read_seeds"]


class Mark(BaseModel):
    """A click (one point) or a stroke (several) on one frame, in pixels of the full frame.

    A click on the trunk says who the person is that was found there; a stroke says only that these pixels are theirs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame: int = Field(ge=0, description="frame of the clip, 0-based")
    points: list[tuple[float, float]] = Field(min_length=1, description="x, y in pixels of the full frame")
    radius: float = Field(default=6.0, gt=0, le=200, description="half the width of the stroke, pixels")

    @property
    def is_click(self) -> bool:
        return len(self.points) == 1


class Performer(BaseModel):
    """A name and the marks that lie on that person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    marks: list[Mark] = Field(default_factory=list)


class Seeds(BaseModel):
    """Everyone who is marked, and marks that lie on nobody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    performers: list[Performer] = Field(default_factory=list)
    nobody: list[Mark] = Field(default_factory=list)


def read_seeds(source: str | Mapping[str, Any], subject: str = "seeds") -> Seeds:
    """Seeds from JSON text or its parsed form.

    Raises BadInput when it is not JSON, a field is wrong, or two performers have one name.
    """
    try:
        seeds = Seeds.model_validate(json.loads(source) if isinstance(source, str) else dict(source))
    except json.JSONDecodeError as error:
        raise BadInput(subject, f"is not JSON (line {error.lineno})", 'give {"performers": [{"name", "marks": […]}]}') from None
    except ValidationError as error:
        raise BadInput(subject, ": ".join(first_fault(error)), "correct this field") from None
    names = [one.name for one in seeds.performers]
    if len(set(names)) < len(names):
        raise BadInput(subject, "two performers have the same name", "give all marks of a person under one name")
    return seeds


def painted(mark: Mark, scale: float, width: int, height: int) -> np.ndarray:
    """The pixels a mark covers on a picture of ``width`` x ``height`` that is ``scale`` times the full frame: bool (h, w)."""
    plane = np.zeros((height, width), np.uint8)
    points = (np.array(mark.points) * scale).round().astype(np.int32)
    thick = max(1, round(2 * mark.radius * scale))
    if len(points) == 1:
        cv2.circle(plane, (int(points[0, 0]), int(points[0, 1])), max(1, thick // 2), 1, -1)
    else:
        cv2.polylines(plane, [points], False, 1, thick)
    return plane.astype(bool)
