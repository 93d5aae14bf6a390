"""Stages out of a family and a seed: place, people, what they wear and do, light and camera, each a plausible film frame."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from answerprint.simulation.direction import PatternName
from answerprint.simulation.lighting import PATTERNS, angles, pattern, space_for_lamps
from answerprint.simulation.metering import Face, second_key, set_key, veil
from answerprint.simulation.performers import Build, Performer, Wardrobe, skin_reflectance
from answerprint.simulation.pieces import Colour, Vector
from answerprint.simulation.place import Place
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import OUTDOORS, Family, Light, RenderSettings, SetPlan, Stage, StageCamera

_NAMES = ("anna", "ben", "chiara", "david", "esther", "farid")
_CLOTHES: tuple[Colour, ...] = (
    (0.05, 0.07, 0.14), (0.28, 0.05, 0.05), (0.07, 0.15, 0.1), (0.4, 0.36, 0.28), (0.5, 0.5, 0.5), (0.02, 0.02, 0.025), (0.38, 0.25, 0.06),
    (0.16, 0.22, 0.32), (0.22, 0.12, 0.2), (0.12, 0.1, 0.08),
)  # fmt: skip
_LEGS: tuple[Colour, ...] = ((0.03, 0.04, 0.08), (0.02, 0.02, 0.02), (0.18, 0.14, 0.09), (0.09, 0.09, 0.1), (0.06, 0.09, 0.16))
_HAIR: tuple[Colour, ...] = (
    (0.012, 0.008, 0.006),
    (0.035, 0.018, 0.01),
    (0.11, 0.055, 0.025),
    (0.3, 0.19, 0.09),
    (0.22, 0.21, 0.2),
    (0.16, 0.05, 0.015),
)
_EYES: tuple[Colour, ...] = ((0.07, 0.035, 0.015), (0.12, 0.2, 0.28), (0.1, 0.16, 0.09), (0.16, 0.1, 0.04))
ShotName = Literal["wide", "full", "medium", "close"]
SHOTS: dict[ShotName, tuple[float, float]] = {"full": (2.6, 0.83), "medium": (1.0, 0.28), "close": (0.5, 0.03)}
"""Height of the frame where the performer stands, and how far below the eyes its middle is, metres."""
_LONGEST = 135.0
_NIGHT_FILL = -3.3
"""Stops below the key under which a face's dark side can no longer be read beside lamps that are in the picture."""
_LENSES = (21.0, 25.0, 32.0, 40.0, 50.0)
_WINDOWED = ("living-room", "kitchen", "office", "bedroom", "workshop")
_HOMES = ("living-room", "kitchen", "bedroom")
_TUBES = ("office", "hospital-corridor", "workshop")


def generate(
    family: Family,
    seed: int,
    time: str = "day",
    view: int | None = None,
    people: int | None = None,
    lighting: PatternName | None = None,
    shot: ShotName = "wide",
) -> Stage:
    """A stage of one family: the same arguments give the same document.

    ``time`` is ``day`` or ``night``; ``view`` one of the place's camera positions; ``people`` how many performers (else one or two); ``lighting``
    a pattern by name (else one that suits the hour); ``shot`` how close the lens brings the first performer (``wide`` is the place with people).
    """
    random = np.random.default_rng([seed, sum(map(ord, family)), int(time == "night")])
    plan = SetPlan(family=family, seed=seed, time="night" if time == "night" else "day", dressing=float(random.uniform(0.6, 1.0)),
                   wear=float(random.uniform(0.15, 0.6)), **_hour(random, family, time))  # fmt: skip
    place = build(plan)
    views = place.views
    start, target = views[(int(random.integers(len(views))) if view is None else view) % len(views)]
    count = int(random.choice([1, 1, 2])) if people is None else people
    order = _placed(place, start, target)
    performers = tuple(_performer(random, n, order[n % len(order)], place, start) for n in range(min(count, len(order))))
    lux = place.mood.get("lux", 150.0)
    faces = [_face(performer, place) for performer in performers]
    eyes = faces[0].eyes if faces else target
    lights = _lights(random, family, plan, place, eyes, start, lux, lighting) if performers else ()
    performers = _turned(performers, lights, start)
    camera = StageCamera(
        translation=start, look_at=(0.6 * target[0] + 0.4 * eyes[0], 0.6 * target[1] + 0.4 * eyes[1], 0.45 * target[2] + 0.55 * (eyes[2] - 0.25)),
        pinhole_focal_length=float(random.choice(_LENSES[:3])), focus_on=performers[0].name if performers else "", t_stop=2.8,
        white_balance_kelvin=float(random.choice(_white_balances(plan))),
        exposure_stops=float(np.log2(117.6 / (lux * 1.15))), iris_blades=9,
    )  # fmt: skip
    if clouded := veil(camera, place, plan):
        plan = plan.model_copy(update={"veil_stops": round(clouded, 2)})
        place = build(plan)
    if lights:
        camera, lights = set_key(camera, place, lights, plan, faces[0])
        for number, face in enumerate(faces[1:], start=2):
            lights = second_key(camera, place, lights, plan, face, number)
    if performers and shot != "wide":
        camera = _closer(camera, eyes, shot)
    return Stage(
        name=f"{family}-{seed}",
        seed=seed + 1,
        set=plan,
        performers=performers,
        lights=lights,
        cameras=(camera,),
        render=RenderSettings(samples=32, denoise="features"),
    )


