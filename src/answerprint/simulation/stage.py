"""The stage description: one document that says everything a renderer needs, in the units of a film set.

Metres, degrees, millimetres, T-stops, lux or stops, kelvin, frames. Axes as in SMPTE OpenTrackIO: Z up, pan 0 looks along +Y.
Frames are numbered as the document numbers them; between the keys of a camera or light the value runs straight or smooth.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, ValidationError, field_serializer, field_validator, model_validator

from answerprint.optics.distortion import Distortion
from answerprint.optics.grain import Stock
from answerprint.optics.lens import Lens
from answerprint.optics.lens_model import AnyDistortion
from answerprint.optics.sensor import Gain
from answerprint.production import BadInput
from answerprint.production.timecode import frame_rate
from answerprint.simulation.direction import PATTERN_LAMPS, Lighting, Move, subjects_of
from answerprint.simulation.performers import Performer
from answerprint.simulation.pieces import Colour, Document, Item, Material, Name, Share, Vector

Pass = Literal["beauty", "depth", "normal", "albedo", "groups", "object_id", "material_id", "mattes", "vectors", "clean"]
PASSES: tuple[Pass, ...] = (
    "beauty",
    "depth",
    "normal",
    "albedo",
    "groups",
    "object_id",
    "material_id",
    "mattes",
    "vectors",
    "clean",
)

FAMILIES = (
    "living-room", "kitchen", "office", "hospital-corridor", "bar", "workshop", "bedroom", "interview-room", "street", "garden",
)  # fmt: skip
Family = Literal[
    "living-room", "kitchen", "office", "hospital-corridor", "bar", "workshop", "bedroom", "interview-room", "street", "garden", "none",
]  # fmt: skip


OUTDOORS: tuple[Family, ...] = ("street", "garden")

Length = Annotated[float, Field(ge=0)]


class SetPlan(Document):
    """The place: a generated family, things of one's own, model files, a sky picture."""

    family: Family = Field(default="none", description="a kind of place that is built from the seed; 'none' is an empty stage")
    seed: int = Field(default=0, ge=0, description="which room of that kind")
    time: Literal["day", "night"] = "day"
    dressing: Share = Field(default=0.8, description="how much stands and hangs about")
    wear: Share = Field(default=0.35, description="age of walls, floors and furniture")
    practicals: bool = Field(default=True, description="lamps of the set are switched on")
    daylight_stops: float = Field(default=0.0, ge=-10, le=6, description="sun and sky against the family's own")
    veil_stops: float = Field(
        default=0.0, ge=0, le=4, description="out of doors: by how much thin cloud dims the sun; the sky gets brighter"
    )
    items: tuple[Item, ...] = ()
    materials: dict[str, Material] = Field(default_factory=dict)
    hdri: Path | None = Field(default=None, description="an environment picture of the studio instead of the built sky")
    hdri_turn: float = Field(default=0.0, description="degrees about the vertical")
    hdri_nits: float = Field(default=1000.0, gt=0, description="cd/m2 of a pixel value of 1 in that picture")


class LightKey(Document):
    """A light's level at a frame, in stops against its own figure."""

    frame: int
    stops: float


class Light(Document):
    """One lamp: how bright it is where it is aimed, its colour and how large it is."""

    name: Name
    kind: Literal["fresnel", "softbox", "panel", "tube", "bulb", "sun", "sky"] = "softbox"
    translation: Vector = Field(default=(0.0, 0.0, 3.0), description="metres; of sun and sky only the direction to the aim counts")
    aim: Vector = Field(default=(0.0, 0.0, 1.5), description="where it points and where its light is measured, metres")
    illuminance_lux: float | None = Field(default=None, ge=0, description="lux at the aim, facing the lamp")
    stops: float | None = Field(default=None, ge=-20, le=20, description="instead of lux: stops against the light 'relative_to'")
    relative_to: str = "key"
    kelvin: float = Field(default=5600, ge=1000, le=25000, description="colour temperature")
    tint: float = Field(default=0.0, ge=-0.05, le=0.05, description="Duv: green above zero, magenta below")
    gel: Literal[
        "none", "full-cto", "half-cto", "full-ctb", "half-ctb", "plus-green", "minus-green", "red", "amber", "teal", "blue"
    ] = "none"
    size: tuple[Length, Length] = Field(default=(0.6, 0.6), description="width and height of what shines, metres")
    beam: float = Field(default=45.0, gt=1, lt=179, description="full angle of a fresnel's beam or of a gridded softbox, degrees")
    group: str = Field(
        default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*)?$", description="light group; without it the light's own name"
    )
    keys: tuple[LightKey, ...] = ()

    @model_validator(mode="after")
    def _one_level(self) -> Light:
        if (self.illuminance_lux is None) == (self.stops is None):
            raise ValueError("needs either illuminance_lux or stops")
        if self.kind in ("softbox", "panel", "tube") and 0 in self.size:
            raise ValueError(f"size: a {self.kind} shines from a surface; give width and height above 0")
        if self.kind != "sky" and self.translation == self.aim:
            raise ValueError("stands where it aims; move it, or aim elsewhere")
        return self


