"""Nothing of a generated place goes into another thing, and nothing floats; people neither, wherever they stand, sit, walk or reach."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.simulation.bodies import posed
from tests.simulation.solids import Piece, contacts, leaves, pieces, unheld

from answerprint.simulation.performers import Action, Build, Performer, Wardrobe
from answerprint.simulation.pieces import Item, box, sphere
from answerprint.simulation.place import Place
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import FAMILIES, OUTDOORS, Family, SetPlan

MEANT: dict[tuple[str, str], tuple[float, str]] = {
    ("wall", "wall"): (0.201, "walls of 0.2 m meet in the corners"),
    ("wall", "window"): (0.071, "a sill is let into the wall on both sides"),
    ("door", "wall"): (0.016, "the frame is let into the wall"),
    ("fire door", "wall"): (0.016, "the frame is let into the wall"),
    ("wall", "ward door"): (0.016, "the frame is let into the wall"),
    ("camera", "wall"): (0.006, "its bracket is screwed to two walls"),
    ("lawn", "stepping stones"): (0.033, "stones lie in the lawn"),
    ("lawn", "tree"): (0.06, "a trunk comes out of the ground"),
    ("pavement", "tree"): (0.06, "a trunk comes out of the ground"),
    ("end house", "house"): (0.18, "cornices meet in the corner"),
    ("end house", "pavement"): (0.011, "the kerb ends under the shop's threshold"),
    ("sawhorse", "shavings"): (0.008, "shavings have fallen against the legs"),
}
"""What may be in what, by how many metres at most, and why."""
GROWN: dict[tuple[str, str], tuple[float, str]] = {
    ("grass tufts", "lawn"): (0.06, "grass grows out of the ground"),
    ("grass tufts", "bench"): (0.05, "and around what stands on it"),
    ("grass tufts", "flower bed"): (0.05, "and around what stands on it"),
    ("grass tufts", "lantern"): (0.05, "and around what stands on it"),
    ("grass tufts", "pots"): (0.11, "and around what stands on it"),
    ("grass tufts", "stepping stones"): (0.05, "and around what stands on it"),
    ("grass tufts", "tree"): (0.12, "and around what stands on it"),
    ("grass tufts", "watering can"): (0.09, "and around what stands on it"),
    ("flower bed", "lawn"): (0.06, "a bed's plants grow out of the ground"),
    ("plant", "curtains"): (0.05, "cloth gives way to leaves"),
    ("hedge", "lawn"): (0.06, "a hedge grows out of the ground"),
}
"""Into what leaves may reach, by how many metres at most, and why."""
YIELDS: dict[str, tuple[float, str]] = {
    "chair": (0.025, "who sits presses the seat and is pressed by it"),
    "waiting chair": (0.025, "who sits presses the seat and is pressed by it"),
    "bar stool": (0.025, "who sits presses the seat and is pressed by it"),
    "bench": (0.025, "who sits presses the seat and is pressed by it"),
    "office chair": (0.045, "its cushion gives way, most at the front edge"),
    "bed": (0.05, "a mattress gives way"),
    "sofa": (0.07, "its cushions give way"),
    "rug": (0.0125, "its pile gives way"),
}
"""Into what people press, by how many metres at most, and why."""
GROUND = ("floor", "wall", "ceiling", "road", "pavement", "lawn", "house", "end house")


def kind(name: str) -> str:
    """What a thing is, without its number or the side of its wall."""
    return re.sub(r" (\d+|back|left|right|front)$", "", name)


def solid(place: Place) -> list[Piece]:
    """The pieces of a place; a lawn counts as the level ground that it is where anything stands."""
    lawn = Item(name="lawn", parts=(box((40, 40, 0.1), "lawn", (0, 0, -0.1), bevel=0.0),))
    items = [*place.items, lawn] if any(item.name == "lawn" for item in place.items) else place.items
    return [piece for item in items for piece in pieces(item)]


def test_two_boxes_are_as_deep_in_each_other_as_it_takes_to_part_them() -> None:
    one, other = Item(name="a", parts=(box((1, 1, 1), "x", bevel=0.0),)), Item(name="b", parts=(box((1, 1, 1), "x", bevel=0.0),))
    beside = other.model_copy(update={"at": (0.99, 0.3, 0.2)})
    (found,) = contacts([*pieces(one), *pieces(beside)])
    assert found.depth == pytest.approx(0.01, abs=1e-6)
    assert not contacts([*pieces(one), *pieces(other.model_copy(update={"at": (1.01, 0, 0)}))])
    # Edge towards edge: their boxes overlap, they do not.
    turned = other.model_copy(update={"at": (0.93, 0.93, 0), "turn": (0, 0, 45)})
    assert not contacts([*pieces(one), *pieces(turned)])


def test_what_stands_on_nothing_is_found() -> None:
    floor = Item(name="floor", parts=(box((4, 4, 0.1), "x", (0, 0, -0.1)),))
    ball = Item(name="ball", at=(0, 0, 0.15), parts=(sphere((0.3, 0.3, 0.3), "x"),))
    assert not unheld([*pieces(floor), *pieces(ball)], GROUND)
    high = ball.model_copy(update={"at": (0, 0, 0.2)})
    assert {piece.item for piece in unheld([*pieces(floor), *pieces(high)], GROUND)} == {"ball"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_goes_into_another_thing(family: Family, seed: int) -> None:
    place = build(SetPlan(family=family, seed=seed, time=("day", "night")[seed % 2], dressing=1.0 if seed % 2 else 0.7))
    for found in contacts(solid(place), deeper=0.0015):
        names = sorted(map(kind, (found.one.item, found.other.item)))
        limit, _ = MEANT.get((names[0], names[1]), (0.0, ""))
        assert found.depth <= limit, (found.one.item, found.other.item, found.depth)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_floats(family: Family) -> None:
    floating = unheld(solid(build(SetPlan(family=family, seed=3, dressing=1.0))), GROUND)
    assert not {(piece.item, piece.material) for piece in floating}


@pytest.mark.parametrize("family", [*OUTDOORS, "office", "living-room", "kitchen", "bedroom"])
def test_leaves_do_not_grow_through_things(family: Family) -> None:
    place = build(SetPlan(family=family, seed=4, dressing=1.0))
    solids = solid(place)
    for item in place.items:
        if len(grown := leaves(item)):
            low, high = grown.min(axis=0), grown.max(axis=0)
            for piece in solids:
                if piece.item != item.name and (piece.high > low).all() and (piece.low < high).all():
                    limit, _ = GROWN.get((kind(item.name), kind(piece.item)), (0.01, ""))
                    assert float(piece.depth_of(grown).max()) <= limit, (item.name, piece.item)


@pytest.mark.parametrize("seed", range(4))
def test_a_garden_is_level_where_anything_stands(seed: int) -> None:
    place = build(SetPlan(family="garden", seed=seed))
    lawn = next(item for item in place.items if item.name == "lawn")
    reach = float(lawn.parts[0].figures["level"])
    for x, y in [*(mark[:2] for mark in place.marks.values()), *(item.at[:2] for item in place.items if item.name != "house")]:
        assert np.hypot(x - lawn.at[0], y - lawn.at[1]) < reach


_BUILDS = {"anna": Build(age=28, gender=0.0, height=1.66), "ben": Build(age=50, gender=1.0, height=1.9, weight=0.75)}
_WORN = {"anna": Wardrobe(top="shirt", bottom="skirt"), "ben": Wardrobe(top="jacket")}


def doing(place: Place, people: tuple[str, ...]) -> Iterator[tuple[str, Performer, list[float]]]:
    """People on every mark of a place: standing as it says and turned to a side of the camera, gesturing, reaching; sitting where there is a seat."""
    for name, (x, y, heading) in place.marks.items():
        for who in people:
            at: dict[str, Any] = {
                "name": who,
                "build": _BUILDS[who],
                "wardrobe": _WORN[who],
                "mark": name,
                "floor": place.floors.get(name, 0.0),
            }
            if name in place.seats:
                yield name, Performer(**at, seat=place.seats[name], actions=(Action(do="sit", start=1, end=20),)), [30]
                continue
            for start, _ in place.views:
                towards = float(np.degrees(np.arctan2(-(start[0] - x), start[1] - y)))
                yield name, Performer(**at, heading=towards + (38 if who == "anna" else -38)), [1]
            ahead = (x - 0.5 * np.sin(np.radians(heading)), y + 0.5 * np.cos(np.radians(heading)), 1.35)
            yield name, Performer(**at), [1]
            yield name, Performer(**at, actions=(Action(do="gesture", start=1, end=60),)), [20]
            yield name, Performer(**at, actions=(Action(do="reach", start=1, end=10, target=ahead),)), [10]


@pytest.mark.parametrize(
    ("seed", "people"), [(2, ("ben",)), *(pytest.param(seed, ("anna", "ben"), marks=pytest.mark.slow) for seed in (2, 3, 5))]
)
def test_nobody_stands_sits_gestures_or_reaches_into_anything(
    measured: Callable[[str], Any], tmp_path: Path, seed: int, people: tuple[str, ...]
) -> None:
    places = {family: build(SetPlan(family=family, seed=seed, dressing=1.0)) for family in FAMILIES}
    marks = {f"{family} {name}": mark for family, place in places.items() for name, mark in place.marks.items()}
    acts = [
        (family, act.model_copy(update={"mark": f"{family} {name}"}), frames)
        for family, place in places.items()
        for name, act, frames in doing(place, people)
    ]
    shown = posed(measured, tmp_path, [(act, frames) for _, act, frames in acts], marks)
    solids = {family: solid(place) for family, place in places.items()}
    for (family, act, _), moments in zip(acts, shown, strict=True):
        for points in moments:
            for name, depth in pressed(points.astype(np.float64), solids[family]).items():
                assert depth <= YIELDS.get(name, (0.003, ""))[0], (act.name, act.mark, [a.do for a in act.actions], name, depth)


def pressed(points: np.ndarray, solids: list[Piece]) -> dict[str, float]:
    """How deep the points of a body are in what things, metres."""
    found: dict[str, float] = {}
    for piece in solids:
        inside = points[((points > piece.low) & (points < piece.high)).all(axis=1)]
        if len(inside):
            name = kind(piece.item)
            found[name] = max(found.get(name, 0.0), float(piece.depth_of(inside).max()))
    return found
