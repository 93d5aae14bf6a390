"""Which passes there are, and how to dispatch them on shots."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from answerprint.dataset.of_production import lock_in_force
from answerprint.generator.registry import operations
from answerprint.passes.captions import CaptionSettings, submit_captions
from answerprint.passes.cleanup import CleanupSettings, cleanup_graph
from answerprint.passes.continuity import ContinuitySettings, submit_continuity
from answerprint.passes.coverage import CoverageSettings, submit_coverage
from answerprint.passes.editorial import EditorialSettings, submit_editorial
from answerprint.passes.grade import GradeSettings, submit_grade
from answerprint.passes.operation_pass import settings_of, structured, submit_operation
from answerprint.passes.picture_job import submit_graph
from answerprint.passes.shots import named_shots
from answerprint.passes.spatial import SpatialSettings, submit_spatial
from answerprint.passes.viewing_copies import DailiesSettings, submit_dailies
from answerprint.production import BadInput, first_fault
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot


@dataclass(frozen=True)
class Pass:
    """A pass as a person sees it: what it does, its settings, and how it is put in the queue."""

    name: str
    title: str
    summary: str
    Settings: type[BaseModel]
    submit: Callable[[Production, list[Shot], Any, str], list[str]]

    def schema(self) -> dict[str, Any]:
        """The settings' JSON schema, from which the form is made."""
        return self.Settings.model_json_schema()


def _submit_cleanup(production: Production, shots: list[Shot], settings: CleanupSettings, requested_by: str) -> list[str]:
    jobs = []
    for shot in shots:
        with production.session() as session:
            held = session.get(Shot, shot.id)
            assert held is not None
            graph, bound = cleanup_graph(session, held, settings)
        jobs.append(submit_graph(production, shot, graph, bound, "cleanup", requested_by))
    return jobs


def passes() -> dict[str, Pass]:
    """Every pass by name."""
    found = [
        Pass(
            "grade",
            "Dailies grade",
            "Matches the cameras of each setup to its hero as CDL; nothing is baked.",
            GradeSettings,
            submit_grade,
        ),
        Pass(
            "dailies",
            "Viewing copies",
            "Every clip as it is watched: graded, through the view, with its sound. Made again where grade or sound changed.",
            DailiesSettings,
            submit_dailies,
        ),
        Pass(
            "cleanup",
            "Clean-up",
            "Takes people, wires and rigs out of a shot from the production's own footage.",
            CleanupSettings,
            _submit_cleanup,
        ),
        Pass(
            "caption",
            "Captions",
            "Measures how each shot was made: size, movement, people, exposure, colour.",
            CaptionSettings,
            submit_captions,
        ),
        Pass(
            "editorial",
            "Editorial",
            "Synced bins, a string-out of the circled takes, the coverage map and what was never shot; always of the whole production.",
            EditorialSettings,
            submit_editorial,
        ),
        Pass(
            "spatial",
            "Cameras and stage",
            "Gives every frame of a tracked clip its camera, and draws the stage with the angles it allows.",
            SpatialSettings,
            submit_spatial,
        ),
        Pass(
            "coverage",
            "New angle",
            "An angle nobody shot, from the cameras that did; filed as one more camera of the take.",
            CoverageSettings,
            submit_coverage,
        ),
        Pass(
            "continuity",
            "Continuity",
            "Compares both sides of every cut and ranks what does not hold, each with a job that would mend it. Runs none of them.",
            ContinuitySettings,
            submit_continuity,
        ),
        *_operations(),
    ]
    return {p.name: p for p in found}


def _operations() -> list[Pass]:
    """Each picture operation on its own, with the form that its parameters make; a new view has a pass of its own."""
    return [
        Pass(
            name, re.sub("[-_]", " ", name).capitalize(), operation.summary, settings_of(operation), partial(submit_operation, name)
        )
        for name, operation in operations().items()
        if not operation.new_view
    ]


def dispatch(production: Production, name: str, shots: list[str], settings: dict[str, Any], requested_by: str) -> list[str]:
    """Put a pass on shots in the queue. Returns the job ids.

    Where the dataset is locked the lock must hold: Refused names what was changed, added or taken away since.
    """
    known = passes()
    if name not in known:
        raise BadInput(name, "there is no such pass", f"use one of {', '.join(known)}")
    chosen = known[name]
    try:
        checked = chosen.Settings.model_validate({key: structured(value) for key, value in settings.items()})
    except ValidationError as error:
        field, reason = first_fault(error)
        raise BadInput(
            field or name,
            reason,
            f"see `answerprint run --help` for the settings of {name}",
        ) from None
    lock_in_force(production)
    return chosen.submit(production, named_shots(production, shots), checked, requested_by)
