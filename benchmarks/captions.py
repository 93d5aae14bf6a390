"""The captioner against known truth: virtual camera moves over real stills, known light changes, and labelled clips.

Run: ``python benchmarks/captions.py [--footage DIR] [--json]``. The moves are simulated, their pictures are real
photographs: a pinhole camera of known field of view turns (or zooms) over each, with grain. Labels of real clips are one
rater's, by eye.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.captioner.caption import caption_clip
from answerprint.colour.spaces import default_space, to_working
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera

RATE, FRAMES, SIZE = Fraction(24), 48, (384, 216)
STILLS = ("filmstock/kodak_scans", "metadata/exif_photos", "coverage/lund_29views")
MOVES = {  # right, up, clockwise: degrees per second; in: per cent per second
    "static": (0, 0, 0, 0),
    "pan_right": (4, 0, 0, 0),
    "pan_left": (-1.5, 0, 0, 0),
    "tilt_up": (0, 2, 0, 0),
    "tilt_down": (0, -4, 0, 0),
    "roll_cw": (0, 0, 3, 0),
    "roll_ccw": (0, 0, -5, 0),
    "zoom_in": (0, 0, 0, 8),
    "zoom_out": (0, 0, 0, -12),
    "handheld": (0, 0, 0, 0),
}
LABELS = {"near-static": "static"}


def turned(still: np.ndarray, move: str, frame: int, hfov: float, shake: np.ndarray) -> np.ndarray:
    """Frame ``frame`` of a virtual camera of ``hfov`` degrees over a still that spans 2.2 times that picture."""
    right, up, clockwise, growth = MOVES[move]
    seconds = (frame - (FRAMES - 1) / 2) / float(RATE)
    width, height = SIZE
    focal = width / 2 / np.tan(np.radians(hfov) / 2)
    zoom = (1 + growth / 100) ** seconds
    pan, tilt, roll = np.radians(np.array([right, up, clockwise]) * seconds + shake[frame])
    about_y = np.array([[np.cos(pan), 0, np.sin(pan)], [0, 1, 0], [-np.sin(pan), 0, np.cos(pan)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    lens = np.array([[focal * zoom, 0, (width - 1) / 2], [0, focal * zoom, (height - 1) / 2], [0, 0, 1]])
    scale = max(1.5 * width, 1.5 * height * width / height) / still.shape[1]
    picture = np.array([[focal / scale, 0, (still.shape[1] - 1) / 2], [0, focal / scale, (still.shape[0] - 1) / 2], [0, 0, 1]])
    to_still = picture @ about_y @ about_x @ about_z @ np.linalg.inv(lens)
    return cv2.warpPerspective(still, to_still, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)


def virtual_clip(still: np.ndarray, move: str, hfov: float, seed: int) -> list[np.ndarray]:
    """The frames, with grain; ``handheld`` wanders by about 0.25 degrees at two to six hertz."""
    random = np.random.default_rng(seed)
    shake = np.zeros((FRAMES, 3))
    if move == "handheld":
        at = np.arange(FRAMES) / float(RATE)
        for _ in range(5):
            shake += 0.18 * np.sin(2 * np.pi * random.uniform(2, 6) * at + random.uniform(0, 6.3))[:, None] * random.normal(size=3)
    frames = [turned(still, move, frame, hfov, shake) for frame in range(FRAMES)]
    return [np.maximum(f + random.normal(0, 0.02, f.shape) * np.sqrt(np.maximum(f, 0.002)), 0).astype(np.float32) for f in frames]


def stills(footage: Path, most: int) -> list[tuple[str, np.ndarray]]:
    """Real photographs in ACEScg, 1200 pixels wide, evenly chosen."""
    found = []
    for folder in STILLS:
        files = sorted(p for p in (footage / folder).rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".tif"))
        found += [files[round(at)] for at in np.linspace(0, len(files) - 1, min(len(files), max(1, most // len(STILLS))))]
    pictures = []
    for path in dict.fromkeys(found):
        codes = oiio.ImageBuf(str(path)).get_pixels(oiio.UINT8)[..., :3]
        small = cv2.resize(codes, (1200, round(codes.shape[0] * 1200 / codes.shape[1])), interpolation=cv2.INTER_AREA)
        pictures.append((path.name, to_working(small, default_space("uint8", "jpeg", None))))
    return pictures


def recalled(moves: list[dict[str, Any]], truth: str) -> tuple[float, float | None]:
    """The share of the clip that was given this move, and its rate there."""
    right = [m for m in moves if m["move"] == truth]
    frames = sum(m["frames"][1] - m["frames"][0] for m in right)
    rate = sum(m["rate"] * (m["frames"][1] - m["frames"][0]) for m in right) / frames if frames else None
    return frames / FRAMES, rate


def score_moves(pictures: list[tuple[str, np.ndarray]]) -> list[dict[str, Any]]:
    """For each move: found on how many stills, share of frames, rate error, and what else was claimed."""
    hfov = 40.0
    focal = SIZE[0] / 2 / np.tan(np.radians(hfov) / 2)
    camera = Camera.from_opencv(np.array([[focal, 0, (SIZE[0] - 1) / 2], [0, focal, (SIZE[1] - 1) / 2], [0, 0, 1]]), SIZE)
    rows = []
    for move, speeds in MOVES.items():
        shares, errors, others = [], [], 0
        for seed, (_, still) in enumerate(pictures):
            clip = virtual_clip(still, move, hfov, seed)
            shot = caption_clip(clip.__getitem__, FRAMES, RATE, camera)["shots"][0]
            share, rate = recalled(shot["moves"], move)
            shares.append(share)
            others += sum(m["move"] not in (move, "static") for m in shot["moves"])
            if rate and any(speeds):
                errors.append(abs(rate / max(abs(s) for s in speeds) - 1))
        rows.append({
            "move": move, "clips": len(shares), "found": sum(s >= 0.5 for s in shares), "share": round(float(np.mean(shares)), 3),
            "rate_error_percent": round(100 * float(np.median(errors)), 1) if errors else None, "other_moves": others,
        })  # fmt: skip
    return rows


def score_light(pictures: list[tuple[str, np.ndarray]]) -> dict[str, float]:
    """Error of a known exposure change (stops) and of a known change of white (mired), both relative to the still itself."""
    from answerprint.colour.temperature import cct_duv

    warm = np.array([1.25, 1.0, 0.62], np.float32)
    stops, shifts = [], []
    for _, still in pictures:
        small = cv2.resize(still, SIZE, interpolation=cv2.INTER_AREA)
        seen = (small, small * warm, small / 2)
        one, other, dark = (caption_clip([picture].__getitem__, 1, RATE)["shots"][0]["fields"] for picture in seen)
        stops.append(abs(one["exposure"]["value"] - dark["exposure"]["value"] - 1))
        if one["cct"]["value"] and other["cct"]["value"]:
            expected = 1e6 / cct_duv(warm)[0] - 1e6 / cct_duv(np.ones(3))[0]
            shifts.append(abs(1e6 / other["cct"]["value"] - 1e6 / one["cct"]["value"] - expected))
    return {"exposure_error_stops": round(float(np.mean(stops)), 3), "white_shift_error_mired": round(float(np.median(shifts)), 1)}


def score_cuts(pictures: list[tuple[str, np.ndarray]]) -> dict[str, int]:
    """Cuts between panning shots of different stills: how many were found on the very frame, and how many were invented."""
    hits = extra = total = 0
    for at in range(len(pictures) - 1):
        clip = virtual_clip(pictures[at][1], "pan_right", 40, at)[:30] + virtual_clip(pictures[at + 1][1], "tilt_down", 40, at)[:30]
        found = {shot["frames"][0] for shot in caption_clip(clip.__getitem__, 60, RATE)["shots"]} - {0}
        total, hits, extra = total + 1, hits + (30 in found), extra + len(found - {30})
    return {"cuts": total, "on_the_frame": hits, "invented": extra}


def score_labels(footage: Path) -> list[dict[str, Any]]:
    """The clips someone labelled by eye."""
    rows = []
    for name, label in json.loads((footage / "labels.json").read_text())["clips"].items():
        sequence = open_sequence(footage / name)
        space = default_space(sequence.storage, "movie", sequence.colour_tag)
        began = time.process_time()
        caption = caption_clip(lambda i, q=sequence, s=space: to_working(q.read(i).rgb(), s), sequence.count, sequence.rate or RATE)
        shot = caption["shots"][0]
        longest = max(shot["moves"], key=lambda m: m["frames"][1] - m["frames"][0])["move"] if shot["moves"] else None
        rows.append({
            "clip": name, "label": f"{label['shot']}, {label['movement'].split(' (')[0].split(':')[0]}", "shots": len(caption["shots"]),
            "shot_size": shot["fields"]["shot_size"]["value"], "people": shot["fields"]["people"]["value"], "longest_move": longest,
            "cpu_seconds": round(time.process_time() - began, 1), "text": shot["text"],
        })  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Rows under one head, columns as wide as they need."""
    head = list(rows[0])
    cells = [head, *[[("-" if row[k] is None else str(row[k])) for k in head] for row in rows]]
    wide = [max(len(line[at]) for line in cells) for at in range(len(head))]
    return "\n".join("  ".join(cell.ljust(wide[at]) for at, cell in enumerate(line)).rstrip() for line in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "footage"
    parser.add_argument("--footage", type=Path, default=Path(os.environ.get("ANSWERPRINT_FOOTAGE") or beside))
    parser.add_argument("--stills", type=int, default=6)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pictures = stills(options.footage, options.stills)
    result = {
        "moves": score_moves(pictures),
        "cuts": score_cuts(pictures),
        "light": score_light(pictures),
        "labels": score_labels(options.footage),
    }
    if options.json:
        print(json.dumps(result, indent=1))
        return
    print(f"Virtual moves over {len(pictures)} real stills\n{table(result['moves'])}\n")
    print(
        f"Cuts\n{table([result['cuts']])}\n\nLight\n{table([result['light']])}\n\nClips labelled by eye\n{table(result['labels'])}"
    )


if __name__ == "__main__":
    main()
