"""Generated places: recognisable, furnished, standing on the floor, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.simulation.generate import generate
from answerprint.simulation.light import exposure
from answerprint.simulation.order import Shoot
from answerprint.simulation.performers import Action, Performer
from answerprint.simulation.pieces import Item, Material, Part, box
from answerprint.simulation.poses import pose_at
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.sets.furniture import bed, sofa
from answerprint.simulation.sets.registry import build
from answerprint.simulation.sets.room import hung_area
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import FAMILIES, Family, Light, RenderSettings, SetPlan, Stage, StageCamera, read_stage

INTERIORS = [name for name in FAMILIES if name not in ("street", "garden")]


def around(item: Item, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """The box around a part that is not turned itself, of an item turned by quarters, in the place."""
    if part.shape == "tube":
        points, radius = np.array(part.figures["points"]), part.figures["radius"]
        low, high = points.min(axis=0) - radius, points.max(axis=0) + radius
    else:
        radius = part.figures.get("radius", 0.0)
        w, d, h = part.figures.get("size") or (2 * radius, 2 * radius, part.figures.get("height", 0.0))
        low, high = np.array(part.at) - [w / 2, d / 2, 0], np.array(part.at) + np.array([w / 2, d / 2, h])
    turn = np.radians(item.turn[2])
    about = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    ends = np.array([about @ low, about @ high]) + item.at
    return ends.min(axis=0), ends.max(axis=0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("time", ["day", "night"])
def test_every_family_is_a_whole_stage_that_can_be_ordered(family: str, time: str) -> None:
    stage = generate(family, 3, time)  # type: ignore[arg-type]
    order = Shoot(stage).build_order(1)
    assert len(order["items"]) > 12
    assert stage.performers
    assert {"key", "fill", "back"} <= set(order["groups"])
    assert read_stage(stage.json_text()) == stage


def test_the_same_seed_gives_the_same_stage_and_another_one_another() -> None:
    assert generate("kitchen", 5) == generate("kitchen", 5)
    assert Shoot(generate("kitchen", 5)).build_order(1) == Shoot(generate("kitchen", 5)).build_order(1)
    assert Shoot(generate("kitchen", 6)).build_order(1) != Shoot(generate("kitchen", 5)).build_order(1)


@pytest.mark.parametrize("family", INTERIORS)
def test_no_wall_of_a_room_is_bare(family: str) -> None:
    place = build(SetPlan(family=family, seed=2, dressing=1.0))
    width, depth, _ = place.size
    near = {"back": 0, "left": 0, "right": 0}
    for item in place.items:
        if item.name.startswith(("wall", "floor", "ceiling", "house")):
            continue
        near["back"] += item.at[1] > depth / 2 - 0.7
        near["left"] += item.at[0] < -width / 2 + 0.9
        near["right"] += item.at[0] > width / 2 - 0.9
    assert min(near.values()) >= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_people_stand_inside_and_apart_from_the_camera(family: str) -> None:
    place = build(SetPlan(family=family, seed=4))
    width, depth, _ = place.size
    for x, y, _ in place.marks.values():
        assert abs(x) < width / 2
        assert abs(y) < depth / 2
    for start, target in place.views:
        assert np.linalg.norm(np.subtract(start, target)) > 2


def test_at_night_the_lamps_of_the_room_are_what_lights_it() -> None:
    day, night = (build(SetPlan(family="living-room", seed=1, time=t)) for t in ("day", "night"))
    window = [next(lamp for lamp in p.lights if lamp.group == "daylight").illuminance_lux or 0 for p in (day, night)]
    assert window[1] < 0.02 * window[0]


@pytest.mark.parametrize("family", ["bedroom", "kitchen", "living-room"])
def test_at_night_a_window_s_light_is_a_daylight_lamp_s_and_not_electric_blue(family: str) -> None:
    place = build(SetPlan(family=family, seed=2, time="night"))
    windows = [lamp.kelvin for lamp in place.lights if lamp.group == "daylight"]
    assert windows
    assert all(4000 <= kelvin <= 5600 for kelvin in windows)


def test_by_day_what_is_seen_through_a_pane_is_not_far_above_the_room() -> None:
    for family in ("living-room", "kitchen", "bedroom", "office", "workshop"):
        place = build(SetPlan(family=family, seed=2))
        assert place.sky is not None
        # A brick wall of 0.25 under half a sky, in stops against a white sheet that gets the room's light.
        outside, white = 0.25 * place.sky["radiance"] / 2, place.mood["lux"] / np.pi
        assert np.log2(outside / white) < 1.5


def test_a_shelf_of_tins_or_books_hangs_where_a_wall_was_bare() -> None:
    for family, name in (("workshop", "tin shelf"), ("living-room", "wall shelf")):
        place = build(SetPlan(family=family, seed=5, dressing=0.0))
        shelf = next(item for item in place.items if item.name == name)
        assert 1.9 < shelf.at[2] < place.size[2] - 0.25


def test_with_practicals_off_no_lamp_of_the_room_shines() -> None:
    place = build(SetPlan(family="bar", seed=1, practicals=False))
    assert not [lamp for lamp in place.lights if lamp.group == "practicals"]


def test_a_walk_ends_on_its_mark_and_looks_where_it_goes() -> None:
    walker = Performer(name="anna", mark=(0, 0), heading=0.0, actions=(Action(do="walk", start=10, end=58, to=(3.0, 0.0)),))
    middle, end = pose_at(walker, 34, 24.0, {}), pose_at(walker, 80, 24.0, {})
    assert middle["heading"] == pytest.approx(-90)
    assert end["at"] == pytest.approx([3.0, 0.0])
    knees = [pose_at(walker, f, 24.0, {})["joints"]["knee_l"] for f in range(10, 58)]
    assert max(knees) > 40


def test_sitting_lowers_onto_the_seat_and_standing_leaves_it() -> None:
    sitter = Performer(name="ben", seat=0.5, actions=(Action(do="sit", start=1, end=20), Action(do="stand", start=40, end=60)))
    assert pose_at(sitter, 30, 24.0, {})["seat"] == pytest.approx(0.5)
    assert pose_at(sitter, 70, 24.0, {})["seat"] is None


def test_no_two_boxes_of_a_sofa_show_a_face_in_one_plane() -> None:
    boxes = [
        (np.array(part.at) - [w / 2, d / 2, 0], np.array(part.at) + np.array([w / 2, d / 2, h]))
        for part in sofa(1.8, "cloth", "cushion")
        if part.shape == "box" and not any(part.turn)
        for w, d, h in (part.figures["size"],)
    ]
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            overlap = np.minimum(one[1], other[1]) - np.maximum(one[0], other[0])
            for axis in range(3):
                beside = np.delete(overlap, axis)
                same = min(abs(one[side][axis] - other[side][axis]) for side in (0, 1))
                assert same > 1e-3 or beside.min() <= 0.0


@pytest.mark.parametrize("seed", range(6))
def test_the_first_performer_looks_to_the_side_of_the_key(seed: int) -> None:
    stage = generate("kitchen", seed, "night", shot="close")
    first, key, camera = stage.performers[0], stage.lights[0], stage.cameras[0].translation
    assert first.heading is not None
    face = np.radians(first.heading) + np.pi / 2
    seen = [np.arctan2(p[1] - key.aim[1], p[0] - key.aim[0]) for p in (key.translation, camera)]
    aside, turned = (float((angle - seen[1] + np.pi) % (2 * np.pi) - np.pi) for angle in (seen[0], face))
    assert abs(aside) < 0.05 or aside * turned > 0


@pytest.mark.parametrize("family", ["living-room", "bedroom"])
@pytest.mark.parametrize("seed", range(8))
def test_a_window_s_curtains_hang_clear_of_its_sill_and_of_what_stands_below(family: str, seed: int) -> None:
    place = build(SetPlan(family=family, seed=seed, dressing=1.0))
    curtains = next(item for item in place.items if item.name == "curtains")
    hung = [(low, high) for low, high in map(around, [curtains] * len(curtains.parts), curtains.parts) if high[2] - low[2] > 1]
    assert len(hung) == 2
    others = [
        item for item in place.items if item.name.startswith(("window", "radiator", "chest", "wardrobe", "bedside", "bookcase"))
    ]
    for item in others:
        for part in item.parts:
            low, high = around(item, part)
            for one in hung:
                assert np.min(np.minimum(high, one[1]) - np.maximum(low, one[0])) < 0


@pytest.mark.parametrize("seed", range(12))
def test_who_stands_in_a_bar_stands_clear_of_its_stools(seed: int) -> None:
    place = build(SetPlan(family="bar", seed=seed))
    stools = [item.at[:2] for item in place.items if item.name.startswith("bar stool")]
    assert len(stools) == 4
    for name, (x, y, _) in place.marks.items():
        nearest = min(float(np.hypot(x - a, y - b)) for a, b in stools)
        assert nearest < 0.01 if name in place.seats else nearest > 0.45


@pytest.mark.parametrize("seed", range(12))
def test_nothing_on_a_corridor_s_walls_hangs_over_something_else(seed: int) -> None:
    place = build(SetPlan(family="hospital-corridor", seed=seed, dressing=1.0))
    named = (
        "notice board",
        "print",
        "leaflets",
        "extinguisher",
        "sign",
        "trunking",
        "clock",
        "number",
        "dispenser",
        "ward door",
        "window",
    )
    hung = [item for item in place.items if item.name.startswith(named)]
    assert len(hung) > 12
    for number, one in enumerate(hung):
        for other in hung[:number]:
            if one.turn == other.turn:
                a, b = (hung_area(item.parts, np.sign(item.turn[2]) * item.at[1], item.at[2]) for item in (one, other))
                assert min(a[1], b[1]) - max(a[0], b[0]) < 0 or min(a[3], b[3]) - max(a[2], b[2]) < 0, (one.name, other.name)


@pytest.mark.parametrize("seed", range(6))
def test_every_tin_stands_on_the_bench_and_in_nothing_else(seed: int) -> None:
    place = build(SetPlan(family="workshop", seed=seed, dressing=1.0))
    tops = {item.name: around(item, item.parts[0]) for item in place.items if item.name in ("workbench", "drill press", "vice")}
    tins = [item for item in place.items if item.name.split(" ")[0] == "tin" and "shelf" not in item.name]
    boxes = [around(item, item.parts[0]) for item in tins]
    assert len(boxes) == 6
    low, high = tops["workbench"]
    for number, (a, b) in enumerate(boxes):
        assert (a[:2] > low[:2]).all()
        assert (b[:2] < high[:2]).all()
        for c, d in [tops["drill press"], tops["vice"], *boxes[:number]]:
            assert np.min(np.minimum(b, d)[:2] - np.maximum(a, c)[:2]) < 0


def test_one_cushion_lies_in_an_armchair_and_two_on_a_sofa() -> None:
    for seats, count in ((1, 1), (2, 2)):
        assert sum(part.material == "cushion" for part in sofa(0.98 * seats, "cloth", "cushion", seats)) == count


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_of_one_wall_look_out_on_one_house(family: Family) -> None:
    for seed in range(4):
        turns = [item.turn for item in build(SetPlan(family=family, seed=seed)).items if item.name.startswith("house opposite")]
        assert len(turns) == len(set(turns))


def test_a_window_seen_straight_shows_no_room(renderer: Renderer, tmp_path: Path) -> None:
    pane = build(SetPlan(family="office", seed=2)).materials["window glass"]
    bare = pane.model_copy(update={"detail": {name: much for name, much in pane.detail.items() if name != "reflects"}})

    def mirrored(name: str, glass: Material) -> float:
        """What a pane before the dark shows of a white wall behind the camera, against that wall."""
        items = (
            Item(name="pane", parts=(box((3, 0.004, 3), "glass", (0, 1, 0), bevel=0.0),)),
            Item(name="wall", parts=(box((8, 0.1, 8), "white", (0, -4, -3), bevel=0.0),)),
        )
        white = Material(kind="plastic", colour=(0.8, 0.8, 0.8), roughness=1.0, wear=0.0)
        lamp = Light(name="lamp", translation=(2.5, -1.5, 1.2), aim=(0, -4, 1.2), illuminance_lux=100)
        stage = Stage(
            name=name,
            set=SetPlan(items=items, materials={"glass": glass, "white": white}),
            lights=(lamp,),
            cameras=(StageCamera(active_sensor_resolution=(32, 18), translation=(0, -2, 1.2), pinhole_focal_length=50.0),),
            render=RenderSettings(samples=16, passes=("beauty",)),
        )
        shoot_stage(stage, tmp_path / name, renderer=renderer)
        planes = read_exr(pass_file(tmp_path / name, stage, stage.cameras[0], "beauty", stage.first_frame)).planes
        lit = 0.8 * 100 * exposure(stage.cameras[0], stage.cameras[0].t_stop, 24.0) / np.pi
        return float(np.mean(planes["G"]) / lit)

    assert mirrored("bare", bare) > 0.02
    assert mirrored("pane", pane) < 0.002


@pytest.mark.parametrize(
    ("family", "table", "sheets"),
    [
        ("office", "desk", ("papers", "in-tray")),
        ("kitchen", "table", ("newspaper",)),
        ("living-room", "coffee table", ("magazines",)),
    ],
)
@pytest.mark.parametrize("seed", range(6))
def test_no_sheet_lies_out_over_the_edge_of_its_table(family: str, table: str, sheets: tuple[str, ...], seed: int) -> None:
    place = build(SetPlan(family=family, seed=seed, dressing=1.0))
    tops = [around(item, item.parts[0]) for item in place.items if item.name.split(" ")[0] == table or item.name == table]
    lying = [item for item in place.items if item.name.split(" ")[0] in sheets]
    assert lying
    for item in lying:
        for part in item.parts:
            turn = np.radians(item.turn[2] + part.turn[2])
            w, d, _ = part.figures["size"]
            half = np.abs([[np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [w / 2, d / 2]
            middle = np.mean(around(item, part), axis=0)[:2]
            assert any((middle - half > low[:2]).all() and (middle + half < high[:2]).all() for low, high in tops)


def test_a_bedspread_hangs_down_past_the_mattress_at_the_foot_and_at_both_sides() -> None:
    parts = bed(1.5, "frame", "sheet", "cover", "pillow")
    frame, cover = (
        next(p for p in parts if p.material == "frame"),
        next(p for p in parts if p.material == "cover" and p.shape == "box"),
    )
    skirts = [p for p in parts if p.shape == "cloth"]
    assert len(skirts) == 3
    wide, long, _ = frame.figures["size"]
    for skirt in skirts:
        assert skirt.at[2] < frame.at[2] + frame.figures["size"][2]
        assert cover.at[2] < skirt.at[2] + skirt.figures["size"][2] < cover.at[2] + cover.figures["size"][2]
        assert abs(skirt.at[0]) > wide / 2 or skirt.at[1] < -long / 2


@pytest.mark.parametrize("family", ["office", "living-room", "kitchen", "bedroom", "workshop"])
def test_who_looks_along_a_wall_through_its_window_still_sees_a_house(family: Family) -> None:
    for seed in range(4):
        place = build(SetPlan(family=family, seed=seed))
        house = next(item for item in place.items if item.name == "house opposite")
        turn = np.radians(house.turn[2])
        along, out = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        half = house.parts[0].figures["size"][0] / 2
        for window in (item for item in place.items if item.name.startswith("window") and item.turn == house.turn):
            for start, _ in place.views:
                way = np.subtract(window.at[:2], start[:2])
                if np.degrees(np.arccos(way @ out / np.linalg.norm(way))) < 60:
                    met = np.array(start[:2]) + way * (np.subtract(house.at[:2], start[:2]) @ out) / (way @ out)
                    assert abs((met - house.at[:2]) @ along) < half - 1.0


def test_a_shop_has_goods_in_its_window_and_the_pavement_carries_who_stands_on_it() -> None:
    place = build(SetPlan(family="street", seed=1))
    shops = [item for item in place.items if any(part.material == "shop glow" for part in item.parts)]
    assert shops
    for shop in shops:
        glow = next(part for part in shop.parts if part.material == "shop glow")
        before = [
            p for p in shop.parts if p.at[1] < glow.at[1] - 0.02 and glow.at[2] <= p.at[2] < glow.at[2] + glow.figures["size"][2]
        ]
        assert len({part.material for part in before}) > 3
    assert place.floors == {"pavement": 0.12}
    both = (generate("street", seed, people=2) for seed in range(12))
    standing = [performer for stage in both for performer in stage.performers if performer.mark == "pavement"]
    assert standing
    assert all(performer.floor == 0.12 for performer in standing)
