"""What was shot: scene 21 of "Half an Inch", three setups in a living room, as documents of the virtual stage.

Setup A is a two-shot with two cameras six degrees apart and a wire rig; B a crane move, up and over; C a close-up with a pass of each
light. Take 2 of setup A is timed otherwise, and Mara wears another jumper in it: the planted continuity error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from answerprint.production import Timecode, frame_rate
from answerprint.sample.stage_production import lens
from answerprint.simulation.performers import Action, Build, Performer, Wardrobe
from answerprint.simulation.pieces import Item, Material, box, cylinder, sphere
from answerprint.simulation.stage import CameraKey, Light, RenderSettings, RigObject, SetPlan, Stage, StageCamera
from answerprint.simulation.techniques import crane_over, rack_focus

TITLE = "Half an Inch"
SCENE = "21"
RATE = frame_rate(24)
FIRST = 1001
LAG_FRAMES = 7
"""By how much the crane's tracker is late, in frames: the planted fault."""
T_STOP = 2.8
_MUSTARD, _BRICK = (0.42, 0.24, 0.035), (0.30, 0.045, 0.03)
_CENTRE = (-0.25, 0.65, 1.2)
_WHITE_BALANCE = 4700.0
_LAMP = (-1.808, 1.824)
"""Where the floor lamp of that room stands."""
_SHADE = Material(kind="glow", colour=(1.0, 0.9, 0.72), nits=70.0, kelvin=2800.0, wear=0.0)

MARKERS: dict[str, tuple[float, float, float]] = {
    "M1": (-0.98, 2.29, 2.12),
    "M2": (0.72, 2.29, 2.08),
    "M3": (0.95, 1.30, 0.05),
    "M4": (-1.02, -0.42, 0.05),
    "M5": (1.22, 1.98, 2.06),
}
"""Surveyed points: the middles of the white balls, metres on the stage."""


@dataclass(frozen=True)
class StageClip:
    """One clip: its name (the slate is in it), the stage it was shot on, and how its lens stood."""

    name: str
    shot: str
    camera: str
    timecode: str
    zoom: float
    circled: bool
    note: str

    @property
    def setup(self) -> str:
        return self.name.split("_")[1][len(SCENE) :]

    @property
    def take(self) -> int:
        return int(self.name.rsplit("_T", 1)[1])

    @property
    def reel(self) -> str:
        return self.name[:4]

    @property
    def start(self) -> Timecode:
        return Timecode.parse(self.timecode, RATE)


CLIPS = (
    StageClip("A001C001_21A_T1", "21A-1", "A", "10:00:00:00", 25.0, True, "flying lines in shot"),
    StageClip("B001C001_21A_T1", "21A-1", "B", "10:00:00:00", 32.0, True, "flying lines in shot"),
    StageClip("A001C002_21A_T2", "21A-2", "A", "10:04:12:00", 25.0, False, "lines off"),
    StageClip("B001C002_21A_T2", "21A-2", "B", "10:04:12:00", 32.0, True, "lines off"),
    StageClip("A002C001_21B_T1", "21B-1", "A", "11:20:00:00", 25.0, True, "crane; focus Idris to Mara"),
    StageClip("A003C001_21C_T1", "21C-1", "A", "12:05:00:00", 75.0, True, "a pass of each light as well"),
)
FRAMES = {"21A-1": 12, "21A-2": 12, "21B-1": 24, "21C-1": 8}


def clip_named(name: str) -> StageClip:
    return next(clip for clip in CLIPS if clip.name == name)


def stages() -> dict[str, Stage]:
    """Every shot's document by its slate, in the order in which they are rendered."""
    return {"21A-1": _two_shot(1), "21B-1": _crane(), "21C-1": _close_up(), "21A-2": _two_shot(2)}


def room() -> SetPlan:
    """The living room with its tracking markers, in late daylight."""
    return SetPlan(
        family="living-room",
        seed=3,
        daylight_stops=-2.6,
        wear=0.45,
        dressing=1.0,
        practicals=False,
        materials={"lit shade": _SHADE},
        items=(*_markers(), _lit_shade()),
    )


