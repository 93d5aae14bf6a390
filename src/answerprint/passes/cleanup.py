"""The clean-up pass: people and wires taken out of a shot from the production's own footage, or refused with a reason."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.graph.document import Graph, Node
from answerprint.passes.footage import simultaneous
from answerprint.passes.operation_sources import take_sources
from answerprint.production import BadInput
from answerprint.production.tables import Asset, Clip, Shot


class CleanupSettings(BaseModel):
    """What a person may choose for a clean-up."""

    model_config = ConfigDict(extra="forbid")

    preset: Literal["gentle", "standard", "thorough"] = Field(
        default="standard", description="how far the removal goes to find or make what was hidden"
    )
    other_cameras: bool = Field(default=True, description="look for hidden surfaces in the other cameras of the take")
    other_takes: bool = Field(default=True, description="look for hidden surfaces in the same camera's other takes")
    crossing: Literal["refuse", "subtract"] = Field(
        default="refuse",
        description="where the subject crosses a performer: leave the whole frame as it was, or clean only beside the performer",
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {}


def cleanup_graph(session: Session, shot: Shot, settings: CleanupSettings) -> tuple[Graph, dict[str, Any]]:
    """The graph for a shot and what it is bound to: ``{"witnesses": [clip ids], "matte": asset id or None}``.

    A shot is cleaned by a matte that came with the material (wires, rigs) or by strokes that name a person.
    """
    clip = shot.clip
    matte = _matte_for(session, clip)
    strokes = clip.asset.details.get("seeds")
    if matte is None and not strokes:
        raise BadInput(shot.name, "nothing says what to remove", "add a matte named after the clip, or strokes for the person")
    witnesses = simultaneous(session, clip) if settings.other_cameras and matte is None else []
    inputs: dict[str, str | list[str]] = {"plate": "@plate", "protect": "protect"}
    nodes = []
    if matte is not None:
        inputs["matte"] = "@matte"
        nodes.append(Node(id="protect", operation="matte", parameters={"subject": "everyone"}, inputs={"plate": "@plate"}))
    else:
        inputs["matte"] = "subject"
        nodes += [
            Node(id="subject", operation="matte", parameters={"subject": "seeded", "seeds": strokes}, inputs={"plate": "@plate"}),
            Node(id="protect", operation="matte", parameters={"subject": "others", "seeds": strokes}, inputs={"plate": "@plate"}),
        ]
    if witnesses:
        inputs["witnesses"] = [f"@witness{i}" for i in range(len(witnesses))]
    takes = take_sources(session, clip) if settings.other_takes else {}
    if takes:
        inputs["takes"] = list(takes)
    nodes.append(Node(id="clean", operation="removal", parameters={"preset": settings.preset}, inputs=inputs))
    bound = {
        "witnesses": [w.id for w in witnesses],
        "matte": None if matte is None else matte.id,
        "crossing": settings.crossing,
        "sources": takes,
    }
    return Graph(nodes=nodes, result="clean", protect="protect"), bound


def _matte_for(session: Session, clip: Clip) -> Asset | None:
    for asset in session.scalars(select(Asset).where(Asset.kind == "matte").order_by(Asset.id)):
        if asset.details.get("clip") == clip.name:
            return asset
    return None