def _face(performer: Performer, place: Place) -> Face:
    x, y, _ = place.marks[str(performer.mark)]
    red, green, blue = skin_reflectance(performer.build.skin)
    return Face((x, y, performer.floor + 0.935 * performer.build.height), 0.2126 * red + 0.7152 * green + 0.0722 * blue)


def _turned(performers: tuple[Performer, ...], lights: tuple[Light, ...], camera: Vector) -> tuple[Performer, ...]:
    """The first performer turned as far from the camera as before, but to the key's side: nobody plays a scene into the dark."""
    heading = performers[0].heading if performers else None
    if heading is None or not lights:
        return performers
    azimuth, _ = angles(lights[0], camera)
    eyes = lights[0].aim
    towards = float(np.degrees(np.arctan2(-(camera[0] - eyes[0]), camera[1] - eyes[1])))
    away = (heading - towards + 180) % 360 - 180
    turned = performers[0].model_copy(update={"heading": towards + float(np.copysign(away, azimuth))})
    return (turned, *performers[1:])


def _white_balances(plan: SetPlan) -> tuple[int, ...]:
    """What a camera is balanced for: the light that there is most of. A bar lives on its lamps by day too, a ward at night on its tubes."""
    night = plan.time == "night"
    if plan.family == "bar":
        return (2500, 2700) if night else (3200, 3700)
    if night:
        return (3600, 4000) if plan.family in _TUBES else (3000, 3300)
    # With bulbs on by day it is set between these and the window.
    return (3700, 4000, 4300) if plan.family in _HOMES and plan.practicals else (4300, 5000, 5600)


def _closer(camera: StageCamera, eyes: Vector, shot: ShotName) -> StageCamera:
    """The same camera with the lens that frames the performer so, or the longest one."""
    height, below = SHOTS[shot]
    distance = float(np.linalg.norm(np.subtract(camera.translation, eyes)))
    focal = min(_LONGEST, camera.active_sensor_physical_dimensions[1] * distance / height)
    aim = (eyes[0], eyes[1], eyes[2] - below)
    return camera.model_copy(update={"pinhole_focal_length": round(focal, 1), "look_at": aim})


def _lights(
    random: np.random.Generator,
    family: str,
    plan: SetPlan,
    place: Place,
    eyes: Vector,
    start: Vector,
    lux: float,
    lighting: PatternName | None,
) -> tuple[Light, ...]:
    """A pattern around the first performer, inside the room, in the colour of the hour."""
    day = ("loop", "rembrandt", "high-key", "butterfly", "loop")
    night = ("rembrandt", "low-key", "split", "loop")
    name: PatternName = lighting or random.choice(day if plan.time == "day" else night)
    if name not in PATTERNS:
        raise KeyError(name)
    share = 0.35 if family in OUTDOORS and plan.time == "day" else 0.8
    below = PATTERNS[name].fill_stops
    if name not in ("high-key", "day-for-night"):
        # Black cloth on the other side takes light away as often as a reflector gives it.
        below -= float(random.uniform(0.0, 2.5))
    if plan.time == "night":
        below = max(below, _NIGHT_FILL)
    lamps = pattern(
        name,
        eyes,
        start,
        lux * share,
        _motivated(random, place, eyes, start),
        fill_stops=below,
        inside=space_for_lamps(plan, place),
    )
    if name != "high-key":
        # A grid keeps the key off the walls, which so fall away into the dark.
        lamps = (lamps[0].model_copy(update={"beam": float(random.uniform(60, 110))}), *lamps[1:])
    if plan.time == "night" and name != "day-for-night":
        key, fill, back = lamps
        return (
            key.model_copy(update={"kelvin": 3200.0}),
            fill.model_copy(update={"kelvin": 3600.0}),
            back.model_copy(update={"kelvin": 3900.0}),
        )
    return lamps


def _hour(random: np.random.Generator, family: str, time: str) -> dict[str, Any]:
    """How much of the light of the place there is: by day rooms with windows are often lit by these alone, and not by a bright sky."""
    stops, switched = float(random.uniform(-1.6, 0.2)), bool(random.random() > 0.55)
    if time == "night" or family in OUTDOORS:
        return {}
    # Lamps are switched on by day where the day is dark.
    return {"daylight_stops": stops - (1.2 if switched else 0.0), "practicals": switched or family not in _WINDOWED}


