"""Things on the stage: a piece of furniture, a wall or a wire is an item, built of plain parts, each of one material.

Metres and degrees; Z up. Colours are diffuse reflectances, linear Rec.709, 0 to 1, as a paint chart gives them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Vector = tuple[float, float, float]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Colour = tuple[Share, Share, Share]


class Document(BaseModel):
    """Base of everything that is written down about a stage: strict, unchangeable, the same after a round trip."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


MaterialKind = Literal[
    "paint", "wallpaper", "wood", "planks", "tile", "brick", "concrete", "fabric", "carpet", "metal", "plastic", "enamel", "leather",
    "marble", "speckle", "picture", "glass", "liquid", "glow", "screen", "foliage", "shade", "earth",
]  # fmt: skip


class Material(Document):
    """What a part is made of: a kind of surface with procedural variation, and its figures."""

    kind: MaterialKind
    colour: Colour = Field(
        description="main diffuse reflectance, linear Rec.709, 0 to 1; of 'glow' and 'screen' the light's colour"
    )
    colour2: Colour | None = Field(default=None, description="second colour of grain, tiles, veins, pattern")
    roughness: Share | None = None
    metallic: Share | None = None
    scale: float = Field(default=1.0, gt=0, description="size of the pattern, 1 is the kind's own")
    wear: Share = Field(default=0.3, description="dirt, chips and rust: 0 new, 1 derelict")
    nits: float | None = Field(default=None, ge=0, description="luminance of what shines, cd/m2")
    kelvin: float | None = Field(default=None, ge=1000, le=25000, description="colour temperature of what shines")
    detail: dict[str, float | Vector] = Field(
        default_factory=dict, description="further figures of the kind: size, joint, offset ..."
    )


_FIGURES: dict[str, tuple[str, ...]] = {
    "box": ("size",), "cylinder": ("radius", "height"), "lathe": ("profile",), "prism": ("outline", "depth"), "tube": ("points", "radius"),
    "cloth": ("size",), "ground": ("size",), "leaves": ("size", "count"), "mesh": ("vertices", "faces"),
}  # fmt: skip
"""What a shape cannot be made without."""


class Part(Document):
    """One plain solid of an item."""

    shape: Literal["box", "cylinder", "lathe", "sphere", "prism", "tube", "cloth", "ground", "leaves", "mesh"]
    material: str = Field(description="name of a material of the set")
    at: Vector = Field(default=(0.0, 0.0, 0.0), description="where its origin is in the item, metres")
    turn: Vector = Field(default=(0.0, 0.0, 0.0), description="about x, then y, then z, degrees")
    figures: dict[str, Any] = Field(
        default_factory=dict, description="what the shape needs: size, radius, height, profile, points ... metres"
    )

    @field_validator("figures")
    @classmethod
    def _as_json(cls, figures: dict[str, Any]) -> dict[str, Any]:
        """Lists for tuples, so that a document equals what is read back of it."""
        return {name: _listed(value) for name, value in figures.items()}

    @model_validator(mode="after")
    def _whole(self) -> Part:
        missing = [name for name in _FIGURES.get(self.shape, ()) if name not in self.figures]
        if self.shape == "sphere" and not self.figures.keys() & {"size", "radius"}:
            missing = ["size"]
        if missing:
            raise ValueError(f"a {self.shape} needs {missing[0]!r} among its figures")
        return self


class Item(Document):
    """One thing with a name of its own: what a matte is made of."""

    name: str = Field(min_length=1, pattern=r"^[\w .-]+$")
    at: Vector = (0.0, 0.0, 0.0)
    turn: Vector = (0.0, 0.0, 0.0)
    parts: tuple[Part, ...] = ()
    file: Path | None = Field(default=None, description="a model of the studio instead of parts: glTF, GLB, OBJ or USD")
    file_scale: float = Field(default=1.0, gt=0)
    group: str = Field(default="practicals", description="the light group that its glowing parts belong to")
    seen: bool = Field(default=True, description="whether cameras see it; a flag that only shades is not seen")
    shadow: bool = True


def box(size: Vector, material: str, at: Vector = (0.0, 0.0, 0.0), turn: Vector = (0.0, 0.0, 0.0), bevel: float = 0.004) -> Part:
    """A box standing on ``at``; its edges are cut so that they catch light."""
    return Part(shape="box", material=material, at=at, turn=turn, figures={"size": size, "bevel": bevel})


def cylinder(
    radius: float,
    height: float,
    material: str,
    at: Vector = (0.0, 0.0, 0.0),
    top: float | None = None,
    turn: Vector = (0.0, 0.0, 0.0),
) -> Part:
    """A cylinder or cone standing on ``at``."""
    return Part(
        shape="cylinder", material=material, at=at, turn=turn,
        figures={"radius": radius, "height": height, "top": radius if top is None else top},
    )  # fmt: skip


def lathe(profile: list[tuple[float, float]], material: str, at: Vector = (0.0, 0.0, 0.0), hollow: bool = False) -> Part:
    """Something turned: (radius, height) from bottom to top; a ``hollow`` one has no lids."""
    return Part(shape="lathe", material=material, at=at, figures={"profile": profile, "open": hollow})


def sphere(size: Vector, material: str, at: Vector = (0.0, 0.0, 0.0)) -> Part:
    """An ellipsoid around ``at``."""
    return Part(shape="sphere", material=material, at=at, figures={"size": size})


def tube(points: list[Vector], radius: float, material: str) -> Part:
    """A round bar, cable or wire along points."""
    return Part(shape="tube", material=material, figures={"points": points, "radius": radius})


def prism(
    outline: list[tuple[float, float]], depth: float, material: str, at: Vector = (0.0, 0.0, 0.0), turn: Vector = (0, 0, 0)
) -> Part:
    """An outline of (x, z) pushed along y, centred there."""
    return Part(shape="prism", material=material, at=at, turn=turn, figures={"outline": outline, "depth": depth})


def cloth(
    size: Vector, material: str, at: Vector = (0.0, 0.0, 0.0), folds: int = 8, seed: int = 0, turn: Vector = (0.0, 0.0, 0.0)
) -> Part:
    """A hanging sheet: width, depth of its folds, height."""
    return Part(shape="cloth", material=material, at=at, turn=turn, figures={"size": size, "folds": folds, "seed": seed})


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, (list, tuple)) else value
