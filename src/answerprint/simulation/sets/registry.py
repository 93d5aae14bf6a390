"""Which families of places there are, and the place a plan describes."""

from __future__ import annotations

from collections.abc import Callable

from answerprint.simulation.place import Place
from answerprint.simulation.sets.bar import bar
from answerprint.simulation.sets.bedroom import bedroom
from answerprint.simulation.sets.garden import garden
from answerprint.simulation.sets.hospital_corridor import hospital_corridor
from answerprint.simulation.sets.interview_room import interview_room
from answerprint.simulation.sets.kitchen import kitchen
from answerprint.simulation.sets.living_room import living_room
from answerprint.simulation.sets.office import office
from answerprint.simulation.sets.street import street
from answerprint.simulation.sets.workshop import workshop
from answerprint.simulation.stage import SetPlan

FAMILY_BUILDERS: dict[str, Callable[[SetPlan], Place]] = {
    "living-room": living_room,
    "kitchen": kitchen,
    "bedroom": bedroom,
    "office": office,
    "hospital-corridor": hospital_corridor,
    "bar": bar,
    "workshop": workshop,
    "interview-room": interview_room,
    "street": street,
    "garden": garden,
}


def build(plan: SetPlan) -> Place:
    """The place that a plan describes, the plan's own things added last."""
    place = FAMILY_BUILDERS[plan.family](plan) if plan.family != "none" else Place()
    place.items.extend(plan.items)
    place.materials.update(plan.materials)
    return place