def _markers() -> list[Item]:
    items = []
    for name, (x, y, z) in MARKERS.items():
        flat = z < 0.2
        plate = (
            box((0.11, 0.11, 0.006), "black plastic", (0, 0, -0.03))
            if flat
            else box((0.11, 0.006, 0.11), "black plastic", (0, 0.025, -0.055))
        )
        items.append(Item(name=f"marker {name}", at=(x, y, z), parts=(plate, sphere((0.05, 0.05, 0.05), "white plastic"))))
    return items


def _lit_shade() -> Item:
    """The floor lamp's shade, lit: what is seen of the practical. Its light on the room comes from the lamp called so."""
    return Item(
        name="lit shade", at=(*_LAMP, 1.27), parts=(cylinder(0.235, 0.33, "lit shade", top=0.185),), group="practical", shadow=False
    )


def _mara(jumper: tuple[float, float, float], actions: tuple[Action, ...], heading: float = 118) -> Performer:
    return Performer(
        name="Mara",
        build=Build(age=34, gender=0.04, height=1.68, weight=0.45, skin=0.28, ancestry=(0.1, 0.2, 0.7)),
        wardrobe=Wardrobe(top="jumper", top_colour=jumper, bottom_colour=(0.09, 0.085, 0.08)),
        hair="short",
        mark=(0.55, 0.78),
        heading=heading,
        actions=actions,
    )


def _idris(actions: tuple[Action, ...]) -> Performer:
    return Performer(
        name="Idris",
        build=Build(age=41, gender=0.96, height=1.82, weight=0.5, muscle=0.55, skin=0.7, ancestry=(0.7, 0.1, 0.2)),
        wardrobe=Wardrobe(top="shirt", top_colour=(0.07, 0.10, 0.17), bottom_colour=(0.16, 0.13, 0.10)),
        hair="crop",
        mark=(-1.12, 0.52),
        heading=-128,
        actions=actions,
    )


def _lamps(
    aim: tuple[float, float, float], key: tuple[float, float, float], fill: tuple[float, float, float], lux: float
) -> tuple[Light, ...]:
    return (
        Light(name="key", kind="softbox", translation=key, aim=aim, illuminance_lux=lux, kelvin=5200, size=(0.9, 0.9)),
        Light(name="fill", kind="softbox", translation=fill, aim=aim, stops=-2.3, kelvin=4600, size=(1.4, 1.0)),
        Light(name="back", kind="fresnel", translation=(1.95, 2.05, 2.55), aim=aim, stops=-0.7, kelvin=3400, size=(0.2, 0.2), beam=60),
        Light(name="practical", kind="softbox", translation=(_LAMP[0] + 0.3, _LAMP[1] - 0.2, 1.55), aim=(-0.6, 0.7, 1.1),
              illuminance_lux=22, kelvin=2750, size=(0.3, 0.3)),
    )  # fmt: skip


_ROOM_LAMPS = _lamps((-0.3, 0.65, 1.5), (-1.7, -1.5, 2.35), (1.9, -1.5, 1.7), 105)


def _settings(samples: int, *passes: str) -> RenderSettings:
    return RenderSettings(samples=samples, bounces=2, denoise="features", passes=("beauty", *passes))


def _camera(
    label: str, zoom: float, place: tuple[float, float, float], target: tuple[float, float, float], focus: float
) -> StageCamera:
    return lens.overscanned(
        StageCamera(
            label=label, pinhole_focal_length=lens.focal_length(zoom, focus), translation=place, look_at=target, t_stop=T_STOP,
            focus_distance=focus, iris_blades=9, iso_speed=lens.ISO, white_balance_kelvin=_WHITE_BALANCE,
        )
    )  # fmt: skip


A_PLACE = (0.12, -2.12, 1.48)


def b_place() -> tuple[float, float, float]:
    """The B camera: six degrees about the performers from the A camera."""
    x, y = A_PLACE[0] - _CENTRE[0], A_PLACE[1] - _CENTRE[1]
    c, s = math.cos(math.radians(6)), math.sin(math.radians(6))
    return _CENTRE[0] + c * x - s * y, _CENTRE[1] + s * x + c * y, A_PLACE[2]


