"""Wires off the rendered sample production, whose sensor noise is on: with and without the second take, beside the noise floor.

Run: ``python benchmarks/removal_takes.py [--pictures DIR]``. PSNR in display codes against the clean reference, inside the matte off the
performers. The floor is what another exposure of the clean set scores, the reference's next frame: the same set, other noise. The
matte is used as it lies and once more as it is on the middle frame for the whole clip, a wire that never moves; and a
hole of 8 % between the performers is cut, that no frame of the take sees behind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from removal_cases import blob

from answerprint.colour.spaces import default_space, resolve_space, to_working
from answerprint.generator.log_light import encoded
from answerprint.generator.removal import Removal
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.media.sequence import open_sequence
from answerprint.production import FrameRange

STAGE = Path(__file__).resolve().parents[1] / "examples" / "stage"
CAMERAS = {  # the clip, its other take, the clean reference; with mattes of all performers
    "A": ("A001C001_21A_T1", "A001C002_21A_T2", "A001C001-clean"),
}
_PERFORMERS = ("mara", "idris")
_BAR_DB = 1.0
HOLE = {"middle": [0.5, 0.4], "wider": 0.9, "waves": [0.1, -0.05, 0.08, 0.02, -0.04, 0.1], "share": 0.08}


class Frames:
    """Frames in memory, as an operation reads them."""

    camera = None

    def __init__(self, frames: list[np.ndarray], name: str) -> None:
        self.frames, self.count, self.clip, self.digest = frames, len(frames), name, name
        self.height, self.width = frames[0].shape[:2]

    def read(self, index: int) -> np.ndarray:
        """Frame ``index``."""
        return self.frames[index].copy()


def light(path: Path) -> list[np.ndarray]:
    """A clip's frames as ACEScg."""
    clip = open_sequence(path)
    first = clip.read(0)
    space = resolve_space(default_space(clip.storage, first.header.file_format, clip.colour_tag))
    return [to_working(clip.read(at).rgb(), space) for at in range(clip.count)]


def pictures(folder: Path) -> list[np.ndarray]:
    """The mattes of a folder, 0 to 1."""
    return [
        cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.float32) / np.float32(255) for path in sorted(folder.glob("*.png"))
    ]


def error(made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Squared difference in ACEScct (h, w)."""
    return np.asarray(((encoded(made) - encoded(truth)) ** 2).mean(axis=-1))


def decibels(errors: list[np.ndarray]) -> float:
    """PSNR in ACEScct, peak 1."""
    return float(-10 * np.log10(max(float(np.concatenate(errors).mean()), 1e-10)))


def removed(plate: Frames, mattes: list[np.ndarray], takes: list[Frames]) -> list[np.ndarray]:
    """The operation's fills laid into the plate."""
    operation, parameters, context = Removal(), Removal.Parameters(), SeededContext(1)
    inputs: dict[str, Any] = {"plate": plate, "matte": Frames(mattes, "matte")} | ({"takes": takes} if takes else {})
    analysis = operation.analyse(inputs, parameters, context)
    out = []
    for result in operation.render(Chunk(FrameRange(0, plate.count), inputs), analysis, parameters, context):
        if result.fill is None:
            out.append(plate.frames[result.frame])
            continue
        fill, opacity = (full_frame(plane, result, plate.width, plate.height) for plane in (result.fill, result.matte))
        out.append(plate.frames[result.frame] * (1 - opacity[..., None]) + fill * opacity[..., None])
    return out


def main() -> int:
    """Run and print; exit 3 where the second take does not bring a never-moving wire within 1 dB of the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    met = True
    print("camera matte    floor   one take   with the other take   dB in ACEScct, off the performers")
    for camera, (name, other, reference) in CAMERAS.items():
        folder = STAGE / "material" / "camera" / "21A"
        plate, take = Frames(light(folder / f"{name}.mp4"), name), Frames(light(folder / f"{other}.mp4"), other)
        truth = light(STAGE / "reference" / "clean" / f"{reference}.mp4")
        drawn = pictures(folder / f"{name}_matte")
        people = [pictures(STAGE / "reference" / "mattes" / f"{name}-{who}") for who in _PERFORMERS]
        bodies = [cv2.dilate(np.max(pair, axis=0), np.ones((5, 5), np.uint8)) > 0 for pair in zip(*people, strict=True)]
        steady = [drawn[len(drawn) // 2]] * len(drawn)
        hole = [blob(HOLE, (plate.width, plate.height))] * len(drawn)
        for kind, mattes in (("drawn", drawn), ("still", steady), ("hole", hole)):
            where = [(m > 0) & ~b for m, b in zip(mattes, bodies, strict=True)]
            source = plate if kind == "drawn" else Frames(_cleaned(plate.frames, truth, drawn, mattes), f"{name} {kind}")
            again = truth[1:] + truth[-2:-1]
            calm = [
                w & ~cv2.dilate(b.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
                for w, b in zip(where, bodies[1:] + bodies[-2:-1], strict=True)
            ]
            floor = decibels([error(p, t)[w] for p, t, w in zip(again, truth, calm, strict=True)])
            made = {heard: removed(source, mattes, [take] if heard else []) for heard in (False, True)}
            figures = {h: decibels([error(m, t)[w] for m, t, w in zip(made[h], truth, where, strict=True)]) for h in made}
            good = figures[True] >= floor - _BAR_DB
            met &= good
            print(
                f"{camera:6} {kind:7} {floor:6.2f}   {figures[False]:8.2f}   {figures[True]:19.2f}   {'' if good else 'missed'}",
                flush=True,
            )
            if options.pictures is not None:
                _save(
                    options.pictures / f"{camera}-{kind}.png",
                    [source.frames[6], made[False][6], made[True][6], truth[6]],
                    mattes[6],
                )
    return 0 if met else 3


def _cleaned(
    frames: list[np.ndarray], truth: list[np.ndarray], drawn: list[np.ndarray], mattes: list[np.ndarray]
) -> list[np.ndarray]:
    """The plate with its own wires replaced by the clean reference, and a dark wire where the still matte lies."""
    out = []
    for frame, clean, own, matte in zip(frames, truth, drawn, mattes, strict=True):
        wide = cv2.dilate(own, np.ones((5, 5), np.uint8))[..., None] > 0
        behind = np.where(wide, clean, frame)
        out.append((behind * (1 - matte[..., None]) + np.float32(0.02) * matte[..., None]).astype(np.float32))
    return out


def _save(path: Path, frames: list[np.ndarray], matte: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    x = int(np.median(np.nonzero(matte > 0)[1]))
    x0 = int(np.clip(x - 90, 0, matte.shape[1] - 180))
    strip = np.hstack([np.clip(encoded(f)[:, x0 : x0 + 180, ::-1] * 400 - 20, 0, 255).astype(np.uint8) for f in frames])
    cv2.imwrite(str(path), cv2.resize(strip, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST))


if __name__ == "__main__":
    sys.exit(main())