Millimetres = Annotated[float, Field(gt=0)]


class CameraKey(Document):
    """Where the camera and the lens are at a frame; what is left out stays with the camera's own value."""

    frame: int
    translation: Vector | None = None
    rotation: Vector | None = None
    look_at: Vector | None = None
    pinhole_focal_length: float | None = Field(default=None, gt=0)
    focus_distance: float | None = Field(default=None, gt=0)
    t_stop: float | None = Field(default=None, gt=0)


def _is_none(value: Any) -> bool:
    return value is None


def _is_zero(value: Any) -> bool:
    return bool(value == 0)


def _is_empty(value: Any) -> bool:
    return value == ()


class StageCamera(Document):
    """A camera with OpenTrackIO's names: place, lens, exposure, and what it does over time."""

    label: Name = "A"
    active_sensor_resolution: tuple[int, int] = Field(default=(320, 180), description="pixels")
    active_sensor_physical_dimensions: tuple[Millimetres, Millimetres] = Field(
        default=(28.0, 15.75), description="mm; the default is 16:9 of a Super 35 sensor"
    )
    pinhole_focal_length: float = Field(default=35.0, gt=0, description="mm")
    projection_offset: tuple[float, float] = Field(default=(0.0, 0.0), description="mm, right and up")
    distortion: AnyDistortion = Distortion()
    lens: Lens | None = Field(
        default=None,
        exclude_if=_is_none,
        description="a lens record: its focal length (breathing), axis, distortion, squeeze and iris at this focus and zoom replace "
        "the camera's own; its lateral colour, falloff, ghosts and veil are put on the picture",
    )
    sensor_gains: tuple[Gain, ...] = Field(
        default=(), exclude_if=_is_empty, description="the sensor's light budget over ISO; none is a sensor without noise"
    )
    grain: Stock | None = Field(default=None, exclude_if=_is_none, description="a film stock, instead of a sensor's noise")
    translation: Vector = Field(default=(0.0, -3.0, 1.5), description="entrance pupil, metres")
    rotation: Vector = Field(default=(0.0, 0.0, 0.0), description="pan, tilt, roll in degrees")
    look_at: Vector | None = Field(default=None, description="instead of pan and tilt: a point it points at; roll is kept")
    focus_distance: float | None = Field(default=None, gt=0, description="metres along the axis; without it 'focus_on'")
    focus_on: str = Field(default="", description="a performer whose eyes are kept sharp; without it the whole depth is")
    t_stop: float = Field(default=2.8, gt=0.5, le=64)
    f_stop: float | None = Field(default=None, gt=0.4, le=64, description="geometry of the aperture; without it T-stop times 0.94")
    iris_blades: int = Field(default=0, ge=0, le=16, description="0 is round")
    anamorphic_squeeze: float = Field(default=1.0, ge=1.0, le=2.0, description="oval bokeh and squeezed pixels")
    shutter_angle: float = Field(default=180.0, gt=0, le=360, description="degrees")
    readout_time: float = Field(
        default=0.0,
        ge=0,
        le=0.1,
        exclude_if=_is_zero,
        description="rolling shutter: seconds from the first row to the last; 0 is global",
    )
    iso_speed: float = Field(default=800, gt=0)
    exposure_stops: float = Field(
        default=0.0, ge=-12, le=12, description="filters and printer lights: stops on top of the exposure"
    )
    white_balance_kelvin: float = Field(default=5600, ge=1500, le=15000)
    keys: tuple[CameraKey, ...] = ()
    move: Move | None = Field(default=None, exclude_if=_is_none, description="a technique by its name, in place of keys")
    ease: Literal["linear", "smooth"] = "linear"

    @field_validator("active_sensor_resolution")
    @classmethod
    def _sane(cls, size: tuple[int, int]) -> tuple[int, int]:
        if not (8 <= size[0] <= 8192 and 8 <= size[1] <= 8192):
            raise ValueError("must lie between 8 and 8192 pixels")
        return size

    @field_serializer("lens", when_used="json")
    def _plain(self, lens: Lens | None) -> Any:
        # Tables may reach to infinity, for which JSON has no number.
        return None if lens is None else json.loads(lens.model_dump_json(exclude_none=True))

    @model_validator(mode="after")
    def _one_of_each(self) -> StageCamera:
        if self.lens is not None and self.distortion != Distortion():
            raise ValueError("has a lens record and a distortion of its own; write the distortion into the record")
        if self.grain is not None and self.sensor_gains:
            raise ValueError("has film grain and sensor noise; a picture is recorded once")
        if self.look_at == self.translation:
            raise ValueError("looks at the point where it stands; move it, or have it look elsewhere")
        if self.move is not None and self.keys:
            raise ValueError("has keys and a move; give one or the other")
        return self


