"""Continuity on cuts with seeded errors: what is found, what is missed, and how often a clean cut is blamed.

    python benchmarks/continuity.py FOOTAGE [--part tune|held|unseen|fresh|strange] [--only SOURCE] [--list]

Every cut is made of one real clip (and of the rendered production) as two cameras would have: a wide and a close framing at once,
each with its own sensor noise, a little exposure and balance apart. ``continuity.json`` beside this file is the fixed list; it
was written by ``--list`` before anything was tuned. No part shares a shot or still with another. ``held``, ``unseen`` and ``fresh`` were
each written of other material than those before, run once, and looked into after that, so that they are for tuning now; ``strange`` was
written after what they showed was mended. A mirrored picture may also be told by what follows from it (key light, order of people).

``strange`` is mostly of the samples of Debian's opencv-doc 4.6.0, to be laid flat (and unzipped) into ``opencv-doc`` of the cache folder:

    apt-get download opencv-doc && dpkg -x opencv-doc_*.deb x    # examples/data, examples/alphamat/input_images, opencv4/html/*.mp4.gz
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.colour.spaces import LINEAR_709, SRGB, default_space, to_working
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput
from answerprint.production.home import cache_folder
from answerprint.quality.continuity import Side, compare_cut
from answerprint.sample.stage_production.build import ready_production

LIST = Path(__file__).with_suffix(".json")
FRAMES = 6
SIZES = {
    "exposure": (0.5, 1.0),
    "colour-temperature": (25.0, 55.0),
    "black-level": (0.012, 0.03),
    "grain": (2.5, 5.0),
    "sharpness": (1.2, 2.2),
    "key-direction": (0.6, 1.2),
    "lens": (0.6, 1.2),
    "screen-direction": (1.0,),
    "jump": (1.0,),
    "colour": (50.0, 110.0),
}
"""stop; mired; linear light; times sigma; px at 640; stops at the edge; stops in the corner; -; -; degrees of hue."""
ALSO = {"screen-direction": {"key-direction", "line", "lens", "colour"}}
"""What follows from a seeded error and is true as well."""


@dataclass(frozen=True)
class Source:
    """A clip, the part it serves, the width cuts are made at, and a thing in it whose colour can be changed: left, top, right, bottom
    (shares of the picture) and its hue in degrees."""

    place: str
    part: str
    width: int
    clean: int
    thing: tuple[float, float, float, float, float] | None = None
    frames: tuple[int, int] | None = None
    """One shot of an edited clip: first frame, and the one after its last."""


SOURCES = {
    "dog": Source("removal/sam2_gallery/01_dog.mp4", "tune", 640, 14, (0.1, 0.3, 0.4, 0.9, 215)),
    "lime": Source("removal/lime/input_video.mp4", "tune", 640, 12, (0.5, 0.42, 0.75, 1.0, 10)),
    "stage-B": Source("stage:B001C001_21A_T1", "tune", 320, 6, (0.55, 0.25, 0.95, 0.7, 40)),
    "juggle": Source("removal/sam2_gallery/05_default_juggle.mp4", "held", 640, 16),
    "blocks": Source("removal/sam2_gallery/03_blocks.mp4", "held", 640, 14, (0.0, 0.0, 1.0, 1.0, 48)),
    "duck": Source("removal/ducky-float/input_video.mp4", "held", 640, 12, (0.2, 0.2, 0.6, 1.0, 48)),
    "river": Source("removal/BigBen/input_video.mp4", "held", 320, 8),
    "stage-A": Source("stage:A001C001_21A_T1", "held", 320, 6, (0.55, 0.25, 0.95, 0.7, 40)),
    "stage-crane": Source("stage:A002C001_21B_T1", "held", 320, 6, (0.55, 0.25, 0.95, 0.7, 40)),
    "walk-1": Source("sample:cam01_reference.mp4", "unseen", 480, 6, (0.0, 0.5, 1.0, 1.0, 215)),
    "walk-3": Source("sample:cam03_reference.mp4", "unseen", 480, 6, (0.0, 0.4, 1.0, 1.0, 215)),
    "bikes-street": Source("captioner/clips/bikes.mp4", "unseen", 640, 6, None, (110, 137)),
    "bikes-wall": Source("captioner/clips/bikes.mp4", "unseen", 640, 6, None, (214, 242)),
    "stage-close": Source("stage:A003C001_21C_T1", "unseen", 320, 6, (0.2, 0.5, 0.85, 1.0, 48)),
    "carrots": Source("still:grade/exr_photos/Carrots.exr", "unseen", 600, 6, (0.6, 0.4, 1.0, 1.0, 32)),
    "cannon": Source("still:grade/exr_photos/Cannon.exr", "unseen", 640, 6),
    "desk": Source("still:grade/exr_photos/Desk.exr", "unseen", 560, 6),
    "hibiscus": Source("still:filmstock/kodak_scans/07.png", "unseen", 640, 6),
    "beach": Source("still:filmstock/kodak_scans/12.png", "unseen", 640, 6),
    "hat": Source("still:filmstock/kodak_scans/04.png", "unseen", 480, 6, (0.0, 0.0, 1.0, 0.4, 355)),
    "walk-2": Source("sample:cam02_reference.mp4", "fresh", 480, 6),
    "walk-4": Source("sample:cam04_reference.mp4", "fresh", 480, 6, (0.4, 0.75, 1.0, 1.0, 215)),
    "bikes-above": Source("captioner/clips/bikes.mp4", "fresh", 480, 6, None, (0, 30)),
    "bikes-cars": Source("captioner/clips/bikes.mp4", "fresh", 480, 6, None, (30, 72)),
    "bikes-fence": Source("captioner/clips/bikes.mp4", "fresh", 480, 6, None, (137, 187)),
    "bunny": Source("captioner/clips/bigbuckbunny.mp4", "fresh", 480, 6),
    "lane": Source("still:coverage/lund_29views/images/03.jpg", "fresh", 480, 6),
    "lane-back": Source("still:coverage/lund_29views/images/13.jpg", "fresh", 480, 6),
    "crossing": Source("still:coverage/lund_29views/images/24.jpg", "fresh", 480, 6),
    "aloe": Source("still:coverage/stereo_aloe/aloeL.jpg", "fresh", 480, 6, (0.5, 0.7, 0.9, 1.0, 15)),
    "wisteria": Source("still:metadata/exif_photos/iphone_hdr_YES.jpg", "fresh", 480, 6),
    "ribbons": Source("still:provenance/c2pa/A.jpg", "fresh", 480, 6, (0.1, 0.0, 0.6, 1.0, 48)),
    "door": Source("still:filmstock/kodak_scans/02.png", "fresh", 480, 6),
    "lighthouse": Source("still:filmstock/kodak_scans/19.png", "fresh", 400, 6),
    "parrots": Source("still:filmstock/kodak_scans/23.png", "fresh", 480, 6, (0.25, 0.2, 0.65, 1.0, 48)),
    "tree": Source("still:grade/exr_photos/Tree.exr", "fresh", 480, 6),
    "candle": Source("still:grade/exr_photos/CandleGlass.exr", "fresh", 480, 6),
    "car-park": Source("opencv:vtest.avi", "strange", 480, 8),
    "tree-window": Source("opencv:tree.avi", "strange", 320, 8),
    "box": Source("opencv:box.mp4", "strange", 480, 8, (0.2, 0.0, 1.0, 0.75, 45)),
    "cup": Source("opencv:cup.mp4", "strange", 480, 8),
    "bikes-tram": Source("captioner/clips/bikes.mp4", "strange", 480, 8, None, (76, 110)),
    "bikes-walker": Source("captioner/clips/bikes.mp4", "strange", 480, 8, None, (187, 214)),
    "stage-second": Source("stage:A001C002_21A_T2", "strange", 320, 6, (0.55, 0.25, 0.95, 0.7, 40)),
    "square": Source("opencv-still:leuvenA.jpg", "strange", 480, 5),
    "graffiti": Source("opencv-still:graf1.png", "strange", 480, 5),
    "whale": Source("opencv-still:rubberwhale1.png", "strange", 400, 5, (0.6, 0.0, 1.0, 0.6, 38)),
    "lap-dog": Source("opencv-still:chicky_512.png", "strange", 400, 5),
    "fruits": Source("opencv-still:fruits.jpg", "strange", 400, 5, (0.2, 0.0, 0.9, 0.7, 30)),
    "building": Source("opencv-still:building.jpg", "strange", 480, 5),
    "board": Source("opencv-still:board.jpg", "strange", 480, 5),
    "squirrel": Source("opencv-still:squirrel_cls.jpg", "strange", 400, 5),
    "plant": Source("opencv-still:plant.jpg", "strange", 400, 5, (0.3, 0.6, 0.7, 1.0, 15)),
    "lane-red-car": Source("still:coverage/lund_29views/images/20.jpg", "strange", 480, 5),
}
SEEDS = {"tune": 20, "held": 20, "unseen": 41, "fresh": 67, "strange": 103}


def the_list() -> list[dict[str, Any]]:
    """Every cut, drawn once from fixed seeds."""
    draws = {seed: np.random.default_rng(seed) for seed in sorted(set(SEEDS.values()))}
    cases = []
    for at, (name, source) in enumerate(SOURCES.items()):
        rng = draws[SEEDS[source.part]]
        wanted: list[tuple[str | None, float]] = [(None, 0.0)] * source.clean
        kinds = {kind: sizes for kind, sizes in SIZES.items() if kind != "colour" or source.thing}
        if source.part not in ("tune", "held"):  # many sources, so each has every kind once, sizes in turn
            kinds = {kind: (sizes[(at + turn) % len(sizes)],) for turn, (kind, sizes) in enumerate(kinds.items())}
        wanted += [(kind, size) for kind, sizes in kinds.items() for size in sizes]
        for number, (kind, size) in enumerate(wanted):
            wide, close = float(rng.uniform(0.86, 1.0)), float(rng.uniform(0.56, 0.66))
            if kind in ("jump", "colour") or name.startswith("stage"):
                close = wide * (float(rng.uniform(0.97, 1.0)) if kind == "jump" else float(rng.uniform(0.7, 0.76)))
            first, second = (wide, close) if rng.random() < 0.5 else (close, wide)
            cases.append({
                "id": f"{name}-{number:02d}", "part": source.part, "source": name, "kind": kind,
                "size": size if rng.random() < 0.5 or kind in ("black-level", "grain", "sharpness", "lens") else -size,
                "at": round(float(rng.random()), 4),
                "first": [round(first, 4), *(round(float(v), 4) for v in rng.uniform(0, 1, 2))],
                "second": [round(second, 4), *(round(float(v), 4) for v in rng.uniform(0, 1, 2))],
                "apart": [round(float(rng.normal(0, 0.05)), 4), round(float(rng.normal(0, 2)), 3), round(float(rng.normal(0, 0.4)), 3)],
            })  # fmt: skip
    return cases


def made(case: dict[str, Any], footage: Path) -> tuple[Side, Side]:
    """Both sides of a cut, in ACEScg."""
    source = SOURCES[case["source"]]
    sequence = _opened(source.place, footage)
    apart = 4 if case["kind"] == "jump" else 0
    earliest, latest = source.frames or (0, sequence.count)
    room = latest - earliest - 2 * FRAMES - apart
    start = earliest + round(case["at"] * max(0, room))
    begin = min(start + FRAMES + apart, latest - FRAMES)
    rng = np.random.default_rng([len(case["id"]), *case["id"].encode()])
    first = [_shot(sequence, start + i, case["first"], source.width, case, None, rng) for i in range(FRAMES)]
    if case["kind"] == "jump":
        case = case | {"second": [case["second"][0], *case["first"][1:]]}
    second = [_shot(sequence, begin + i, case["second"], source.width, case, source, rng) for i in range(FRAMES)]
    return Side(first), Side(second)


class Still:
    """A photograph as a locked-off shot of it: every frame is the same light, to which each side gives its own noise."""

    count = 4 * FRAMES

    def __init__(self, place: Path) -> None:
        self.picture = oiio.ImageBuf(str(place)).get_pixels(oiio.FLOAT)[..., :3]
        self.space = LINEAR_709 if place.suffix == ".exr" else SRGB


_kept: dict[str, FrameSequence | Still] = {}


def _opened(place: str, footage: Path) -> FrameSequence | Still:
    if place not in _kept:
        kind, _, name = place.rpartition(":")
        if kind in ("still", "opencv-still"):
            _kept[place] = Still((footage if kind == "still" else cache_folder() / "opencv-doc") / name)
        elif kind == "stage":
            _kept[place] = open_sequence(next((ready_production() / "material" / "camera").rglob(name)), 24)
        else:
            folder = {"sample": cache_folder() / "sample", "opencv": cache_folder() / "opencv-doc"}.get(kind, footage)
            _kept[place] = open_sequence(folder / name, 24)
    return _kept[place]


def _codes(sequence: FrameSequence | Still, frame: int) -> tuple[np.ndarray, str]:
    if isinstance(sequence, Still):
        return sequence.picture, sequence.space
    return sequence.read(frame).rgb(), default_space(sequence.storage, sequence.file_format, sequence.colour_tag)


def _shot(
    sequence: FrameSequence | Still, frame: int, framing: list[float], width: int, case: dict[str, Any], source: Source | None, rng: np.random.Generator
) -> np.ndarray:  # fmt: skip
    """A frame as one of the two cameras saw it; ``source`` None for the first side, which is never altered."""
    codes, space = _codes(sequence, frame)
    if codes.shape[1] > 3 * width:  # nothing of a 4K frame is seen at this width that half of it does not show
        codes = cv2.resize(codes, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    light = to_working(codes, space).astype(np.float32)
    kind, size = (case["kind"], case["size"]) if source is not None else (None, 0.0)
    if kind == "colour" and source is not None and source.thing:
        light = _recoloured(light, source.thing, size)
    picture = _framed(light, framing, width, case["apart"][2] if source is not None else 0.0)
    if source is not None:
        picture = picture * np.float32(2.0 ** case["apart"][0]) * _balance(case["apart"][1])
    picture = _seeded(picture, kind, size)
    noise = 2e-6 + 3e-5 * np.clip(picture, 0, None)
    sigma = np.sqrt(noise) * (size if kind == "grain" else 1.0)
    return np.asarray(picture + rng.normal(0, 1, picture.shape) * sigma, np.float32)


def _framed(light: np.ndarray, framing: list[float], width: int, turn: float) -> np.ndarray:
    share, x, y = framing
    height, across = light.shape[:2]
    size = (width, round(width * height / across))
    w, h = share * across, share * height
    left, top = x * (across - w), y * (height - h)
    scale = size[0] / w
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mid = np.array([left + w / 2, top + h / 2])
    matrix = np.array([[c, -s], [s, c]]) * scale
    move = np.array(size) / 2 - matrix @ mid
    if scale < 1:
        light = cv2.GaussianBlur(light, (0, 0), 0.45 / scale)
    return cv2.warpAffine(light, np.column_stack([matrix, move]), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _seeded(picture: np.ndarray, kind: str | None, size: float) -> np.ndarray:
    height, width = picture.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * np.float32(height / width)
    if kind == "exposure":
        return picture * np.float32(2**size)
    if kind == "colour-temperature":
        return picture * _balance(size)
    if kind == "black-level":
        return picture + np.float32(size)
    if kind == "sharpness":
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), size * width / 640))
    if kind == "key-direction":
        return np.asarray(picture * np.exp2(np.float32(size) * x))
    if kind == "lens":
        return np.asarray(picture * np.exp2(-np.float32(size) * (x**2 + y**2) / (1 + (height / width) ** 2)))
    return np.ascontiguousarray(picture[:, ::-1]) if kind == "screen-direction" else picture


def _balance(mired: float) -> np.ndarray:
    """Gains of a light that many mired warmer, near enough for small steps: red up, blue down, green kept."""
    return np.exp2(np.array([0.006, 0.0, -0.0085], np.float32) * np.float32(mired))


def _recoloured(light: np.ndarray, thing: tuple[float, float, float, float, float], degrees: float) -> np.ndarray:
    """What has the thing's hue inside its box, turned on the colour wheel, its luminance kept."""
    height, width = light.shape[:2]
    left, top, right, bottom, hue = thing
    hsv = cv2.cvtColor(np.clip(light, 0, 1) ** np.float32(1 / 2.2), cv2.COLOR_RGB2HSV)
    near = np.abs((hsv[..., 0] - hue + 180) % 360 - 180) < 22
    mask = np.zeros((height, width), np.float32)
    part = np.s_[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    mask[part] = (near & (hsv[..., 1] > 0.18))[part]
    mask = cv2.GaussianBlur(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    hsv[..., 0] = (hsv[..., 0] + degrees) % 360
    turned = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) ** np.float32(2.2)
    luma = np.array([0.2722, 0.6741, 0.0537], np.float32)
    turned *= ((light @ luma + 1e-4) / (turned @ luma + 1e-4))[..., None]
    return np.asarray(light * (1 - mask[..., None]) + turned * mask[..., None], np.float32)


def main() -> None:
    """Write the list, or score it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("footage", type=Path)
    options.add_argument("--part", choices=tuple(SEEDS), default="tune")
    options.add_argument("--only", help="one source")
    options.add_argument("--list", action="store_true", help="write the list anew")
    options.add_argument("--show", action="store_true", help="print every finding")
    given = options.parse_args()
    if given.list:
        LIST.write_text("[\n" + ",\n".join(json.dumps(case) for case in the_list()) + "\n]\n")
        return
    cases = [c for c in json.loads(LIST.read_text()) if c["part"] == given.part and given.only in (None, c["source"])]
    found: dict[str, set[str]] = {}
    for case in cases:
        try:
            found[case["id"]] = _found(case, given.footage, given.show)
        except BadInput as unreadable:
            print(f"{case['id']} could not be run: {unreadable}", flush=True)
    _report([case for case in cases if case["id"] in found], found)


def _found(case: dict[str, Any], footage: Path, show: bool) -> set[str]:
    first, second = made(case, footage)
    compared = compare_cut(first, second)
    if show:
        measured = {kind: [round(v, 3) for v in both] for kind, both in compared.figures.items()}
        print(json.dumps({"id": case["id"], "kind": case["kind"], "size": case["size"], "figures": measured}), flush=True)
    return {one.kind for one in compared.findings}


def _report(cases: list[dict[str, Any]], found: dict[str, set[str]]) -> None:
    started = time.process_time()
    clean = [case for case in cases if case["kind"] is None]
    seeded = [case for case in cases if case["kind"] is not None]
    alarms = [case["id"] for case in clean if found[case["id"]]]
    right = [case for case in seeded if case["kind"] in found[case["id"]]]
    wrong = sum(len(found[c["id"]] - {c["kind"]} - ALSO.get(c["kind"], set())) for c in seeded)
    print("kind                 size  found")
    by: dict[tuple[str, float], list[bool]] = defaultdict(list)
    for case in seeded:
        by[case["kind"], abs(case["size"])].append(case["kind"] in found[case["id"]])
    for (kind, size), hits in by.items():
        print(f"{kind:20} {size:5g}  {sum(hits)}/{len(hits)}")
    sources = Counter(c["source"] for c in seeded)
    print("by source:", ", ".join(f"{s} {sum(c['source'] == s for c in right)}/{n}" for s, n in sources.items()))
    told = len(right) + wrong + len(alarms)
    print(f"recall {len(right) / max(1, len(seeded)):.3f}  precision {len(right) / max(1, told):.3f}  "
          f"clean cuts blamed {len(alarms)} of {len(clean)} {alarms}  CPU {time.process_time() - started:.0f} + before {started:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