def _motivated(random: np.random.Generator, place: Place, eyes: Vector, camera: Vector) -> Literal["left", "right"]:
    """The side on which the strongest light of the place stands, as the camera sees it; any where there is none."""
    side = float(random.random()) - 0.5
    own = [lamp for lamp in place.lights if lamp.illuminance_lux]
    if own:
        strongest = max(own, key=lambda lamp: _reaching(lamp, eyes))
        there = np.subtract(strongest.translation, eyes)
        turned = np.arctan2(there[1], there[0]) - np.arctan2(camera[1] - eyes[1], camera[0] - eyes[0])
        side = float(np.sin(turned))
    return "right" if side > 0 else "left"


def _reaching(lamp: Light, eyes: Vector) -> float:
    """About how many lux of a lamp reach someone's eyes."""
    lux = lamp.illuminance_lux or 0.0
    if lamp.kind == "sun":
        return lux
    reference, distance = np.subtract(lamp.translation, lamp.aim), np.subtract(lamp.translation, eyes)
    return lux * float(reference @ reference / max(distance @ distance, 0.1))


def _performer(random: np.random.Generator, number: int, mark: str, place: Place, camera: Vector) -> Performer:
    gender = float(random.choice([0.0, 0.05, 0.95, 1.0]))
    woman = gender < 0.5
    ancestry = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5)][int(random.integers(5))]
    skin = float(np.clip(0.85 * ancestry[0] + 0.35 * ancestry[1] + 0.15 * ancestry[2] + random.normal(0, 0.08), 0.02, 0.98))
    age = float(random.choice([22, 28, 35, 44, 55, 67]))
    colour = _HAIR[4] if age > 60 else _HAIR[int(random.integers(3 if skin > 0.3 else len(_HAIR)))]
    x, y, heading = place.marks[mark]
    towards = float(np.degrees(np.arctan2(-(camera[0] - x), camera[1] - y)))
    return Performer(
        name=_NAMES[number],
        build=Build(age=age, gender=gender, height=float(random.normal(1.65 if woman else 1.79, 0.05)), weight=float(random.uniform(0.35, 0.75)),
                    muscle=float(random.uniform(0.35, 0.7)), ancestry=ancestry, skin=skin),
        wardrobe=Wardrobe(
            top=random.choice(["shirt", "tshirt", "jumper", "jacket"]), bottom="skirt" if woman and random.random() < 0.3 else "trousers",
            top_colour=_CLOTHES[int(random.integers(len(_CLOTHES)))], bottom_colour=_LEGS[int(random.integers(len(_LEGS)))],
            stripe=bool(random.random() < 0.15),
        ),
        hair=random.choice(_styles(woman, age, ancestry[0])), hair_colour=colour,
        eye_colour=_EYES[0] if skin > 0.4 else _EYES[int(random.integers(4))], mark=mark,
        heading=float(towards + random.choice([-1, 1]) * random.uniform(8, 38)) if number == 0 else heading,
        floor=place.floors.get(mark, 0.0),
    )  # fmt: skip


def _styles(woman: bool, age: float, african: float) -> list[str]:
    """The ways somebody may wear their hair."""
    if african > 0.9:
        return ["curls", "tied", "curls"] if woman else ["crop", "curls", "crop"]
    if woman:
        return ["bob", "short", "tied"] if age > 60 else ["bob", "long", "waves", "tied", "short"]
    return ["receding", "short", "crop"] if age > 40 else ["crop", "short", "short", "curls"]


def _placed(place: Place, start: Vector, target: Vector) -> list[str]:
    """Marks in the order in which people are put there: near the middle of the view, then where no one hides another."""
    marks = sorted(
        (name for name in place.marks if name not in place.seats), key=lambda name: _off_axis(place, name, start, target)
    )
    first = marks[0]
    apart = [
        name
        for name in marks[1:]
        if abs(_bearing(place, name, start, target) - _bearing(place, first, start, target)) > np.radians(9)
    ]
    return [first, *apart]


def _off_axis(place: Place, mark: str, start: Vector, target: Vector) -> float:
    """How far a mark is from the middle of a view, with marks too near the camera last."""
    x, y, _ = place.marks[mark]
    return abs(_bearing(place, mark, start, target)) + (3.0 if np.hypot(x - start[0], y - start[1]) < 2.1 else 0.0)


def _bearing(place: Place, mark: str, start: Vector, target: Vector) -> float:
    """Angle of a mark from the middle of a view, radians."""
    x, y, _ = place.marks[mark]
    a = np.arctan2(y - start[1], x - start[0]) - np.arctan2(target[1] - start[1], target[0] - start[0])
    return float((a + np.pi) % (2 * np.pi) - np.pi)
