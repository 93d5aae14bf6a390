"""A fit under way, on disk: arrays without any code in them, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.exposure import Exposures
from answerprint.spatial.splats.learning import COLUMNS, Learning
from answerprint.spatial.splats.view import View

_FORM = 1


@dataclass(eq=False)
class Progress:
    """All that the next step depends on."""

    learning: Learning
    exposures: Exposures
    pull: Float
    pulls: Float
    at: int
    total: int
    errors: list[float]
    seconds: float
    cpu: float


def save(file: Path, progress: Progress, settings: str, views: Sequence[View]) -> None:
    """Write a checkpoint. Raises BadInput for a full disk or a folder that cannot be written."""
    arrays = {"pull": progress.pull, "pulls": progress.pulls}
    for name in COLUMNS:
        arrays[f"value.{name}"] = progress.learning.values[name]
        arrays[f"first.{name}"] = progress.learning.first[name]
        arrays[f"second.{name}"] = progress.learning.second[name]
    names = list(progress.exposures.matrices)
    for index, name in enumerate(names):
        arrays[f"exposure.{index}"] = np.stack(
            [progress.exposures.matrices[name], progress.exposures.first[name], progress.exposures.second[name]]
        )
    about = {
        "form": _FORM, "work": digest(settings, views), "at": progress.at, "total": progress.total, "steps": progress.learning.steps,
        "errors": progress.errors, "seconds": progress.seconds, "cpu": progress.cpu, "fixed": progress.exposures.fixed,
        "exposures": [[name, progress.exposures.steps[name]] for name in names],
    }  # fmt: skip
    buffer = io.BytesIO()
    np.savez(buffer, about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    write_atomically(file, buffer.getvalue())


def load(file: Path, settings: str, views: Sequence[View]) -> Progress | None:
    """What a checkpoint holds; None where there is none. Raises BadInput for one of another work and for what is none."""
    if not file.exists():
        return None
    try:
        with np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        about = json.loads(arrays.pop("about").tobytes())
        if about["form"] != _FORM or about["work"] != digest(settings, views):
            raise BadInput(file, "is the checkpoint of other views or settings", "remove it, or name another file")
        value, first, second = ({name: arrays[f"{kind}.{name}"] for name in COLUMNS} for kind in ("value", "first", "second"))
        learning = Learning(value, first, second, int(about["steps"]))
        exposures = Exposures(str(about["fixed"]))
        for index, (name, steps) in enumerate(about["exposures"]):
            exposures.steps[name] = int(steps)
            exposures.matrices[name], exposures.first[name], exposures.second[name] = arrays[f"exposure.{index}"]
        return Progress(
            learning, exposures, arrays["pull"], arrays["pulls"], int(about["at"]), int(about["total"]),
            [float(e) for e in about["errors"]], float(about["seconds"]), float(about["cpu"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadInput(file, f"is no checkpoint ({error})", "remove it; the fit then begins anew") from None


def digest(settings: str, views: Sequence[View]) -> str:
    """What a checkpoint belongs to: settings, and the views with their cameras, bit for bit."""
    total = hashlib.sha256(settings.encode())
    for view in views:
        total.update(f"{view.name}\0{view.exposure}\0{view.camera.model_dump_json()}".encode())
        for plane in (view.picture, view.weight, view.depth):
            total.update(b"none" if plane is None else plane.tobytes())
    return total.hexdigest()
