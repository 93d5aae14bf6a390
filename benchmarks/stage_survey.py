"""Forty random frames of the virtual stage to be looked at by eye: families, day and night, shot sizes, seeds; rendered once, and a sheet.

The ten faults that are counted, and the counts, stand in docs/simulation-survey.md. Frames that are there are not rendered again, so a run that
was ended goes on. Round 1 found the faults; later rounds have other seeds, so that what was repaired is counted on frames nobody has seen.

Run: ``python benchmarks/stage_survey.py --out DIR [--round 1] [--count 40] [--samples 32] [--sheet FILE]``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.view import display
from answerprint.media.exr import read_exr
from answerprint.production import AnswerprintError
from answerprint.simulation.generate import ShotName, generate
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import FAMILIES, Family, Stage

_SHOTS: tuple[ShotName, ...] = ("wide", "full", "medium", "close")
_COLUMNS = 5


def survey_stage(number: int, part: int, samples: int, size: tuple[int, int] = (320, 180)) -> Stage:
    """The ``number``-th stage of a round: every family by day and night, each in turn at another shot size."""
    family: Family = FAMILIES[number % len(FAMILIES)]  # type: ignore[assignment]
    turn = number // len(FAMILIES)
    seed = int(np.random.default_rng([part, number]).integers(1, 100_000))
    shot = _SHOTS[(number + turn) % len(_SHOTS)]
    stage = generate(family, seed, "night" if (number + turn) % 2 else "day", shot=shot)
    render = stage.render.model_copy(update={"samples": samples, "passes": ("beauty",)})
    cameras = tuple(camera.model_copy(update={"active_sensor_resolution": size}) for camera in stage.cameras)
    return stage.model_copy(update={"name": f"{family}-{stage.set.time}-{shot}", "render": render, "cameras": cameras})


def shown(folder: Path, stage: Stage) -> NDArray[np.uint8]:
    """The picture as it is looked at: display codes, 8 bit, BGR."""
    planes = read_exr(pass_file(folder, stage, stage.cameras[0], "beauty", stage.first_frame)).planes
    picture = np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)
    return (np.clip(display(picture), 0, 1)[..., ::-1] * 255 + 0.5).astype(np.uint8)


def main() -> int:
    """Render what is missing and write the pictures; 0 when all are there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--round", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first frame: several processes may share a round")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--samples", type=int, default=32, help="as a stage has them that says nothing")
    parser.add_argument("--sheet", type=Path, help="a contact sheet (JPEG)")
    options = parser.parse_args()
    pictures = []
    try:
        with Renderer() as renderer:
            for number in range(options.first, options.first + options.count):
                stage = survey_stage(number, options.round, options.samples)
                folder = options.out / f"round-{options.round}" / f"{number:02d}"
                shot = shoot_stage(stage, folder, renderer=renderer)
                pictures.append(shown(folder, stage))
                cv2.imwrite(str(folder.parent / f"{number:02d}-{stage.name}.png"), pictures[-1])
                print(f"{number:02d} {stage.name}: {shot.cpu_seconds:.1f} CPU s in the renderer", file=sys.stderr, flush=True)
    except AnswerprintError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code
    if options.sheet:
        small = [cv2.copyMakeBorder(cv2.resize(p, (256, 144), interpolation=cv2.INTER_AREA), 1, 1, 1, 1, 0) for p in pictures]
        small += [np.zeros_like(small[0])] * (-len(small) % _COLUMNS)
        rows = [np.hstack(small[i : i + _COLUMNS]) for i in range(0, len(small), _COLUMNS)]
        cv2.imwrite(str(options.sheet), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82])
    return 0


if __name__ == "__main__":
    sys.exit(main())
