"""Clothes cut from the body they are worn on: tops, trousers and skirts that move with the same bones.

The cut is the CC0 base mesh's own layer of cloth (``helper-tights``, ``helper-skirt``): smoothed, so that no anatomy shows
through, eased outward, and cut at collar, cuff, hem and ankle. Only numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import folds
import hems
import numpy as np
from body import BODY

_SLEEVES = {"long": 0.97, "short": 0.45}
"""Where a sleeve ends: 0 at the shoulder, 1 at the wrist."""
_COLLARS = {"crew": 0.004, "high": 0.014}
"""How far above the base of the neck a collar lies, in body heights."""
_SLOPE = 0.67
"""How much lower a collar lies for each metre further to the front."""
_RING = 0.01
"""Metres from a collar's plane within which skin is taken to lie at it."""
_HIDDEN = 0.05
"""Metres inside a garment beyond which nobody sees the skin."""
_NARROWER = 0.5
"""Share of a sleeve's ease that it has lost at the wrist, beside a tenth all along."""
_WEIGHT = 0.85
"""Share of its ease that cloth has lost where it lies on the body from above."""
_CALM = 0.08
"""Metres from an edge over which cloth is as it was cut: no folds, no sagging."""
_FREE, _SPANS = 0.04, 16
"""Metres below a waistband over which what is worn above it comes to hang free, and how often it is smoothed there, its hem with it."""
_BELOW_HEM = 0.1
"""Metres below the hem down to which what is worn above still hangs clear of what is worn below, so that the cut runs in a smooth sheet."""


@dataclass(frozen=True)
class Cut:
    """Where what is worn above ends, and the right arm in it, on a body at rest, metres."""

    collar: float
    """Height of the collar's plane at the middle of the body, which falls by ``slope`` to the front."""
    slope: float
    neck: tuple[float, float]
    """How far ahead the middle of the collar's ring is, and the ring's radius."""
    hem: float
    sleeve: float
    """Where the sleeves end: 0 at the shoulder, 1 at the wrist."""
    shoulder: np.ndarray
    hand: np.ndarray

    @classmethod
    def of(cls, rest: np.ndarray, data: dict, wardrobe: dict) -> Cut:
        """The cut of a wardrobe's top."""
        height, neck = rest[:BODY, 2].max(), _joint(rest, data, "neck")
        hem = {
            "waist": _waist(rest, data) - 0.045 * height,
            "hip": _joint(rest, data, "l-upper-leg")[2] - 0.02 * height,
        }[wardrobe["top_hem"]]
        collar = neck[2] + _COLLARS[wardrobe["collar"]] * height + _SLOPE * neck[1]
        shoulder, hand = (_joint(rest, data, f"l-{name}") * [-1, 1, 1] for name in ("shoulder", "hand"))
        ring = rest[:BODY][np.abs(rest[:BODY] @ [0, _SLOPE, 1] - collar) < _RING]
        ring = ring[np.hypot(ring[:, 0], ring[:, 1] - neck[1]) < shoulder[0] / 2]
        round_neck = float(np.mean(ring[:, 1])), float(np.median(np.hypot(ring[:, 0], ring[:, 1] - ring[:, 1].mean())))
        return cls(float(collar), _SLOPE, round_neck, float(hem), _SLEEVES[wardrobe["sleeves"]], shoulder, hand)


