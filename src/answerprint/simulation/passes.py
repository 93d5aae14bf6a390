"""The passes of a rendered frame: read from what the renderer wrote, brought to the working space's units, relit, written.

Light is linear: the beauty is the sum of its light groups, and another setting of the lamps is another weighted sum. So relight
truth is computed (``relit``) and never rendered again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from answerprint.media.exr import CHROMATICITIES, write_exr
from answerprint.media.frames import Attribute
from answerprint.simulation.cryptomatte import coverage, with_parts

Picture = NDArray[np.float32]

_DATA = {"depth": "Depth", "normal": "Normal", "albedo": "Diffuse Color", "vectors": "Vector", "object_id": "Object Index",
         "material_id": "Material Index",
         "guide_depth": "Denoising Depth", "guide_normal": "Denoising Normal", "guide_gloss": "Glossy Color",
         "guide_shine": "shine", "guide_dull": "dull", "guide_sky": "Environment"}  # fmt: skip
_ONE_RAY = ("depth", "vectors", "object_id", "material_id")
"""What one ray of a pixel told."""
_ONE_SURFACE = 0.02
"""Difference of depths, as a share, up to which pixels side by side are taken to see one surface."""
FAR = 1e9
"""Depths from here on are the sky; they are written as infinity."""


@dataclass
class Rendered:
    """One frame of one camera. Pictures are (height, width, channels) float32.

    ``depth`` is metres along the optical axis, infinite for the sky; ``normal`` a unit vector in stage axes; ``vectors`` x, y to the frame
    before and x, y to the frame after in pixels, x right and y down; ids are whole numbers, 0 for the sky.
    """

    beauty: Picture
    groups: dict[str, Picture]
    data: dict[str, Picture]
    mattes: dict[str, Picture]


def relit(groups: Mapping[str, Picture], gains: Mapping[str, float | tuple[float, float, float]]) -> Picture:
    """The picture with each light group scaled by a gain (linear; one number or one for each channel of ACEScg).

    Groups without a gain stay as they are: ``relit(groups, {})`` is the beauty. Raises KeyError for a group that is not there.
    """
    unknown = set(gains) - set(groups)
    if unknown:
        raise KeyError(f"no light group {sorted(unknown)[0]!r}; there are {', '.join(sorted(groups))}")
    total = np.zeros_like(next(iter(groups.values())), dtype=np.float64)
    for name, picture in groups.items():
        total += picture * np.asarray(gains.get(name, 1.0), dtype=np.float64)
    return total.astype(np.float32)


def halved(rendered: Rendered) -> Rendered:
    """The frame at half its size (height and width are even): light, mattes, albedo and normals are means of four pixels.

    Depth and vectors (in the smaller picture's pixels) are means where the four see one surface, depths within 2 %; depth's is the
    harmonic one, which is a plane's own. Elsewhere they are the first pixel's, as the ids are everywhere, which cannot be mixed.
    """
    four = {name: _of_four(picture) for name, picture in rendered.data.items()}
    data = {name: pixels[:, :, 0] if name in _ONE_RAY else pixels.mean(axis=2) for name, pixels in four.items()}
    if "depth" in four:
        near = 1 / four["depth"]
        one_surface = near.max(axis=2) - near.min(axis=2) <= _ONE_SURFACE * near.max(axis=2)
        with np.errstate(divide="ignore"):
            data["depth"] = np.where(one_surface, 1 / near.mean(axis=2), data["depth"])
        if "vectors" in four:
            data["vectors"] = np.where(one_surface, four["vectors"].mean(axis=2), data["vectors"])
    if "vectors" in data:
        data["vectors"] = data["vectors"] / 2
    groups, mattes = ({name: _of_four(p).mean(axis=2) for name, p in some.items()} for some in (rendered.groups, rendered.mattes))
    return Rendered(
        _of_four(rendered.beauty).mean(axis=2), groups, {name: np.ascontiguousarray(p) for name, p in data.items()}, mattes
    )


def _of_four(picture: Picture) -> Picture:
    """(height, width, n) as (height / 2, width / 2, 4, n): the four pixels that become one."""
    height, width, channels = picture.shape
    blocks = picture.reshape(height // 2, 2, width // 2, 2, channels).swapaxes(1, 2)
    return blocks.reshape(height // 2, width // 2, 4, channels)


def read_rendered(path: Path, gains: tuple[float, float, float], mattes: Mapping[str, list[str]]) -> Rendered:
    """What the renderer wrote, with the camera's white balance applied to everything that is light.

    ``mattes`` maps each matte's name to the renderer's names of the objects in it, or of those that a model file's parts are numbered after.
    """
    planes: dict[str, Picture] = {}
    known: set[str] = set()
    with OpenEXR.File(str(path), separate_channels=True) as file:
        for part in file.parts:
            known |= _manifest(part.header)
            for name, channel in part.channels.items():
                planes[name.split(".", 1)[-1] if name.count(".") > 1 else name] = np.asarray(channel.pixels, dtype=np.float32)
    gain = np.asarray(gains, dtype=np.float32)
    groups = {
        name.removeprefix("Combined_").removesuffix(".R"): _colour(planes, name.removesuffix(".R")) * gain
        for name in planes
        if name.startswith("Combined_") and name.endswith(".R")
    }
    data = {name: _data(name, planes, layer) for name, layer in _DATA.items() if any(p.startswith(f"{layer}.") for p in planes)}
    return Rendered(_colour(planes, "Combined") * gain, groups, data, _mattes(planes, mattes, known))


def write_pass(path: Path, picture: Picture, name: str, half: bool, attributes: Mapping[str, Attribute]) -> None:
    """One pass of one frame as an EXR, whole or not at all."""
    channels = {3: "RGB", 4: "RGBA", 1: "Y"}[picture.shape[2]]
    known: dict[str, Attribute] = dict(attributes)
    kind: Any = np.float16 if half else np.float32
    if name in ("beauty", "plate", "clean", "albedo", "groups"):
        known |= {"colorInteropID": "lin_ap1_scene", "chromaticities": CHROMATICITIES["lin_ap1_scene"]}
    elif name == "depth":
        channels, kind = "Z", np.float32
    elif name == "normal":
        channels = "XYZ"
    elif name in ("object_id", "material_id"):
        channels, kind = "Y", np.uint32
    planes: dict[str, NDArray[Any]]
    if name == "vectors":
        planes = {
            n: picture[..., i].astype(np.float32) for i, n in enumerate(("backward.X", "backward.Y", "forward.X", "forward.Y"))
        }
    else:
        planes = {n: np.ascontiguousarray(picture[..., i].astype(kind)) for i, n in enumerate(channels)}
    write_exr(path, planes, attributes=known)


def _colour(planes: Mapping[str, Picture], layer: str) -> Picture:
    return np.stack([planes[f"{layer}.{c}"] for c in "RGB"], axis=-1)


def _data(name: str, planes: Mapping[str, Picture], layer: str) -> Picture:
    found = {key.rsplit(".", 1)[1]: plane for key, plane in planes.items() if key.startswith(f"{layer}.")}
    if name == "vectors":
        # The renderer points from here to where a thing was and from where it will be to here, y up.
        x, y, z, w = (found[c] for c in "XYZW")
        return np.stack([x, -y, -z, w], axis=-1)
    if name in ("depth", "guide_depth", "guide_dull", "object_id", "material_id"):
        plane = next(iter(found.values()))
        return np.where(plane > FAR, np.inf, plane).astype(np.float32)[..., None]
    axes = "XYZ" if "X" in found else "RGB"
    return np.stack([found[c] for c in axes], axis=-1)


def _manifest(header: Mapping[str, Any]) -> set[str]:
    """Names of the objects in a part's cryptomattes (specification 1.2.0, metadata)."""
    told = [text for key, text in header.items() if key.startswith("cryptomatte/") and key.endswith("/manifest")]
    return {name for text in told for name in json.loads(text)}


def _mattes(planes: Mapping[str, Picture], wanted: Mapping[str, list[str]], known: set[str]) -> dict[str, Picture]:
    levels = sorted({name.split(".")[0] for name in planes if name.startswith("CryptoObject")})
    ranks = []
    for level in levels:
        by = {name.split(".")[1].lower(): plane for name, plane in planes.items() if name.startswith(f"{level}.")}
        ranks += [(by["r"], by["g"]), (by["b"], by["a"])]
    if not ranks:
        return {}
    return {name: coverage(ranks, with_parts(objects, sorted(known)))[..., None] for name, objects in wanted.items()}
