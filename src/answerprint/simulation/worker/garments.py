"""Clothes cut from the body they are worn on: tops, trousers, skirts and shoes that move with the same bones.

The cut is the CC0 base mesh's own layer of cloth (``helper-tights``, ``helper-skirt``): smoothed, so that no anatomy shows
through, eased outward, and trimmed at collar, cuff, hem and ankle. Only numpy.
"""

from __future__ import annotations

import numpy as np

_SLEEVES = {"long": 1.0, "short": 0.45, "none": 0.0}


def dress(rest: np.ndarray, data: dict, wardrobe: dict) -> dict:
    """``top`` and ``bottom`` as (vertices, faces, skin weights), and ``covered``: body vertices that no one sees."""
    names = data["names"]

    def part(*roots):
        return data["skin"][:, [i for i, n in enumerate(names) if n.startswith(roots)]].sum(axis=1)

    arm, fore, hand = part("upperarm"), part("lowerarm"), part("hand", "index", "middle", "ring", "pinky", "thumb")
    leg = part("thigh", "calf", "foot", "ball")
    height = rest[:13380, 2].max()
    place = {
        n: rest[data["joints"][f"joint-{n}"]].mean(axis=0)
        for n in ("pelvis", "neck", "l-upper-leg", "l-ankle", "l-knee", "spine-4")
    }
    waist = place["spine-4"][2] + 0.02 * height
    hem = {
        "waist": waist - 0.045 * height,
        "hip": place["l-upper-leg"][2] - 0.02 * height,
        "thigh": place["l-knee"][2] + 0.09 * height,
    }
    hem = hem[wardrobe.get("top_hem", "waist")]
    z = rest[:, 2]
    limb = arm + fore + hand
    sleeve = _along_sleeve(rest, data) <= _SLEEVES[wardrobe.get("sleeves", "long")]
    collar = place["neck"][2] + 0.028 * height
    in_top = np.where(limb > 0.5, sleeve & (hand < 0.6), (z > hem) & (z < collar))
    trouser_end = {"ankle": place["l-ankle"][2] + 0.008, "knee": place["l-knee"][2] + 0.03, "calf": place["l-knee"][2] - 0.12}
    end = trouser_end[wardrobe.get("bottom_hem", "ankle")]
    in_bottom = (z < waist) & (z > end) & (limb < 0.5)
    ease = wardrobe.get("ease", 0.012) * np.clip((collar - z) / (0.05 * height), 0.25, 1)
    # A collar lies on the neck: what stands off there is seen from above as a black gap.
    close = np.where(limb > 0.5, 1.0, np.clip((collar - z) / (0.035 * height), 0.12, 1))
    out = {"top": _cut(rest, data, "helper-tights", in_top, ease, arm + fore, 2, close)}
    if wardrobe.get("bottom", "trousers") == "skirt":
        out["bottom"] = _cut(rest, data, "helper-skirt", z > end, 0.006, leg, 1)
    else:
        flare = wardrobe.get("flare", 0.014) * np.clip((waist - z) / waist, 0, 1)
        out["bottom"] = _cut(rest, data, "helper-tights", in_bottom, 0.006 + flare, leg, 2)
    inner = 0.02 * height
    hidden_sleeve = _along_sleeve(rest, data) <= _SLEEVES[wardrobe.get("sleeves", "long")] - 0.06
    hidden = np.where(limb > 0.5, hidden_sleeve & (hand < 0.3), (z < collar - 2.2 * inner) & (z > min(hem, waist) - 0.0))
    covered_legs = (z < waist) & (z > end + (inner if end > 0.2 else 0.02)) & (limb < 0.5)
    out["covered"] = hidden | covered_legs | (part("foot", "ball") > 0.55)
    return out


