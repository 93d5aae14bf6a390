"""The layers of an operation as a receiver can open them: one layered EXR a frame, or each layer as a sequence of plain RGB."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from answerprint.deliver.laid import LaidShot, Run
from answerprint.graph.layers import WORKING_ATTRIBUTES
from answerprint.media.exr import read_exr, read_header, write_exr
from answerprint.media.frames import Attribute, FrameHeader, Plane
from answerprint.media.sequence import open_sequence

_COLOUR = frozenset("RGB")


def lay_layered(laid: LaidShot, building: Path, renames: bool) -> None:
    """Copy the version's layered files, numbered as its frames are (or under their own names)."""
    files = _files(laid)
    if not any(files):
        return
    folder = f"layers/{laid.name}"
    (building / folder).mkdir(parents=True)
    run = Run(folder, f"{laid.name}_layers", ".exr", laid.first, len(files), "ACEScg")
    for number, file in enumerate(files, start=laid.first):
        if file is not None:
            shutil.copyfile(file, building / (run.file(number) if renames else f"{folder}/{file.name}"))
    if renames:
        laid.layers["layered"] = run


def lay_separate(laid: LaidShot, building: Path) -> None:
    """Write each layer as half-float EXR with R, G and B; a matte or count has the same number in all three.

    A frame without the layer gets one of a single black pixel, so that no sequence has a gap.
    """
    files = _files(laid)
    names = sorted({name for file in files if file is not None for name in layer_names(file)})
    for name in names:
        space = "ACEScg" if _is_colour(files, name) else "data"
        laid.layers[name] = Run(f"layers/{laid.name}/{name}", f"{laid.name}_{name}", ".exr", laid.first, len(files), space)
        (building / laid.layers[name].folder).mkdir(parents=True)
    for number, file in enumerate(files, start=laid.first):
        held: dict[str, dict[str, Plane]] = {}
        header: FrameHeader | None = None
        if file is not None:
            frame = read_exr(file)
            header = frame.header
            for channel, plane in frame.planes.items():
                held.setdefault(channel.rpartition(".")[0], {})[channel.rpartition(".")[2]] = plane
        for name in names:
            _write(building / laid.layers[name].file(number), held.get(name), header, laid, number)


def layer_names(file: Path) -> list[str]:
    """The names of the layers in a layered EXR, without decoding it."""
    return sorted({channel.rpartition(".")[0] for channel in read_header(file)[1]} - {""})


def _files(laid: LaidShot) -> list[Path | None]:
    """The layered file of each delivered frame, found by the frame's own name."""
    version = laid.shot.layers or laid.shot.folder
    if version is None or not (version / "layers").is_dir():
        return []
    made = open_sequence(version, laid.shot.rate)
    stems = [made.file(index).stem for index in range(made.count)]
    found = [version / "layers" / f"{stem}.exr" for stem in stems]
    return [file if file.is_file() else None for file in found]


def _is_colour(files: list[Path | None], name: str) -> bool:
    file = next(f for f in files if f is not None and name in layer_names(f))
    return {c.rpartition(".")[2] for c in read_header(file)[1] if c.rpartition(".")[0] == name} >= _COLOUR


def _write(path: Path, planes: dict[str, Plane] | None, header: FrameHeader | None, laid: LaidShot, number: int) -> None:
    colour = planes is not None and set(planes) >= _COLOUR
    if planes is None or header is None:
        one = np.zeros((1, 1), np.float16)
        planes, window = dict.fromkeys("RGB", one), (0, 0, 1, 1)
    else:
        window = header.data_window
        single = next(iter(planes.values()))
        # Beyond the half-float range is nothing a compositor could tell apart, and it would come back as infinity.
        planes = {c: np.clip(planes[c] if colour else single, -65504, 65504).astype(np.float16) for c in "RGB"}
    attributes: dict[str, Attribute] = dict(WORKING_ATTRIBUTES) if colour else {"colorInteropID": "data"}
    write_exr(
        path,
        planes,
        attributes={**attributes, "reelName": laid.shot.event.reel},
        display_window=(0, 0, laid.width, laid.height),
        data_window=window,
        timecode=str(laid.shot.start + laid.shot.frames.start + number - laid.first),
        rate=laid.shot.rate,
    )


__all__ = ["lay_layered", "lay_separate", "layer_names"]