def dress(rest: np.ndarray, data: dict, wardrobe: dict) -> dict:
    """``top`` and ``bottom`` as (vertices, faces, skin weights), and ``covered``: body vertices that no one sees."""
    names = data["names"]

    def part(*roots):
        return data["skin"][:, [i for i, n in enumerate(names) if n.startswith(roots)]].sum(axis=1)

    arm = part("upperarm", "lowerarm")
    limb = arm + part("hand", "index", "middle", "ring", "pinky", "thumb")
    skin = hems.Skin(rest[:BODY], data["quads"], data["skin"][:BODY])
    top, bottom = _top_edges(rest, data, wardrobe, limb), _bottom_edges(rest, data, wardrobe, limb)
    skirt = wardrobe["bottom"] == "skirt"
    covered = np.maximum(hems.within(top), hems.within(bottom)) > _HIDDEN
    loose = np.full(len(rest), 0.006) if skirt else _loose_legs(rest, data, wardrobe)
    below = _piece(rest, data, "helper-skirt" if skirt else "helper-tights", bottom, loose, 1 if skirt else 2, skin)
    lap = np.where(limb > 0.5, -1.0, np.minimum(bottom[0].inside, top[-1].inside + _BELOW_HEM))
    under = hems.Skin(below[0], below[2], below[1])
    above = _piece(rest, data, "helper-tights", top, _loose_top(rest, data, wardrobe, arm, top), 2, skin, (under, lap))
    return {
        "top": hems.turned_in(*above, skin),
        "bottom": hems.turned_in(*below, skin),
        "covered": covered | (part("foot", "ball") > 0.55),
    }


def _loose_top(rest: np.ndarray, data: dict, wardrobe: dict, arm: np.ndarray, edges: list[hems.Edge]) -> np.ndarray:
    """How far out a top lies, metres: sleeves grow narrower towards the wrist, as else they would be balloons over it."""
    along, length = _along_sleeve(rest, data)
    narrower = np.where(arm > 0.5, 0.9 - _NARROWER * np.clip(along, 0, 1), 1.0)
    flat = np.clip(hems.within(edges) / _CALM, 0, 1)
    return wardrobe["ease"] * narrower + flat * folds.above(rest, arm, along, length, _waist(rest, data))


def _loose_legs(rest: np.ndarray, data: dict, wardrobe: dict) -> np.ndarray:
    """How far out trousers lie, metres: wider towards the ankle."""
    waist, end = _waist(rest, data), _leg_end(rest, data, wardrobe)
    wider = wardrobe["flare"] * np.clip((waist - rest[:, 2]) / waist, 0, 1)
    return 0.006 + wider + folds.below(rest, _joint(rest, data, "l-knee")[2], end)


def _top_edges(rest: np.ndarray, data: dict, wardrobe: dict, limb: np.ndarray) -> list[hems.Edge]:
    """Collar, cuffs and hem of what is worn above."""
    cut = Cut.of(rest, data, wardrobe)
    plane = np.array([0.0, -_SLOPE, -1.0, cut.collar]) / np.hypot(1, _SLOPE)
    collar = rest @ plane[:3] + plane[3]
    along, arm = _along_sleeve(rest, data)
    cuff = np.where(limb > 0.5, (cut.sleeve - along) * arm, 1.0)
    hem = np.where(limb > 0.5, 1.0, rest[:, 2] - cut.hem)
    fit = wardrobe["ease"] / 3
    return [
        hems.Edge(collar, off=fit, reach=0.045, plane=plane),
        hems.Edge(cuff, off=fit, reach=0.05) if wardrobe["sleeves"] == "long" else hems.Edge(cuff, off=0.006),
        hems.Edge(hem, off=0.01, closed=False),
    ]


def _bottom_edges(rest: np.ndarray, data: dict, wardrobe: dict, limb: np.ndarray) -> list[hems.Edge]:
    """Waistband and hem of what is worn below."""
    end = _leg_end(rest, data, wardrobe)
    z = np.where(limb > 0.5, end - 1.0, rest[:, 2])
    return [
        hems.Edge(_waist(rest, data) - z, off=0.006),
        hems.Edge(z - end, off=0.01, closed=wardrobe["bottom"] != "skirt"),
    ]


def _leg_end(rest: np.ndarray, data: dict, wardrobe: dict) -> float:
    """Height at which what is worn below ends, metres."""
    joint, above = {"ankle": ("l-ankle", 0.008), "knee": ("l-knee", 0.03)}[wardrobe["bottom_hem"]]
    return float(_joint(rest, data, joint)[2] + above)


