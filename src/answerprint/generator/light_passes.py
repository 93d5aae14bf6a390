"""Light passes: what each lamp alone gave to a shot, and the list that says how bright each shall be.

The list is a JSON document beside the passes::

    {"lights": [{"id": "key", "pass": "passes/key", "gain_stops": -1, "gain_rgb": [1, 0.9, 0.7], "enabled": true}]}

All is relative to the plate: a gain of 1 is the lamp as it was filmed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.graph.contract import FrameReader, Picture
from answerprint.production import BadInput, first_fault

__all__ = ["Light", "check_plausible", "read_lights", "weights"]

_BLOCKS = 48
"""Pictures are compared as means over a grid of this many blocks, in which noise does not count."""
_EXCESS, _FLOOR, _SHARE = 1.25, 0.01, 0.05


class Light(BaseModel):
    """One lamp and its new setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, description="the lamp's name")
    gain_stops: float = Field(default=0.0, ge=-20, le=20, description="stops more or less than filmed")
    gain_rgb: tuple[float, float, float] = Field(default=(1.0, 1.0, 1.0), description="red, green, blue gain on top, scene-linear")
    enabled: bool = Field(default=True, description="false turns the lamp off")

    def gain(self) -> npt.NDArray[np.float32]:
        """Gain of red, green and blue (3,), 1 as filmed, 0 off."""
        if not self.enabled:
            return np.zeros(3, np.float32)
        return np.asarray(np.exp2(self.gain_stops) * np.asarray(self.gain_rgb), np.float32)


class _Entry(Light):
    place: str = Field(alias="pass", min_length=1)


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore")

    lights: list[_Entry] = Field(min_length=1)


def read_lights(path: Path) -> tuple[list[Light], list[Path]]:
    """The lamps of a list and where their passes lie (counted from the list's folder). Raises BadInput in one line."""
    try:
        document = _Document.model_validate(json.loads(path.read_bytes()))
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        where, reason = first_fault(fault)
        raise BadInput(path, f"{where or 'the document'}: {reason}", 'write {"lights": [{"id", "pass", "gain_stops"}]}') from None
    except (ValueError, RecursionError) as fault:
        raise BadInput(path, f"is not JSON ({fault})", "write it again") from None
    names = [entry.id for entry in document.lights]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise BadInput(path, f"names the light {twice[0]!r} twice", "give each light its own id")
    places = [path.parent / entry.place for entry in document.lights]
    for entry, place in zip(document.lights, places, strict=True):
        if not _is_there(place):
            raise BadInput(place, f"the pass of light {entry.id!r} does not exist", f"correct its path in {path.name}")
        if not np.isfinite(entry.gain()).all() or min(entry.gain_rgb) < 0:
            raise BadInput(path, f"light {entry.id!r} has a gain that no lamp can have", "give finite gains of 0 or more")
    lamps = [Light(**entry.model_dump(exclude={"place"})) for entry in document.lights]
    return lamps, places


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # a name no file can have
        return False


def weights(lights: tuple[Light, ...]) -> npt.NDArray[np.float32]:
    """How much of each pass is added to the plate, (lights, 3): gain less 1."""
    return np.asarray(np.stack([light.gain() for light in lights]) - np.float32(1.0), np.float32)


def check_plausible(plate: FrameReader, passes: list[FrameReader], lights: tuple[Light, ...]) -> dict[str, Any]:
    """Refuse passes that together hold more light than the plate. Returns how much of its light they explain.

    Looks at up to five frames. Raises BadInput naming the brightest pass.
    """
    explained = []
    for frame in sorted({round(i * (plate.count - 1) / 4) for i in range(5)}):
        seen = _blocks(plate.read(frame))
        parts = np.stack([_blocks(reader.read(frame)) for reader in passes])
        total = parts.sum(axis=0)
        bright = float(np.percentile(seen, 95))
        over = total > _EXCESS * np.maximum(seen, 0) + _FLOOR * max(bright, 1e-6)
        if over.mean() > _SHARE and total.sum() > 1.02 * seen.sum():
            largest = int(np.argmax(parts.sum(axis=(1, 2, 3))))
            raise BadInput(
                f"light passes, frame {frame}",
                f"together hold {total.sum() / max(float(seen.sum()), 1e-9):.2f} times the light of the plate "
                f"(most of it in {lights[largest].id!r})",
                "give scene-linear passes in the plate's own exposure",
            )
        explained.append(float(total.sum() / max(float(seen.sum()), 1e-9)))
    return {"explained_share": round(float(np.mean(explained)), 4)}


def _blocks(picture: Picture) -> Picture:
    clean = np.nan_to_num(picture, nan=0.0, posinf=65504.0, neginf=0.0)
    size = (min(_BLOCKS, clean.shape[1]), min(_BLOCKS, clean.shape[0]))
    return np.asarray(cv2.resize(clean, size, interpolation=cv2.INTER_AREA), np.float32)
