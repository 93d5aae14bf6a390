"""An operation's layers as scene-linear EXR: fill, matte, support and whatever else a finishing artist may want to change.

One file a frame, named layers as compositors expect them (``fill.R``, ``matte.Y``), data window around what was touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from answerprint.graph.contract import FrameResult, Plane, SourceUse
from answerprint.media.exr import read_exr, write_exr
from answerprint.media.frames import Attribute

CHROMATICITIES_AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
"""ACEScg primaries and white, as in Academy S-2014-004."""
WORKING_ATTRIBUTES: dict[str, Attribute] = {"chromaticities": CHROMATICITIES_AP1, "colorInteropID": "lin_ap1_scene"}
"""What an EXR says of pixels in ACEScg."""
_OWN = ("matte", "fill", "support", "restored")


def write_layers(path: Path, result: FrameResult, width: int, height: int, timecode: str | None = None) -> None:
    """Write a result's layers; the picture's size gives the display window."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_exr(
        path,
        planes_of(result),
        display_window=(0, 0, width, height),
        data_window=result.box,
        compression="zip",
        timecode=timecode,
        attributes=dict(WORKING_ATTRIBUTES),
    )


def read_layers(path: Path, frame: int, record: dict[str, Any]) -> FrameResult:
    """A result back from its layers and its record (``box``, ``sources``, ``figures``)."""
    layers = read_exr(path).planes
    names = {name.rpartition(".")[0] for name in layers}

    def plane(name: str) -> Plane:
        if f"{name}.Y" in layers:
            return layers[f"{name}.Y"]
        return np.stack([layers[f"{name}.{channel}"] for channel in "RGB"], axis=-1)

    x0, y0, x1, y1 = record["box"]
    return FrameResult(
        frame,
        (x0, y0, x1, y1),
        plane("matte"),
        fill=plane("fill") if "fill" in names else None,
        support=plane("support").astype(np.uint16) if "support" in names else None,
        restored=plane("restored").astype(np.int8) if "restored" in names else None,
        layers={name: plane(name) for name in sorted(names - set(_OWN))},
        sources=[SourceUse(**use) for use in record.get("sources", [])],
        figures=record.get("figures", {}),
    )


def planes_of(result: FrameResult) -> dict[str, Plane]:
    """Every layer as single channels, float32."""
    named: dict[str, Plane | None] = {
        "matte": result.matte,
        "fill": result.fill,
        "support": result.support,
        "restored": result.restored,
    }
    planes: dict[str, Plane] = {}
    for name, plane in (named | dict(sorted(result.layers.items()))).items():
        if plane is None:
            continue
        if plane.ndim == 2:
            planes[f"{name}.Y"] = np.ascontiguousarray(plane, np.float32)
        else:
            planes |= {f"{name}.{channel}": np.ascontiguousarray(plane[..., i], np.float32) for i, channel in enumerate("RGB")}
    return planes
