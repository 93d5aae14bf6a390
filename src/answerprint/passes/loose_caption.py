"""Captions of loose footage: a clip, a still or a frame folder measured without a production."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.colour.spaces import default_space, resolve_space
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.qualisys import read_qca
from answerprint.production import BadInput

Tell = Callable[[int, int, str], None]
_KNOWN = ("input_space", "calibration", "camera")
_UNSAID_RATE = Fraction(24)
"""For a still, or frames that do not say: movement is then measured per frame at the usual rate of film."""


def caption_footage(path: Path, rate: str | None, settings: Mapping[str, str], tell: Tell) -> dict[str, Any]:
    """Measure every shot of the footage; returns the ``caption`` document.

    ``settings``: ``input_space`` names the colour space of files that do not say; ``calibration`` and ``camera`` a Qualisys
    file and the camera of it. Raises BadInput for footage or settings that cannot be read.
    """
    from answerprint.captioner.caption import caption_clip

    if unknown := sorted(set(settings) - set(_KNOWN)):
        raise BadInput(f"--set {unknown[0]}", "is no setting of caption", f"use one of {', '.join(_KNOWN)}")
    sequence = open_sequence(path, rate)
    named = settings.get("input_space")
    space = resolve_space(named) if named else default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    plate = PlateReader(sequence, space, "", path.stem)

    def read(index: int) -> Any:
        tell(index, plate.count, "frames")
        return plate.read(index)

    found = caption_clip(
        read, plate.count, sequence.rate or _UNSAID_RATE, camera=_camera(settings), start_tc=sequence.start_timecode or ""
    )
    tell(plate.count, plate.count, "frames")
    return dict(found)


def _camera(settings: Mapping[str, str]) -> Camera | None:
    if "calibration" not in settings:
        return None
    cameras = read_qca(Path(settings["calibration"]))
    name = settings.get("camera", "")
    if name not in cameras:
        raise BadInput(
            settings["calibration"], f"has no camera {name!r}", f"give --set camera= one of {', '.join(sorted(cameras))}"
        )
    return cameras[name]
