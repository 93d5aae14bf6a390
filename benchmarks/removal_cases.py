"""Things to remove, laid over real clips so that the truth under them is known: which clips, which wires, which moves.

Wires are 1.5 to 6 pixels wide in a picture 800 wide (3.6 to 14 at HD width) and of four kinds: fine, broad, blurred (they
swing while the shutter is open) and sheer (the set shines through). Stationary masks hide 8 % of a picture 432 wide while
the camera moves, as the literature on video completion has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.colour.spaces import default_space, to_working
from answerprint.media.sequence import open_sequence

SEED = 20261
WIRE_SIZE, WIRE_FRAMES, WIRE_SCORED = (800, 448), 13, (4, 6, 8)
MASK_SIZE, MASK_FRAMES, MASK_SCORED = (432, 240), 24, (3, 9, 15, 20)
"""Working picture (width, height), frames of a case, and those that are scored."""
KINDS = ("fine", "broad", "blurred", "sheer")
STRATA = ("static", "moving", "crossing", "stationary")

HELD_OUT = ("lime", "01_dog", "bigbuckbunny", "BigBen")
"""Clips no constant was ever chosen on. The others were used for tuning."""


@dataclass(frozen=True)
class Place:
    """A clip: its file, how much it is shrunk first, the first frame of each case, and a box (fractions) on a performer."""

    name: str
    file: str
    shrink: float
    first: int
    performer: tuple[float, float, float, float] | None = None
    performer_first: int = 0


PLACES = (
    Place("lime", "removal/lime/input_video.mp4", 0.5, 4, (0.40, 0.03, 0.72, 0.42), 10),
    Place("ducky-float", "removal/ducky-float/input_video.mp4", 1.0, 8),
    Place("BigBen", "removal/BigBen/input_video.mp4", 1.0, 16),
    Place("01_dog", "removal/sam2_gallery/01_dog.mp4", 1.0, 30, (0.14, 0.30, 0.29, 0.95), 130),
    Place("03_blocks", "removal/sam2_gallery/03_blocks.mp4", 1.0, 20, (0.46, 0.10, 0.72, 0.72), 205),
    Place("05_default_juggle", "removal/sam2_gallery/05_default_juggle.mp4", 1.0, 60, (0.46, 0.05, 0.64, 0.95), 176),
    Place("bigbuckbunny", "captioner/clips/bigbuckbunny.mp4", 1.0, 40, (0.26, 0.12, 0.52, 0.85), 84),
    Place("bikes", "captioner/clips/bikes.mp4", 1.0, 168, (0.56, 0.05, 0.76, 0.95), 112),
)


def make_list() -> list[dict[str, Any]]:
    """The cases, in order, from the seed alone."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    cases: list[dict[str, Any]] = []
    turn = 0
    for place in PLACES:
        for stratum in STRATA:
            for number in range(2):
                kind = KINDS[turn % len(KINDS)]
                wire, mask = _wire(rng, kind), _mask(rng)
                move = _move(rng, zoom=number == 1, fastest=8.0 if stratum == "stationary" else 5.0)
                seat = [round(float(v), 4) for v in rng.uniform(0, 1, 2)]
                if stratum == "crossing" and place.performer is None:
                    continue
                masked = stratum == "stationary"
                turn += not masked
                cases.append(
                    {
                        "name": f"{place.name}-{stratum}-{'mask' if masked else kind}-{number + 1}",
                        "clip": place.file,
                        "shrink": place.shrink,
                        "stratum": stratum,
                        "split": "held-out" if place.name in HELD_OUT else "tuning",
                        "first": place.performer_first if stratum == "crossing" else place.first,
                        "frames": MASK_FRAMES if masked else WIRE_FRAMES,
                        "scored": list(MASK_SCORED if masked else WIRE_SCORED),
                        "seat": seat,
                        "move": move if stratum in ("moving", "stationary") else {"pan": [0.0, 0.0], "zoom": 0.0},
                        "performer": list(place.performer) if stratum == "crossing" and place.performer else None,
                        **({"mask": mask} if masked else {"wire": wire}),
                    }
                )
    return cases


