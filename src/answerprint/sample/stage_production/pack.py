"""The production made small enough to lie in the repository: movies for the camera originals, a few EXR frames, all its paper.

``python -m answerprint.sample.stage_production.pack FOLDER`` writes it from what ``make stage`` left in the cache. Tests run on it,
so that they need no renderer.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from answerprint.colour.view import ViewLUT
from answerprint.media.movie import write_proxy
from answerprint.media.sequence import open_sequence
from answerprint.sample.stage_production.build import ready_production
from answerprint.sample.stage_production.originals import GROUPS, clean_name, clip_frame
from answerprint.sample.stage_production.paper import reference_clips, write_paper
from answerprint.sample.stage_production.setups import CLIPS, RATE, clip_named
from answerprint.sample.stage_production.truth import LICENCE

_WHOLE = ("tracking", "survey", "lens", "sound", "edit", "lidar")
_MATTE_CLIP, _PASS_CLIP = "A001C001_21A_T1", "A003C001_21C_T1"
_EXR_FRAMES = {"A001C001_21A_T1": 1008, "B001C001_21A_T1": 1008, "A002C001_21B_T1": 1012, "A003C001_21C_T1": 1004}
_QUALITY = 16


def pack(home: Path, out: Path) -> None:
    """Write the small production into ``out``, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    material, reference = out / "material", out / "reference"
    for clip in CLIPS:
        folder = home / "material" / "camera" / f"21{clip.setup}"
        _movie(folder / clip.name, material / "camera" / f"21{clip.setup}" / f"{clip.name}.mp4", clip.timecode)
        if clean_name(clip) in reference_clips():
            _movie(home / "reference" / "clean" / clean_name(clip), reference / "clean" / f"{clean_name(clip)}.mp4", clip.timecode)
            shutil.copytree(folder / f"{clip.name}_matte", material / "camera" / f"21{clip.setup}" / f"{clip.name}_matte")
    for name in _WHOLE:
        shutil.copytree(home / "material" / name, material / name)
    write_paper(material / "paper", ".mp4")
    for name in ("truth.json", "lens.json"):
        shutil.copyfile(home / "reference" / name, reference / name)
    for performer in ("idris", "mara"):
        name = f"{_MATTE_CLIP}-{performer}"
        shutil.copytree(home / "reference" / "mattes" / name, reference / "mattes" / name)
    _frames(home, out)
    (out / "LICENCE.txt").write_text(f"{LICENCE}\n", encoding="utf-8")


def _frames(home: Path, out: Path) -> None:
    """A few frames as they came from the camera, with what the truth says of them."""
    wanted = []
    for name, frame in _EXR_FRAMES.items():
        clip = clip_named(name)
        wanted.append((clip_frame(home / "material" / "camera" / f"21{clip.setup}", name, frame), "frames"))
        wanted.append((clip_frame(home / "reference" / "depth", f"{name}-depth", frame), "reference/depth"))
        if clean_name(clip) in reference_clips():
            wanted.append((clip_frame(home / "reference" / "clean", clean_name(clip), frame), "reference/frames"))
    for light in GROUPS:
        frame = _EXR_FRAMES[_PASS_CLIP]
        wanted.append((clip_frame(home / "passes" / "21C", light, frame), f"passes/21C/{light}"))
        wanted.append((clip_frame(home / "reference" / "passes", light, frame), f"reference/passes/{light}"))
    wanted.append((home / "passes" / "21C" / "lights.json", "passes/21C"))
    for source, place in wanted:
        (out / place).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, out / place / source.name)


def _movie(folder: Path, path: Path, timecode: str) -> None:
    sequence, lut = open_sequence(folder, RATE), ViewLUT.cached()

    def pictures() -> Iterator[np.ndarray]:
        for index in range(sequence.count):
            yield lut.apply(np.asarray(sequence.read(index).rgb(), dtype=np.float32))

    path.parent.mkdir(parents=True, exist_ok=True)
    write_proxy(path, pictures(), RATE, timecode, quality=_QUALITY)


if __name__ == "__main__":
    pack(ready_production(), Path(sys.argv[1]))
