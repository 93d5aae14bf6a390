"""Numbered frames in an OTIO document: what a plain reference cannot say is said by an image sequence reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from answerprint.production.atomic import write_atomically


@dataclass(frozen=True)
class NumberedFrames:
    """Frames ``FOLDER PREFIX NUMBER SUFFIX`` without gaps; ``folder`` ends in a slash, ``padding`` is how many digits a number has."""

    folder: str
    prefix: str
    suffix: str
    first: int
    padding: int = 4


def point_at_frames(path: Path, numbered: Mapping[str, NumberedFrames], rate: Fraction) -> None:
    """Turn the external references of an OTIO file whose URL is a key of ``numbered`` into image sequence references."""
    document = json.loads(path.read_text(encoding="utf-8"))

    def turned(node: object) -> object:
        if isinstance(node, list):
            return [turned(one) for one in node]
        if not isinstance(node, dict):
            return node
        external = str(node.get("OTIO_SCHEMA", "")).startswith("ExternalReference")
        found = numbered.get(node.get("target_url", "")) if external else None
        if found is None:
            return {key: turned(value) for key, value in node.items()}
        rest = {key: value for key, value in node.items() if key not in ("OTIO_SCHEMA", "target_url")}
        return {
            "OTIO_SCHEMA": "ImageSequenceReference.1",
            **rest,
            "target_url_base": found.folder,
            "name_prefix": found.prefix,
            "name_suffix": found.suffix,
            "start_frame": found.first,
            "frame_step": 1,
            "rate": float(rate),
            "frame_zero_padding": found.padding,
            "missing_frame_policy": "error",
        }

    write_atomically(path, json.dumps(turned(document), ensure_ascii=False, indent=4) + "\n")
