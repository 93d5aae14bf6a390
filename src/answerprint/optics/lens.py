"""The lens record: everything Answerprint knows about one lens, over focus, zoom and iris, in one document.

Names and units follow SMPTE OpenTrackIO where it has one (pinhole focal length, entrance pupil offset): millimetres for
the glass, metres for the scene. What was not measured is ``None`` and does nothing; it is never a made-up value.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable
from answerprint.optics.lens_model import AnyDistortion
from answerprint.optics.sensor import Sensor
from answerprint.optics.table import LensState, Table
from answerprint.production import BadInput, first_fault
from answerprint.production.atomic import write_atomically
from answerprint.production.values import Source

_STRICT = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Iris(BaseModel):
    """The shape of the hole that makes the bokeh."""

    model_config = _STRICT

    blades: int = Field(default=0, ge=0, le=40, description="0 is a round hole; otherwise at least 3")
    curvature: float = Field(default=0.0, ge=0, le=1, description="0 straight blades, 1 a full circle")
    rotation: float = Field(default=0.0, description="degrees counter-clockwise from a corner pointing right")


class Barrel(BaseModel):
    """The front rim that cuts the pupil for light from the side: what makes cat's eyes and dark corners wide open.

    With a squeeze it is seen as narrow as the pupil is.
    """

    model_config = _STRICT

    rim_radius: float = Field(gt=0, description="radius of the front opening, mm")
    rim_distance: float = Field(gt=0, description="from the entrance pupil forward to that opening, mm")


class Glare(BaseModel):
    """Light that strays inside the lens and falls as a veil round every bright thing."""

    model_config = _STRICT

    share: float = Field(default=0.0, ge=0, lt=1, description="part of all light that strays")
    radius: float = Field(default=3.0, gt=0, description="mm on the sensor at which the veil has fallen by half")
    streak: float = Field(default=0.0, ge=0, lt=1, description="further part that goes into a horizontal streak")
    streak_length: float = Field(default=4.0, gt=0, description="mm on the sensor at which the streak has fallen to 1/e")


class Ghost(BaseModel):
    """One reflection between two surfaces: the picture again, scaled about the axis, faint and out of focus."""

    model_config = _STRICT

    scale: float = Field(description="size against the picture; negative is turned about the axis")
    strength: tuple[float, float, float] = Field(description="part of each channel's light that takes this way")
    blur: float = Field(default=0.5, ge=0, description="diameter of its disc of confusion, mm on the sensor")


class Lens(BaseModel):
    """One lens."""

    model_config = _STRICT

    make: str = ""
    model: str = ""
    serial_number: str = ""
    squeeze: float = Field(default=1.0, gt=0, description="anamorphic squeeze: 2 puts twice the width on the sensor")
    minimum_focus_distance: float | None = Field(default=None, gt=0, description="metres from the image plane")
    pinhole_focal_length: Table = Field(description="mm over focus and zoom: its change over focus is the breathing")
    projection_offset: Table | None = Field(
        default=None, description="where the axis meets the picture, from its middle, mm right and up, over focus and zoom"
    )
    distortion: DistortionTable | None = None
    entrance_pupil_offset: Table | None = Field(
        default=None, description="metres from the image plane towards the object, over focus and zoom: the no-parallax point"
    )
    t_stops: Table | None = Field(default=None, description="T-stop over f-number, and zoom where it ramps")
    iris: Iris = Iris()
    barrel: Barrel | None = None
    cosine_power: float = Field(
        default=4.0, ge=0, description="natural falloff as a power of the field angle's cosine; 0 if in the table"
    )
    vignetting: Table | None = Field(
        default=None, description="k1 k2 k3: light at radius r is 1 + k1 r^2 + k2 r^4 + k3 r^6, over zoom, iris and focus"
    )
    vignetting_radius: float = Field(default=21.634, gt=0, description="mm from the axis at which that r is 1")
    lateral_colour: Table | None = Field(
        default=None, description="v c b of red, then of blue: radius of the channel is r (v + c r + b r^2), green's is r"
    )
    lateral_radius: float = Field(default=12.0, gt=0, description="mm from the axis at which that r is 1")
    longitudinal_colour: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="how far behind the sensor red, green and blue come to a focus, mm"
    )
    glare: Glare = Glare()
    ghosts: tuple[Ghost, ...] = ()
    source: Source = "estimated"
    attribution: str = Field(default="", description="who measured it and under which licence; kept with everything made of it")

    def focal_length(self, state: LensState) -> float:
        """The pinhole focal length at a setting, mm, breathing included. For an anamorphic: the vertical one."""
        return float(self.pinhole_focal_length.at(state)[0])

    def field_of_view(self, state: LensState, width: float) -> float:
        """The angle, in degrees, that ``width`` mm of sensor see at a setting, distortion apart; of the wide side if squeezed."""
        return math.degrees(2 * math.atan(width * self.squeeze / 2 / self.focal_length(state)))

    def distortion_at(self, state: LensState) -> AnyDistortion:
        """The distortion at a setting; a perfect lens if none was measured."""
        return self.distortion.at(state) if self.distortion else Distortion()

    def centre(self, state: LensState) -> tuple[float, float]:
        """Where the axis meets the picture at a setting, mm right and up of its middle; (0, 0) if it was not measured."""
        if self.projection_offset is None:
            return 0.0, 0.0
        right, up = self.projection_offset.at(state)
        return float(right), float(up)

    def t_stop(self, state: LensState) -> float:
        """The T-stop at a setting; the f-number itself if no losses were measured."""
        return float(self.t_stops.at(state)[0]) if self.t_stops else state.f_number

    def pupil_offset(self, state: LensState) -> float | None:
        """Where the no-parallax point is, metres in front of the image plane; None if unknown."""
        return float(self.entrance_pupil_offset.at(state)[0]) if self.entrance_pupil_offset else None

    def camera(self, state: LensState, sensor: Sensor, label: str = "") -> Camera:
        """The camera this lens and sensor make at a setting, at the origin, in the pixels that are recorded."""
        width, height = sensor.dimensions
        return Camera(
            label=label,
            active_sensor_resolution=sensor.resolution,
            active_sensor_physical_dimensions=(width * self.squeeze, height),
            pinhole_focal_length=self.focal_length(state),
            projection_offset=self.centre(state),
            distortion=self.distortion_at(state),
        )


def read_lens(path: Path) -> Lens:
    """A lens file as ``write_lens`` writes it. Raises BadInput naming the first field that is wrong."""
    try:
        return Lens.model_validate_json(path.read_bytes())
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        where, reason = first_fault(fault)
        raise BadInput(
            path, f"is not a lens file ({where or 'the file'}: {reason})", "write it again, or correct the field"
        ) from None


def write_lens(path: Path, lens: Lens) -> None:
    """The lens as JSON, fields in the record's order, what is unknown left out."""
    document = lens.model_dump(mode="json", exclude_none=True)
    write_atomically(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