class RigObject(Document):
    """Something of the crew's that must not be in the picture: rendered when present, gone in the clean plate."""

    name: Name
    kind: Literal["wire", "rod", "boom", "stand", "mark", "tracker"] = "wire"
    present: bool = True
    points: tuple[Vector, ...] = Field(default=(), description="course of a wire, rod or boom; place of the others, metres")
    diameter: float = Field(default=0.004, gt=0, le=0.5, description="metres")
    colour: Colour = (0.03, 0.03, 0.03)
    drift: Vector = Field(default=(0.0, 0.0, 0.0), description="metres that it moves in a second")


class RenderSettings(Document):
    """How it is rendered; nothing here changes what is on the stage."""

    samples: int = Field(default=32, ge=1, le=16384, description="light paths for a pixel")
    bounces: int = Field(default=3, ge=0, le=32, description="reflections that light makes between surfaces")
    motion_blur: bool = False
    denoise: Literal["none", "features"] = Field(default="none", description="'features': same linear filter for every light group")
    resolution_scale: float = Field(default=1.0, gt=0.01, le=4, description="of each camera's resolution, for previews")
    passes: tuple[Pass, ...] = PASSES
    mattes: tuple[str, ...] = Field(default=(), description="things of the set that get a matte, beside performers and rig")
    storage: Literal["float", "half"] = "float"

    @field_validator("passes")
    @classmethod
    def _beauty(cls, passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
        return tuple(dict.fromkeys(("beauty", *passes)))


class Stage(Document):
    """One take on the virtual stage."""

    version: Literal[1] = 1
    name: Name = "stage"
    seed: int = Field(default=1, ge=0, lt=2**31, description="of the renderer's noise; sets and performers have their own")
    scene: str = ""
    take: int = Field(default=1, ge=1)
    frame_rate: str = Field(default="24", validation_alias=AliasChoices("frame_rate", "frameRate"))
    first_frame: int = Field(default=1001, ge=0)
    frame_count: int = Field(default=1, ge=1, le=100_000)
    set: SetPlan = SetPlan()
    performers: tuple[Performer, ...] = ()
    lights: tuple[Light, ...] = ()
    lighting: Lighting | None = Field(
        default=None, exclude_if=_is_none, description="a pattern around a face, whose key, fill and back are there beside 'lights'"
    )
    cameras: tuple[StageCamera, ...] = Field(default=(StageCamera(),), min_length=1)
    rig: tuple[RigObject, ...] = ()
    render: RenderSettings = RenderSettings()

    @model_validator(mode="after")
    def _names(self) -> Stage:
        frame_rate(self.frame_rate)
        for what, names in (
            ("performers", [p.name for p in self.performers]),
            ("lights", [light.name for light in self.lights]),
            ("cameras", [c.label for c in self.cameras]),
            ("rig", [r.name for r in self.rig]),
        ):
            twice = {n for n in names if names.count(n) > 1}
            if twice:
                raise ValueError(f"{what}: the name {sorted(twice)[0]!r} is given twice")
        with_lux = {k.name for k in self.lights if k.illuminance_lux is not None} | ({"key"} if self.lighting else set())
        for light in self.lights:
            if light.stops is not None and light.relative_to not in with_lux:
                raise ValueError(f"lights: {light.name!r} is relative to {light.relative_to!r}, which is no light with lux")
        for camera in self.cameras:
            if camera.focus_on and camera.focus_on not in [p.name for p in self.performers]:
                raise ValueError(f"cameras: {camera.label!r} focuses on {camera.focus_on!r}, who is not among the performers")
        return self

    @model_validator(mode="after")
    def _directed(self) -> Stage:
        asked = {f"cameras: the move of {c.label!r}": c.move for c in self.cameras if c.move is not None}
        for who, one in {**asked, **({"lighting": self.lighting} if self.lighting else {})}.items():
            strange = [name for name in subjects_of(one) if name not in [p.name for p in self.performers]]
            if strange:
                raise ValueError(f"{who} is about {strange[0]!r}, who is not among the performers")
        if self.lighting is not None:
            taken = [light.name for light in self.lights if light.name in PATTERN_LAMPS]
            if taken:
                raise ValueError(f"lights: the pattern of 'lighting' has a {taken[0]!r} of its own; call yours something else")
            seen_from = self.lighting.seen_from
            if isinstance(seen_from, str) and seen_from not in [c.label for c in self.cameras]:
                raise ValueError(f"lighting: is seen from {seen_from!r}, which is no camera's label")
        return self

    @property
    def rate(self) -> Fraction:
        return frame_rate(self.frame_rate)

    @property
    def frames(self) -> range:
        """Numbers of the frames to render."""
        return range(self.first_frame, self.first_frame + self.frame_count)

    def json_text(self) -> str:
        """The document as it is written to disk."""
        return self.model_dump_json(indent=1, exclude_defaults=False) + "\n"


def read_stage(source: Path | str | bytes | dict[str, Any]) -> Stage:
    """A stage from a JSON file, JSON text or a dictionary.

    Raises BadInput that names the first field that is wrong and what was expected there.
    """
    subject, data = loaded(source)
    try:
        return Stage.model_validate(data)
    except ValidationError as error:
        raise bad_field(subject, error) from None


def bad_field(subject: str, error: ValidationError, what: str = "stage") -> BadInput:
    """One line for a document that does not hold: the field, what is wrong, what to do."""
    found_all = error.errors(include_url=False)
    inner = [e["loc"] for e in found_all if e["type"] != "too_short"]
    # A list whose member is wrong is also called too short.
    own = [e for e in found_all if e["type"] != "too_short" or not any(loc[: len(e["loc"])] == e["loc"] for loc in inner)]
    first = own[0]
    field = ".".join(str(part) for part in first["loc"]) or "document"
    more = f" (and {len(own) - 1} more)" if len(own) > 1 else ""
    if first["type"] == "extra_forbidden":
        return BadInput(subject, f"has a field {field!r} that no {what} has{more}", "check its spelling or take it out")
    found = first.get("input")
    given = f", found {found!r}" if isinstance(found, (str, int, float, bool)) else ""
    message = first["msg"].removeprefix("Value error, ")
    return BadInput(subject, f"{field}: {message[:1].lower()}{message[1:]}{given}{more}", "correct that field")


def loaded(source: Path | str | bytes | dict[str, Any]) -> tuple[str, Any]:
    """What the document is called in errors, and its JSON object. Raises BadInput for what is not one."""
    if isinstance(source, dict):
        return "stage", source
    subject = str(source) if isinstance(source, Path) else "stage"
    try:
        text = source.read_bytes() if isinstance(source, Path) else source
        data = json.loads(text)
    except OSError as error:
        raise BadInput(subject, f"cannot be read ({error.strerror})", "name a JSON file that describes a stage") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(subject, f"is not JSON ({error})", "write one JSON object") from None
    if not isinstance(data, dict):
        raise BadInput(subject, "is not one JSON object", "write the stage as one JSON object")
    return subject, data
