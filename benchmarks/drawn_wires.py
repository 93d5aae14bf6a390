"""Wires drawn over real clips, so that the truth under them is known: which clips, which wires, which moves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.colour.spaces import default_space, to_working
from answerprint.media.sequence import open_sequence

SEED = 20251
FRAMES = 16
SCORED = (5, 6, 7, 8, 9, 10)
SIZE = (800, 448)
"""Frames of each case, those that are scored, and the working picture (width, height)."""

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
    """The cases, in order, from the seed alone: strata static, moving and crossing."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    cases: list[dict[str, Any]] = []
    for place in PLACES:
        for stratum in ("static", "moving", "crossing"):
            for number in range(2):
                wire = _wire(rng, still=number == 0)
                move = _move(rng, zoom=number == 1)
                seat = [round(float(v), 4) for v in rng.uniform(0, 1, 2)]
                if stratum == "crossing" and place.performer is None:
                    continue
                cases.append(
                    {
                        "name": f"{place.name}-{stratum}-{number + 1}",
                        "clip": place.file,
                        "shrink": place.shrink,
                        "stratum": stratum,
                        "split": "held-out" if place.name in HELD_OUT else "tuning",
                        "first": place.performer_first if stratum == "crossing" else place.first,
                        "frames": FRAMES,
                        "scored": list(SCORED),
                        "seat": seat,
                        "move": move if stratum == "moving" else {"pan": [0.0, 0.0], "zoom": 0.0},
                        "performer": list(place.performer) if stratum == "crossing" and place.performer else None,
                        "wire": wire,
                    }
                )
    return cases


def _wire(rng: np.random.Generator, still: bool) -> dict[str, Any]:
    """A wire in fractions of the picture: from, to, sag and width in fractions of the picture, grey, sway in pixels, its period in frames.

    The width is 2 to 4.8 pixels in a picture 800 wide, which is 5 to 11.5 pixels at HD width.
    """
    steep = bool(rng.integers(0, 2))
    a, b = rng.uniform(0.15, 0.85, 2)
    ends = [a, -0.02, b, 1.02] if steep else [-0.02, a, 1.02, b]
    return {
        "ends": [round(float(v), 4) for v in ends],
        "sag": round(float(rng.choice([0.0, rng.uniform(0.03, 0.12)])), 4),
        "width": round(float(rng.uniform(2.0, 4.8)) / SIZE[0], 5),
        "grey": round(float(rng.choice([rng.uniform(0.03, 0.15), rng.uniform(0.6, 0.9)])), 3),
        "sway_px": 0.0 if still else round(float(rng.uniform(4.0, 14.0)), 2),
        "period": round(float(rng.uniform(14.0, 40.0)), 1),
    }


def _move(rng: np.random.Generator, zoom: bool) -> dict[str, Any]:
    """A known virtual camera move: pixels a frame, and the rate of growth a frame."""
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 5.0)
    return {
        "pan": [round(float(speed * np.cos(angle)), 3), round(float(speed * np.sin(angle)), 3)],
        "zoom": round(float(rng.uniform(0.002, 0.008)), 5) if zoom else 0.0,
    }


@dataclass
class Case:
    """One drawn wire: clean display codes, codes with the wire, its matte; all 0..1 float32, a list entry a frame."""

    entry: dict[str, Any]
    clean: list[np.ndarray]
    plate: list[np.ndarray]
    matte: list[np.ndarray]
    performer: np.ndarray | None
    space: str


def load(entry: dict[str, Any], footage: Path) -> Case:
    """Read the clip, apply the virtual move, draw the wire."""
    sequence = open_sequence(footage / entry["clip"])
    width = round(sequence.width * entry["shrink"])
    height = round(sequence.height * entry["shrink"])
    size = min(SIZE[0], width * 3 // 4), min(SIZE[1], height * 3 // 4)
    window = _window(entry, (width, height), size)
    clean, plate, mattes = [], [], []
    space = "sRGB"
    for at in range(entry["frames"]):
        source = sequence.read(entry["first"] + at)
        space = default_space(sequence.storage, source.header.file_format, sequence.colour_tag)
        codes = source.rgb()
        codes = codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
        if entry["shrink"] != 1.0:
            codes = cv2.resize(codes, (width, height), interpolation=cv2.INTER_AREA)
        picture = _seen(codes, entry, window, size, at)
        matte = draw(entry["wire"], size, at, _aim(entry, window, size, (width, height)))
        picture = np.round(picture * 65535) / np.float32(65535)
        clean.append(picture)
        plate.append((picture * (1 - matte[..., None]) + np.float32(entry["wire"]["grey"]) * matte[..., None]).astype(np.float32))
        mattes.append(matte)
    performer = None if entry["performer"] is None else _box_matte(entry, window, size, (width, height))
    return Case(entry, clean, plate, mattes, performer, space)


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


def draw(wire: dict[str, Any], size: tuple[int, int], at: int, aim: tuple[float, float] | None) -> np.ndarray:
    """The wire's exact coverage (h, w) 0..1 on frame ``at``, by eight-fold supersampling."""
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
    px = x * size[0] + (sway if steep else 0)
    py = y * size[1] + (0 if steep else sway)
    fine = 8
    canvas = np.zeros((size[1] * fine, size[0] * fine), np.uint8)
    points = np.round(np.stack([px, py], 1) * fine).astype(np.int32)
    cv2.polylines(canvas, [points], False, 255, max(1, round(wire["width"] * size[0] * fine)))
    return (cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255).astype(np.float32)


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


RATE = Fraction(24)
