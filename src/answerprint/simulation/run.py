"""What ``answerprint simulate`` does: read a stage or a sweep and shoot it."""

from __future__ import annotations

from pathlib import Path

from answerprint.simulation.shoot import Shot, Tell, shoot_stage
from answerprint.simulation.stage import read_stage


def simulate(spec: Path, out: Path, tell: Tell = lambda *_: None) -> Shot:
    """Shoot the document in the file ``spec`` into the folder ``out``.

    Raises BadInput for a document that does not hold and for a missing simulation environment.
    """
    return shoot_stage(read_stage(spec), out, tell)