def _wire(rng: np.random.Generator, kind: str) -> dict[str, Any]:
    """A wire in fractions of the picture: from, to, sag; width in pixels, grey, how much its light varies along it, opacity,
    sway in pixels with its period in frames, and the share of a frame that the shutter is open."""
    steep = bool(rng.integers(0, 2))
    a, b = rng.uniform(0.15, 0.85, 2)
    ends = [a, -0.02, b, 1.02] if steep else [-0.02, a, 1.02, b]
    sag = float(rng.choice([0.0, rng.uniform(0.03, 0.12)]))
    width = float(rng.uniform(2.5, 6.0) if kind == "broad" else rng.uniform(1.5, 2.6) if kind == "fine" else rng.uniform(1.5, 6.0))
    grey = float(rng.choice([rng.uniform(0.03, 0.15), rng.uniform(0.6, 0.9)]))
    still = bool(rng.integers(0, 2)) and kind != "blurred"
    sway, period = (rng.uniform(10, 24), rng.uniform(9, 16)) if kind == "blurred" else (rng.uniform(4, 14), rng.uniform(14, 40))
    return {
        "kind": kind,
        "ends": [round(float(v), 4) for v in ends],
        "sag": round(sag, 4),
        "width_px": round(width, 2),
        "grey": round(grey, 3),
        "shading": round(float(rng.uniform(0.0, 0.3)), 3),
        "opacity": round(float(rng.uniform(0.35, 0.7)) if kind == "sheer" else 1.0, 3),
        "sway_px": 0.0 if still else round(float(sway), 2),
        "period": round(float(period), 1),
        "shutter": 0.5 if kind == "blurred" else 0.0,
    }


def _move(rng: np.random.Generator, zoom: bool, fastest: float = 5.0) -> dict[str, Any]:
    """A known virtual camera move: pixels a frame, and the rate of growth a frame."""
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.0) * fastest
    return {
        "pan": [round(float(speed * np.cos(angle)), 3), round(float(speed * np.sin(angle)), 3)],
        "zoom": round(float(rng.uniform(0.002, 0.008)), 5) if zoom else 0.0,
    }


def _mask(rng: np.random.Generator) -> dict[str, Any]:
    """A stationary blob of 8 % of the picture: its middle in fractions, how much wider than high, and its outline's waves."""
    return {
        "middle": [round(float(v), 3) for v in rng.uniform(0.3, 0.7, 2)],
        "wider": round(float(rng.uniform(0.6, 1.6)), 3),
        "waves": [round(float(v), 3) for v in rng.uniform(-0.15, 0.15, 6)],
        "share": 0.08,
    }


@dataclass
class Case:
    """One thing to remove: clean display codes, codes with it, its matte; all 0..1 float32, a list entry a frame."""

    entry: dict[str, Any]
    clean: list[np.ndarray]
    plate: list[np.ndarray]
    matte: list[np.ndarray]
    performer: np.ndarray | None
    space: str
    aim: tuple[float, float] | None = None


