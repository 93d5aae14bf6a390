"""What is asked of camera and lamps in the words of a set: a move by its technique, a lighting pattern by its name.

A document may say these in place of a camera's keys and of key, fill and back light; ``directed`` makes them from it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from answerprint.simulation.pieces import Document, Name, Vector


def _kind_of(value: Any) -> str:
    return "name" if isinstance(value, str) else "metres" if isinstance(value, (int, float)) else "point"


_Who = Annotated[Name, Tag("name")]
_Where = Annotated[Vector, Tag("point")]
_HowFar = Annotated[float, Field(gt=0.05, le=10_000), Tag("metres")]

Subject = Annotated[_Who | _Where, Discriminator(_kind_of)]
"""A performer, whose eyes are meant and followed, or a point in metres."""
Focus = Annotated[_HowFar | _Who | _Where, Discriminator(_kind_of)]
"""A distance along the optical axis in metres, or what is to be sharp."""

PatternName = Literal["rembrandt", "loop", "split", "butterfly", "high-key", "low-key", "day-for-night"]
PATTERN_LAMPS = ("key", "fill", "back")


class _Move(Document):
    """When a camera moves; before and after it stands as the move begins and ends."""

    start: int | None = Field(default=None, description="first frame of the move; without it the shot's")
    end: int | None = Field(default=None, description="last frame of the move; without it the shot's")

    @model_validator(mode="after")
    def _lasts(self) -> _Move:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"ends at frame {self.end}; a move takes at least 2 frames from {self.start} on")
        return self


class DollyZoom(_Move):
    """Dolly while the zoom keeps the subject as large as it is."""

    technique: Literal["dolly-zoom"]
    subject: Subject
    metres: float = Field(ge=-100, le=100, description="towards the subject; below zero away from it")


class PushIn(_Move):
    """Push in, and up or down, with a counter-tilt that keeps the subject where it is in the picture."""

    technique: Literal["push-in"]
    subject: Subject
    metres: float = Field(ge=-100, le=100, description="over the floor towards the subject; below zero a pull back")
    rise: float = Field(default=0.0, ge=-30, le=30, description="metres upwards")


class CraneOver(_Move):
    """Crane up and over towards the subject on a quarter circle, looking down at it."""

    technique: Literal["crane-over"]
    subject: Subject
    rise: float = Field(ge=-30, le=30, description="metres upwards")
    over: float = Field(ge=-100, le=100, description="metres towards the subject, up to above it")


class RackFocus(_Move):
    """Pull focus from one distance or subject to another."""

    technique: Literal["rack-focus"]
    focus_from: Focus
    focus_to: Focus
    hold: int = Field(default=0, ge=0, description="frames of stillness at both ends")


class WhipPan(_Move):
    """A fast pan in the middle of the shot."""

    technique: Literal["whip-pan"]
    degrees: float = Field(ge=-720, le=720, description="positive to the left")
    frames: int = Field(default=8, ge=2, description="that the pan takes")


class Handheld(_Move):
    """An operator's body under the camera."""

    technique: Literal["handheld"]
    amount: float = Field(default=1.0, ge=0, le=20, description="1: about 6 mm and 0.35 degrees, mostly below 2 Hz")
    seed: int = Field(default=1, ge=0, lt=2**31, description="which operator's hand")


Move = Annotated[DollyZoom | PushIn | CraneOver | RackFocus | WhipPan | Handheld, Field(discriminator="technique")]


class Lighting(Document):
    """Key, fill and back light around a face, as a gaffer is told; the lamps bear these names."""

    pattern: PatternName
    subject: Subject
    seen_from: Subject | None = Field(
        default=None, description="the camera's label or a point from which the pattern is seen; without it the first camera"
    )
    side: Literal["left", "right"] = Field(default="left", description="of the key, as the camera sees it")
    key_lux: float | None = Field(default=None, gt=0, le=1e6, description="at the face, facing the key")
    key_stops: float | None = Field(
        default=None,
        ge=-12,
        le=12,
        description="instead of lux: the key against the camera's exposure; 0, without both, is metered",
    )
    ratio: float | None = Field(
        default=None,
        ge=1.05,
        le=4096,
        description="key and fill together to fill alone: 2, 4, 8 are 1, 2, 3 stops; without it the pattern's",
    )
    back_stops: float | None = Field(default=None, ge=-20, le=6, description="back light below the key; without it the pattern's")
    kelvin: float | None = Field(default=None, ge=1000, le=25000, description="of all three lamps; without it the pattern's")
    size: float | None = Field(
        default=None, gt=0, le=10, description="metres of the key's softbox, small is hard; without it the pattern's"
    )
    distance: float = Field(
        default=2.2, gt=0.3, le=50, description="metres from face to key; less where a wall or ceiling is nearer"
    )

    @model_validator(mode="after")
    def _one_level(self) -> Lighting:
        if self.key_lux is not None and self.key_stops is not None:
            raise ValueError("has key_lux and key_stops; give one or the other")
        return self


def subjects_of(asked: Move | Lighting) -> list[str]:
    """Names of the performers that a move or a pattern is about."""
    fields: tuple[Any, ...] = tuple(getattr(asked, name, None) for name in ("subject", "focus_from", "focus_to"))
    return [one for one in fields if isinstance(one, str)]