def _two_shot(take: int) -> Stage:
    first, count = FIRST, FRAMES[f"21A-{take}"]
    early = take == 1
    talk = Action(do="gesture", start=first - 10 if early else first + 4, end=first + 26 if early else first + 40)
    turn = Action(do="turn", start=first + (6 if early else 1), end=first + (14 if early else 7), heading=96)
    bx, by, bz = b_place()
    b_camera = _camera("B", 32.0, (bx, by, bz), (*_CENTRE[:2], 1.28), 2.75).model_copy(
        update={
            "keys": (
                CameraKey(frame=first, translation=(bx - 0.03, by, bz)),
                CameraKey(frame=first + count - 1, translation=(bx + 0.03, by, bz)),
            )
        }
    )
    return Stage(
        name=f"21A-{take}",
        seed=2101 + 10 * take,
        scene=f"{SCENE}A",
        take=take,
        first_frame=first,
        frame_count=count,
        set=room(),
        performers=(_idris((talk,)), _mara(_MUSTARD if early else _BRICK, (turn,))),
        lights=_ROOM_LAMPS,
        cameras=(_camera("A", 25.0, A_PLACE, _CENTRE, 2.75), b_camera),
        rig=_rig() if early else (),
        render=_settings(20, "depth", "mattes", *(("clean",) if early else ())),
    )


def _rig() -> tuple[RigObject, ...]:
    """Two lines from the ceiling to the harness at Idris's hips, and a safety line that swings past in front of him."""
    return (
        RigObject(name="line-left", points=((-1.42, 0.52, 2.8), (-1.33, 0.50, 1.02)), diameter=0.004, colour=(0.03, 0.03, 0.03)),
        RigObject(name="line-right", points=((-0.80, 0.46, 2.8), (-0.93, 0.44, 1.02)), diameter=0.004, colour=(0.03, 0.03, 0.03)),
        RigObject(
            name="safety-line", points=((-0.83, -0.05, 2.8), (-1.15, -0.05, 0.02)), diameter=0.004, colour=(0.42, 0.42, 0.40),
            drift=(0.35, 0.0, 0.0),
        ),
    )  # fmt: skip


def focus_pull(count: int) -> list[float]:
    """Focus in metres at each frame of the crane shot: from Idris to Mara."""
    camera = StageCamera()
    keys = rack_focus(camera, 2.95, 2.05, FIRST, count, hold=5)
    return [float(key.focus_distance or 0.0) for key in keys]


def _crane() -> Stage:
    count = FRAMES["21B-1"]
    start = _camera("A", 25.0, (0.95, -2.05, 0.95), (-0.3, 0.75, 1.05), 2.95)
    move = crane_over(start, (-0.3, 0.75, 1.0), 1.55, 0.75, FIRST, count)
    focus = focus_pull(count)
    keys = tuple(
        key.model_copy(update={"focus_distance": f, "pinhole_focal_length": lens.focal_length(25.0, f)})
        for key, f in zip(move, focus, strict=True)
    )
    talk = Action(do="gesture", start=FIRST + 2, end=FIRST + 50)
    return Stage(
        name="21B-1",
        seed=2201,
        scene=f"{SCENE}B",
        first_frame=FIRST,
        frame_count=count,
        set=room(),
        performers=(_idris(()), _mara(_MUSTARD, (talk,))),
        lights=_ROOM_LAMPS,
        cameras=(start.model_copy(update={"keys": keys}),),
        render=_settings(20, "depth", "mattes"),
    )


def _close_up() -> Stage:
    eyes = (0.50, 0.74, 1.56)
    turn = Action(do="turn", start=FIRST + 1, end=FIRST + 7, heading=132)
    return Stage(
        name="21C-1",
        seed=2301,
        scene=f"{SCENE}C",
        first_frame=FIRST,
        frame_count=FRAMES["21C-1"],
        set=room(),
        performers=(_mara(_MUSTARD, (turn,), heading=150),),
        lights=_lamps(eyes, (-0.9, -0.7, 2.2), (1.6, -0.9, 1.7), 120),
        cameras=(_camera("A", 75.0, (-0.05, -1.15, 1.54), (0.46, 0.74, 1.50), 1.93),),
        render=_settings(20, "depth", "normal", "mattes", "groups"),
    )
