"""Which families of places there are."""

from __future__ import annotations

from collections.abc import Callable

from answerprint.simulation.place import Place
from answerprint.simulation.stage import SetPlan

FAMILY_BUILDERS: dict[str, Callable[[SetPlan], Place]] = {}
