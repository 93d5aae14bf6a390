"""Where the packaged analysis-only networks lie, that each is the file its card names, and how to run one.

An analysis-only network says where something is or what it is called, never what it looks like. Each has one
module here with its card; the card's identity travels into the provenance of every frame the network touched.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from answerprint.production import BadInput
from answerprint.production.home import cache_folder

__all__ = ["ModelCard", "Network", "find_model", "model_folder", "network"]


@dataclass(frozen=True)
class ModelCard:
    """What one packaged network is, who made it from what, and what it is allowed to say."""

    name: str
    file: str
    sha256: str
    licence: str
    training_data: str
    origin: str
    says: str
    kind: str = "analysis-only"

    def identity(self) -> dict[str, str]:
        """The record that provenance keeps for each frame this network touched (plain strings, JSON-ready)."""
        return {key: str(value) for key, value in asdict(self).items()}


def model_folder() -> Path:
    """The folder of the network files: ``models`` in the folder of fetched material."""
    return cache_folder() / "models"


@lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _mtime: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find_model(card: ModelCard) -> Path:
    """The verified file of ``card``.

    Raises BadInput when it is not there or when its SHA-256 is not the card's.
    """
    path = model_folder() / card.file
    remedy = "run `make models` or `answerprint models`"
    if not path.is_file():
        raise BadInput(path, f"the analysis model {card.name} is not there", remedy)
    state = path.stat()
    found = _digest(path, state.st_size, state.st_mtime_ns)
    if found != card.sha256:
        raise BadInput(
            path,
            f"is not the analysis model {card.name} (SHA-256 {found[:12]}…, expected {card.sha256[:12]}…)",
            f"delete it and {remedy}",
        )
    return path


class Network:
    """One tflite network on one CPU thread; float32 in, float32 out, the same bytes each time on one machine."""

    def __init__(self, path: Path) -> None:
        self._interpreter: Any = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()

    def __call__(self, batch: np.ndarray) -> list[np.ndarray]:
        """Run on ``batch`` (1, height, width, 3) float32; the outputs in the file's order, batch axis kept."""
        self._interpreter.set_tensor(self._input["index"], np.ascontiguousarray(batch, dtype=np.float32))
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_tensor(one["index"])) for one in self._outputs]


_loaded = threading.local()


def network(card: ModelCard) -> Network:
    """The loaded network of ``card``; one per thread, since an interpreter holds its own tensors."""
    cache: dict[str, Network] = _loaded.__dict__.setdefault("networks", {})
    if card.sha256 not in cache:
        cache[card.sha256] = Network(find_model(card))
    return cache[card.sha256]
