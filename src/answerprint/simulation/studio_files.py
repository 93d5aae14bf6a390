"""The studio's own files on a stage, models and sky pictures: looked at before a renderer is started, so that a bad one is one line."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import OpenImageIO as oiio

from answerprint.production import BadInput

_REMEDY = "name a glTF, GLB, OBJ or USD file"
_BEGINS: dict[str, tuple[bytes, ...]] = {
    ".glb": (b"glTF",),
    ".usd": (b"PXR-USDC", b"#usda"),
    ".usda": (b"#usda",),
    ".usdc": (b"PXR-USDC",),
    ".usdz": (b"PK\x03\x04",),
}
"""First bytes by format: glTF 2.0, section 4.4.2 (GLB); OpenUSD's crate, text and package files."""


def model_file(path: Path) -> Path:
    """The model's absolute path. Raises BadInput where it, or a file that a glTF names, is missing, and for what is no model."""
    if not path.is_file():
        raise BadInput(path, "is not there", _REMEDY)
    kind = path.suffix.lower()
    if kind not in (*_BEGINS, ".gltf", ".obj"):
        raise BadInput(path, "is no model file by its name", _REMEDY)
    if kind in _BEGINS:
        with path.open("rb") as file:
            start = file.read(8)
        if not start.startswith(_BEGINS[kind]):
            raise BadInput(path, f"is named {kind} and is none inside", "export it again")
    if kind == ".obj" and not any(line.startswith(b"v ") for line in path.read_bytes().splitlines()):
        raise BadInput(path, "has no vertices", "export it again")
    if kind == ".gltf":
        _check_gltf(path)
    return path.resolve()


def sky_file(path: Path) -> Path:
    """The environment picture's absolute path. Raises BadInput where it is missing or no picture can be read of it."""
    if not path.is_file():
        raise BadInput(path, "is not there", "name an environment picture (EXR or HDR)")
    source = oiio.ImageInput.open(str(path))
    if source is None:
        oiio.geterror()  # Else the next reader would find this one's words.
        raise BadInput(path, "cannot be read as a picture", "name an environment picture (EXR or HDR)")
    source.close()
    return path.resolve()


def _check_gltf(path: Path) -> None:
    """Raise BadInput for JSON that is no glTF 2.0 (sections 3.2 and 3.6.1.1), and for a file beside it that is missing."""
    try:
        document = json.loads(path.read_bytes())
        parts = [*document.get("buffers", ()), *document.get("images", ())]
        document["asset"]["version"]
        named = [str(part["uri"]) for part in parts if "uri" in part and not str(part["uri"]).startswith("data:")]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(path, "is named .gltf and is none inside", "export it again") from None
    for name in named:
        if not (path.parent / unquote(name)).is_file():
            raise BadInput(path, f"names {name}, which is not beside it", "copy it there, or export as GLB")