def load(entry: dict[str, Any], footage: Path) -> Case:
    """Read the clip, apply the virtual move, draw the wire or cut the hole."""
    masked = "mask" in entry
    wanted = MASK_SIZE if masked else WIRE_SIZE
    sequence = open_sequence(footage / entry["clip"])
    shrink = entry["shrink"]
    if masked:  # small enough that the move stays inside the clip, as far as its own size lets it
        room = [wanted[i] + abs(entry["move"]["pan"][i]) * entry["frames"] * (1 + entry["move"]["zoom"] * 8) for i in (0, 1)]
        shrink = min(1.0, max(room[0] / sequence.width, room[1] / sequence.height))
    width, height = round(sequence.width * shrink), round(sequence.height * shrink)
    size = wanted if masked else (min(wanted[0], width * 3 // 4), min(wanted[1], height * 3 // 4))
    size = min(size[0], width), min(size[1], height)
    if masked:
        entry = {**entry, "move": _within(entry, (width, height), size)}
    window = _window(entry, (width, height), size)
    clean, plate, mattes, space = [], [], [], "sRGB"
    for at in range(entry["frames"]):
        source = sequence.read(entry["first"] + at)
        space = default_space(sequence.storage, source.header.file_format, sequence.colour_tag)
        codes = source.rgb()
        codes = codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
        if (width, height) != (sequence.width, sequence.height):
            codes = cv2.resize(codes, (width, height), interpolation=cv2.INTER_AREA)
        picture = _seen(codes, entry, window, size, at)
        picture = np.round(picture * 65535) / np.float32(65535)
        clean.append(picture)
        if masked:
            matte = blob(entry["mask"], size)
            plate.append(np.where(matte[..., None] > 0, np.float32(0.5), picture))
        else:
            matte = draw(entry["wire"], size, at, _aim(entry, window, size, (width, height)))
            over = matte[..., None] * np.float32(entry["wire"]["opacity"])
            plate.append((picture * (1 - over) + _shade(entry["wire"], size) * over).astype(np.float32))
        mattes.append(matte)
    performer = None if entry["performer"] is None else _box_matte(entry, window, size, (width, height))
    return Case(entry, clean, plate, mattes, performer, space, _aim(entry, window, size, (width, height)))


def _within(entry: dict[str, Any], full: tuple[int, int], size: tuple[int, int]) -> dict[str, Any]:
    """The move slowed on either axis until the whole of it stays inside the clip."""
    move, frames = entry["move"], entry["frames"]
    most = [max(0.0, full[i] - size[i] * (1 + move["zoom"] * frames / 2) - 8) / frames for i in (0, 1)]
    return {**move, "pan": [float(np.clip(move["pan"][i], -most[i], most[i])) for i in (0, 1)]}


def working(codes: np.ndarray, space: str) -> np.ndarray:
    """Display codes 0..1 as ACEScg."""
    return to_working(np.round(np.clip(codes, 0, 1) * 65535).astype(np.uint16), space)


def _window(entry: dict[str, Any], full: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    """The top left of the crop on the middle frame, such that the whole move stays inside the clip."""
    travel = [abs(v) * entry["frames"] / 2 + 4 for v in entry["move"]["pan"]]
    grow = entry["move"]["zoom"] * entry["frames"] / 2
    corner = []
    for axis in (0, 1):
        margin = travel[axis] + grow * size[axis]
        room = full[axis] - size[axis]
        if entry["performer"]:
            middle = (entry["performer"][axis] + entry["performer"][axis + 2]) / 2 * full[axis]
            corner.append(float(np.clip(round(middle - size[axis] / 2), 0, room)))
        else:
            corner.append(float(round(min(margin, room / 2) + entry["seat"][axis] * max(0.0, room - 2 * margin))))
    return corner[0], corner[1]


def _seen(codes: np.ndarray, entry: dict[str, Any], window: tuple[float, float], size: tuple[int, int], at: int) -> np.ndarray:
    middle = (entry["frames"] - 1) / 2
    pan, zoom = entry["move"]["pan"], entry["move"]["zoom"]
    if not any(pan) and not zoom:
        x, y = int(window[0]), int(window[1])
        return np.ascontiguousarray(codes[y : y + size[1], x : x + size[0]])
    scale = float(np.exp(-zoom * (at - middle)))
    cx, cy = window[0] + size[0] / 2 + pan[0] * (at - middle), window[1] + size[1] / 2 + pan[1] * (at - middle)
    matrix = np.array([[scale, 0, cx - scale * size[0] / 2], [0, scale, cy - scale * size[1] / 2]])
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(codes, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.clip(seen, 0, 1)


def _aim(
    entry: dict[str, Any], window: tuple[float, float], size: tuple[int, int], full: tuple[int, int]
) -> tuple[float, float] | None:
    """Where a crossing wire is led through, in fractions of the crop: the middle of the performer's box."""
    if not entry["performer"]:
        return None
    box = entry["performer"]
    middle = [(box[i] + box[i + 2]) / 2 * full[i] - window[i] for i in (0, 1)]
    return middle[0] / size[0], middle[1] / size[1]


def course(wire: dict[str, Any], size: tuple[int, int], at: float, aim: tuple[float, float] | None = None) -> np.ndarray:
    """The wire's middle line at time ``at`` in frames, (200, 2) pixels x, y."""
    x0, y0, x1, y1 = wire["ends"]
    along = np.linspace(0, 1, 200)
    x, y = x0 + (x1 - x0) * along, y0 + (y1 - y0) * along
    y = y + wire["sag"] * 4 * along * (1 - along)
    sway = wire["sway_px"] * np.sin(2 * np.pi * at / wire["period"]) * np.sin(np.pi * along)
    steep = abs(y1 - y0) > 1
    if aim is not None and steep:
        x += aim[0] - np.interp(aim[1], y, x)
    elif aim is not None:
        y += aim[1] - np.interp(aim[0], x, y)
    return np.stack([x * size[0] + (sway if steep else 0), y * size[1] + (0 if steep else sway)], 1)


def draw(wire: dict[str, Any], size: tuple[int, int], at: int, aim: tuple[float, float] | None = None) -> np.ndarray:
    """The wire's exact coverage (h, w) 0..1 on frame ``at``, by eight-fold supersampling, averaged while the shutter is open."""
    times = at + wire["shutter"] * (np.arange(9) - 4) / 9 if wire["shutter"] else np.array([float(at)])
    fine, total = 8, np.zeros((size[1], size[0]), np.float32)
    for moment in times:
        canvas = np.zeros((size[1] * fine, size[0] * fine), np.uint8)
        points = np.round(course(wire, size, moment, aim) * fine).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, max(1, round(wire["width_px"] * fine)))
        total += cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.asarray(total / np.float32(len(times)), np.float32)


def _shade(wire: dict[str, Any], size: tuple[int, int]) -> np.ndarray:
    """The wire's own grey at every pixel (h, w, 1): it changes along the wire, as on anything that hangs in real light."""
    steep = abs(wire["ends"][3] - wire["ends"][1]) > 1
    along = np.linspace(0, 1, size[1])[:, None] if steep else np.linspace(0, 1, size[0])[None, :]
    light = wire["grey"] * (1 + wire["shading"] * np.sin(2 * np.pi * (1.5 * along + wire["ends"][0])))
    return np.broadcast_to(np.clip(light, 0, 1), (size[1], size[0])).astype(np.float32)[..., None]


def blob(mask: dict[str, Any], size: tuple[int, int]) -> np.ndarray:
    """The stationary hole (h, w), 0 or 1."""
    turn = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radius = 1 + sum(
        a * np.cos((k + 2) * turn) + b * np.sin((k + 2) * turn)
        for k, (a, b) in enumerate(zip(mask["waves"][::2], mask["waves"][1::2], strict=True))
    )
    area = 0.5 * float(np.mean(radius**2)) * 2 * np.pi
    scale = np.sqrt(mask["share"] * size[0] * size[1] / area)
    x = mask["middle"][0] * size[0] + scale * np.sqrt(mask["wider"]) * radius * np.cos(turn)
    y = mask["middle"][1] * size[1] + scale / np.sqrt(mask["wider"]) * radius * np.sin(turn)
    hole = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(hole, [np.round(np.stack([x, y], 1)).astype(np.int32)], 1)
    return hole.astype(np.float32)


def _box_matte(entry: dict[str, Any], window: tuple[float, float], size: tuple[int, int], full: tuple[int, int]) -> np.ndarray:
    box = entry["performer"]
    matte = np.zeros((size[1], size[0]), np.float32)
    x0, x1 = (int(np.clip(box[i] * full[0] - window[0], 0, size[0])) for i in (0, 2))
    y0, y1 = (int(np.clip(box[i] * full[1] - window[1], 0, size[1])) for i in (1, 3))
    matte[y0:y1, x0:x1] = 1
    return matte


def read_list(path: Path) -> list[dict[str, Any]]:
    """The cases as they are written down."""
    return list(json.loads(path.read_text())["cases"])