def _waist(rest: np.ndarray, data: dict) -> float:
    return float(_joint(rest, data, "spine-4")[2] + 0.02 * rest[:BODY, 2].max())


def _joint(rest: np.ndarray, data: dict, name: str) -> np.ndarray:
    return rest[data["joints"][f"joint-{name}"]].mean(axis=0)


def _along_sleeve(rest: np.ndarray, data: dict) -> tuple[np.ndarray, float]:
    """How far down the arm each vertex is, 0 at the shoulder and 1 at the wrist, and the arm's length in metres."""
    out, length = np.full(len(rest), 9.0), 0.0
    for side in ("l", "r"):
        shoulder = _joint(rest, data, f"{side}-shoulder")
        along = _joint(rest, data, f"{side}-hand") - shoulder
        length = float(np.linalg.norm(along))
        this = (rest[:, 0] < 0) == (shoulder[0] < 0)
        out[this] = (rest[this] - shoulder) @ along / length**2
    return out, length


def _piece(
    rest: np.ndarray, data: dict, group: str, edges: list, ease: np.ndarray, smoothing: int, skin: hems.Skin, over: tuple = ()
) -> tuple:
    """Points, weights, faces and edges of a layer smoothed, eased outward, laid on the skin at its close edges and cut there.

    ``ease`` is how far out each vertex of the base mesh comes to lie, metres. ``over`` is what it is worn over, and how far within the two each vertex of the base mesh lies: it hangs clear of that.
    """
    faces = [[c[0] for c in f] for f in data["groups"][group]]
    used = np.unique(faces)
    place = np.full(len(rest), -1)
    place[used] = np.arange(len(used))
    faces = place[np.array(faces)].tolist()
    points, near = rest[used].copy(), _neighbours(faces, len(used))
    out = hems.normals(points, faces)
    for _ in range(smoothing):
        points = 0.4 * points + 0.6 * near(points)
    ease = ease[used]
    own = [edge.of(used) for edge in edges]
    # What lies on shoulders and arms lies there with its weight; the air is under it.
    weight = _WEIGHT * np.clip(out[:, 2], 0, 1) * np.clip(hems.within(own) / _CALM, 0, 1)
    points += out * (ease * (1 - weight) + 0.004 * smoothing)[:, None]
    points, weights = hems.laid(points, data["skin"][used], own, skin)
    for k, edge in enumerate(own):
        points, own[k] = edge.at(points)
    if over:
        under, lap = over[0], over[1][used]
        points, own[-1] = _hung(points, own[-1], lap, near)
        points, weights = hems.clear(points, weights, lap, under)
    points, weights, faces, mixed = hems.cut(points, weights, faces, hems.within(own))
    own = [replace(edge, inside=mixed(edge.inside)) for edge in own]
    return hems.evened(points, faces, own, skin), weights, faces, own


def _hung(points: np.ndarray, hem: hems.Edge, lap: np.ndarray, near) -> tuple[np.ndarray, hems.Edge]:
    """The points ``lap`` below the waistband smoothed, and with them the line of the hem, which else would come out wavy."""
    much, both = 0.6 * np.clip(lap / _FREE, 0, 1)[:, None], np.column_stack([points, hem.inside])
    for _ in range(_SPANS):
        both += much * (near(both) - both)
    return both[:, :3], replace(hem, inside=both[:, 3])


def _neighbours(faces: list, count: int):
    pairs = np.array([(f[k], f[(k + 1) % len(f)]) for f in faces for k in range(len(f))])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    degree = np.maximum(np.bincount(both[:, 0], minlength=count), 1)

    def mean(points: np.ndarray) -> np.ndarray:
        out = np.zeros_like(points)
        np.add.at(out, both[:, 0], points[both[:, 1]])
        return out / degree[:, None]

    return mean
