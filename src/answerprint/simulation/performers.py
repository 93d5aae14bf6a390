"""Who is on the stage: a body, what is worn, what is done from frame to frame."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from answerprint.simulation.pieces import Colour, Document, Name, Share, Vector


class Build(Document):
    """A body."""

    age: float = Field(default=32, ge=6, le=90, description="years")
    gender: Share = Field(default=0.5, description="0 female, 1 male")
    height: float = Field(default=1.72, ge=1.0, le=2.2, description="metres without shoes")
    weight: Share = Field(default=0.5, description="0 thin, 1 heavy")
    muscle: Share = 0.5
    ancestry: tuple[Share, Share, Share] = Field(
        default=(1 / 3, 1 / 3, 1 / 3), description="shares: African, Asian, Caucasian features"
    )
    skin: Share = Field(default=0.35, description="0 lightest, 1 darkest")

    @field_validator("ancestry")
    @classmethod
    def _of_someone(cls, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        if not any(shares):
            raise ValueError("one of the three shares must be above 0")
        return shares


class Wardrobe(Document):
    """What a performer wears."""

    top: Literal["shirt", "tshirt", "jumper", "jacket"] = "shirt"
    bottom: Literal["trousers", "shorts", "skirt"] = "trousers"
    top_colour: Colour = (0.28, 0.33, 0.42)
    bottom_colour: Colour = (0.05, 0.06, 0.09)
    shoe_colour: Colour = (0.03, 0.02, 0.015)
    stripe: bool = False


class Action(Document):
    """What a performer does from one frame to another."""

    do: Literal["stand", "walk", "turn", "sit", "reach", "gesture"]
    start: int = Field(description="first frame")
    end: int = Field(description="last frame")
    to: str | tuple[float, float] | None = Field(default=None, description="walk: a mark's name or x, y in metres")
    heading: float | None = Field(default=None, description="turn: degrees, 0 faces +Y, positive to the left")
    target: Vector | None = Field(default=None, description="reach: where the hand goes, metres")
    hand: Literal["left", "right"] = Field(default="right", exclude_if=lambda hand: hand == "right", description="reach: which one")

    @model_validator(mode="after")
    def _whole(self) -> Action:
        if self.end < self.start:
            raise ValueError(f"ends at frame {self.end}, before it starts at {self.start}")
        needed = {"walk": "to", "turn": "heading", "reach": "target"}.get(self.do)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{self.do} needs {needed!r}")
        return self


class Performer(Document):
    """Someone on the stage, on a mark, with actions in time."""

    name: Name
    build: Build = Build()
    wardrobe: Wardrobe = Wardrobe()
    hair: Literal["none", "crop", "short", "receding", "curls", "tied", "bob", "waves", "long"] = "short"
    hair_colour: Colour = (0.035, 0.02, 0.012)
    eye_colour: Colour = (0.09, 0.05, 0.025)
    mark: str | tuple[float, float] = Field(default=(0.0, 0.0), description="a mark's name or x, y in metres")
    heading: float | None = Field(default=None, description="degrees, 0 faces +Y; without it the mark's own")
    floor: float = Field(default=0.0, description="height of the floor there, metres")
    seat: float = Field(default=0.45, gt=0.1, lt=1.2, description="height of the seat for 'sit', metres")
    actions: tuple[Action, ...] = ()


# Mean forehead reflectance of the lightest, a middle and the darkest skin, linear Rec.709, integrated from the range of
# spectra in E. Angelopoulou, "The reflectance spectrum of human skin", University of Pennsylvania 1999.
_SKIN = np.array([[0.60, 0.37, 0.28], [0.36, 0.19, 0.125], [0.075, 0.036, 0.024]])


def skin_reflectance(tone: float) -> tuple[float, float, float]:
    """Diffuse reflectance of skin, linear Rec.709, for a tone from 0 (lightest) to 1 (darkest)."""
    logs = np.log(_SKIN)
    r, g, b = (float(np.exp(np.interp(tone, [0, 0.5, 1], logs[:, c]))) for c in range(3))
    return r, g, b
