"""A lens prescription: the glass as a patent or its maker tells it, surface by surface, and what moves when it is focused or zoomed.

Light comes from the left. Lengths are millimetres; surfaces count from 1, the gap after a surface has its number, and the last
gap ends on the sensor. ``prescription_trace`` makes the lens record of it.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from answerprint.production import BadInput, first_fault

_STRICT = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Glass(BaseModel):
    """What stands behind a surface, as a catalogue names it."""

    model_config = _STRICT

    index: float = Field(gt=1, lt=4, description="refractive index at the d line, 587.56 nm")
    abbe: float = Field(gt=10, lt=120, description="Abbe number V of the d line")


class Surface(BaseModel):
    """One face of a glass, or the iris."""

    model_config = _STRICT

    radius: float = Field(default=float("inf"), description="of curvature, mm; positive bulges to the left, inf is plane")
    thickness: float = Field(ge=0, description="along the axis to the next surface, after the last one to the sensor; mm")
    glass: Glass | None = Field(default=None, description="behind the surface; None is air")
    semi_diameter: float | None = Field(default=None, gt=0, description="mm; rays farther out are stopped. None stops nothing")
    conic: float = Field(default=0.0, description="conic constant; 0 is a sphere")
    asphere: tuple[float, ...] = Field(default=(), description="coefficients of r^4, r^6, ..., r in mm")
    iris: bool = False

    @model_validator(mode="after")
    def _is_curved(self) -> Surface:
        if self.radius == 0:
            raise ValueError("a radius of 0 is no surface; a plane is inf")
        return self


class Group(BaseModel):
    """Surfaces that travel together along the axis when the focus ring is turned."""

    model_config = _STRICT

    first: int = Field(ge=1)
    last: int = Field(ge=1)
    travel: float = Field(default=1.0, description="how far, of what the first group goes; negative goes the other way")


class Zoom(BaseModel):
    """One position of the zoom ring."""

    model_config = _STRICT

    focal_length: float = Field(gt=0, description="what the ring says, mm")
    gaps: dict[int, float] = Field(description="thickness after these surfaces, in place of the surface's own")


class Prescription(BaseModel):
    """One lens: its surfaces, the widest f-number, and the groups that focus it (all of it, if none is named)."""

    model_config = _STRICT

    make: str = ""
    model: str = ""
    attribution: str = Field(default="", description="patent or maker the figures are from; kept with everything made of it")
    f_number: float = Field(gt=0, description="wide open, focused at infinity")
    surfaces: tuple[Surface, ...] = Field(min_length=2, max_length=120)
    focusing: tuple[Group, ...] = ()
    zooms: tuple[Zoom, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Prescription:
        count = len(self.surfaces)
        if sum(surface.iris for surface in self.surfaces) != 1:
            raise ValueError("exactly one surface is the iris")
        if self.surfaces[-1].glass is not None:
            raise ValueError("behind the last surface there must be air, up to the sensor")
        if any(not 1 <= group.first <= group.last <= count for group in self.focusing):
            raise ValueError(f"a focusing group runs from its first to its last surface, of 1 to {count}")
        if any(not 1 <= gap <= count or not gaps >= 0 for zoom in self.zooms for gap, gaps in zoom.gaps.items()):
            raise ValueError(f"a zoom names gaps 1 to {count}, and none is below 0")
        if len({zoom.focal_length for zoom in self.zooms}) != len(self.zooms):
            raise ValueError("two zoom positions have one focal length")
        return self

    @property
    def iris(self) -> int:
        """The number of the surface that is the iris."""
        return next(n for n, surface in enumerate(self.surfaces, 1) if surface.iris)

    def gaps(self, zoom: Zoom | None = None, travel: float = 0.0) -> tuple[float, ...]:
        """The thickness after every surface, mm, at a zoom, with the first group ``travel`` mm towards the scene.

        A gap below 0 means that the groups would meet.
        """
        set_by_zoom = zoom.gaps if zoom else {}
        gaps = [set_by_zoom.get(n, surface.thickness) for n, surface in enumerate(self.surfaces, 1)]
        for group in self.focusing or (Group(first=1, last=len(gaps)),):
            gaps[group.last - 1] += group.travel * travel
            if group.first > 1:
                gaps[group.first - 2] -= group.travel * travel
        return tuple(gaps)


def read_prescription(path: Path) -> Prescription:
    """A prescription from its JSON file. Raises BadInput naming the first field that is wrong."""
    try:
        return Prescription.model_validate_json(path.read_bytes())
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        where, reason = first_fault(fault)
        raise BadInput(
            path, f"is not a lens prescription ({where or 'the file'}: {reason})", "correct the field; see docs/lenses.md"
        ) from None