def shoes(rest: np.ndarray, data: dict):
    """A pair of closed shoes with soles of 2 cm around the feet."""
    names = data["names"]
    vertices, faces, skins = [], [], []
    for side in ("l", "r"):
        feet = data["skin"][:13380, [names.index(f"foot_{side}"), names.index(f"ball_{side}")]].sum(axis=1)
        chosen = np.flatnonzero(
            (feet > 0.5) & (rest[:13380, 2] < rest[data["joints"][f"joint-{side}-ankle"]].mean(axis=0)[2] + 0.03)
        )
        points = rest[chosen]
        ahead = np.linspace(points[:, 1].min() - 0.006, points[:, 1].max() + 0.012, 17)
        start = sum(len(v) for v in vertices)
        rings = np.concatenate([_section(points, y, ahead) for y in ahead])
        sides = len(rings) // len(ahead)
        vertices.append(rings)
        faces += [
            [
                start + r * sides + k,
                start + r * sides + (k + 1) % sides,
                start + (r + 1) * sides + (k + 1) % sides,
                start + (r + 1) * sides + k,
            ]
            for r in range(len(ahead) - 1)
            for k in range(sides)
        ]
        faces += [[start + k for k in range(sides)], [start + (len(ahead) - 1) * sides + k for k in range(sides)]]
        skin = np.zeros((len(rings), len(names)))
        toe = np.clip((rings[:, 1] - rest[data["joints"][f"joint-{side}-foot-1"]].mean(axis=0)[1]) / 0.02 + 0.5, 0, 1)
        skin[:, names.index(f"ball_{side}")], skin[:, names.index(f"foot_{side}")] = toe, 1 - toe
        skins.append(skin)
    return np.concatenate(vertices), faces, np.concatenate(skins)


def _section(points: np.ndarray, y: float, ahead: np.ndarray) -> np.ndarray:
    """One cross-section of a shoe, 14 points: flat sole, rounded upper."""
    step = ahead[1] - ahead[0]
    near = points[np.abs(points[:, 1] - y) < 1.4 * step]
    if len(near) < 4:
        near = points[np.argsort(np.abs(points[:, 1] - y))[:24]]
    left, right, top = near[:, 0].min() - 0.007, near[:, 0].max() + 0.007, near[:, 2].max() + 0.008
    reach = np.clip(min(y - ahead[0], ahead[-1] - y) / 0.03, 0, 1)
    round_in = 0.45 + 0.55 * np.sqrt(reach)
    centre, half = 0.5 * (left + right), 0.5 * (right - left) * round_in
    top = 0.018 + (top - 0.018) * (0.6 + 0.4 * reach)
    turn = np.linspace(0, np.pi, 10)
    upper = np.stack([centre + half * np.cos(turn), np.full(10, y), 0.012 + (top - 0.012) * np.sin(turn) ** 0.75], axis=1)
    sole = [
        [centre - half * 1.04, y, 0.008],
        [centre - half, y, -0.016],
        [centre + half, y, -0.016],
        [centre + half * 1.04, y, 0.008],
    ]
    return np.concatenate([upper, np.array(sole)])


def _along_sleeve(rest: np.ndarray, data: dict) -> np.ndarray:
    """How far down the arm each vertex is: 0 at the shoulder, 1 at the wrist."""
    out = np.full(len(rest), 9.0)
    for side in ("l", "r"):
        shoulder, wrist = (rest[data["joints"][f"joint-{side}-{n}"]].mean(axis=0) for n in ("shoulder", "hand"))
        along = wrist - shoulder
        share = (rest - shoulder) @ along / (along @ along)
        this = (rest[:, 0] < 0) == (shoulder[0] < 0)
        out[this] = share[this]
    return out


def _cut(rest: np.ndarray, data: dict, group: str, keep: np.ndarray, ease, limb: np.ndarray, smoothing: int, close=1.0):
    """Faces of a layer whose corners are all kept, smoothed and eased outward, less where ``close`` is below 1."""
    faces = [[c[0] for c in f] for f in data["groups"][group] if all(keep[c[0]] for c in f)]
    used = np.unique([v for f in faces for v in f])
    place = np.full(len(rest), -1)
    place[used] = np.arange(len(used))
    faces = [[int(place[v]) for v in f] for f in faces]
    points, near = rest[used].copy(), _neighbours(faces, len(used))
    normals = _normals(points, faces)
    for _ in range(smoothing):
        points = 0.4 * points + 0.6 * near(points)
    ease = np.asarray(ease)[used] if np.ndim(ease) else ease
    much = np.where(limb[used] > 0.5, ease * 0.9, ease) + 0.004 * smoothing
    much = much * (np.asarray(close)[used] if np.ndim(close) else close)
    points += normals * np.reshape(much, (-1, 1))
    creases = 0.004 * np.sin(points[:, 2] * 75 + 6 * np.sin(points[:, 0] * 21)) * np.exp(-(((limb[used] - 0.5) / 0.35) ** 2))
    return points + normals * creases[:, None], faces, data["skin"][used]


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


def _normals(points: np.ndarray, faces: list) -> np.ndarray:
    out = np.zeros_like(points)
    for face in faces:
        corners = points[face]
        normal = np.cross(corners[2] - corners[0], corners[-1] - corners[1])
        out[face] += normal
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
