"""Any picture operation on shots of the catalogue, through the queue: its own parameters, and what it is given besides.

What an operation reads (a matte, light passes, a background, the clip whose grain is wanted) is named by its place in the catalogue
and permission-checked when the job is dispatched and again when it runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, create_model
from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.generator.registry import operations
from answerprint.graph.contract import Operation, SocketType
from answerprint.graph.document import Graph, Node
from answerprint.passes.footage import allowed, require, simultaneous
from answerprint.passes.framing import catalogued_framings, reframing
from answerprint.passes.operation_sources import light_list_for, take_sources
from answerprint.passes.picture_job import submit_graph
from answerprint.passes.spatial import cameras_file
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Shot, Version
from answerprint.spatial.capture import read_clip_cameras

_BESIDE = ("reference", "background")
BINDINGS = (
    "matte_from",
    "scene_from",
    "depth_from",
    "framing_from",
    "protect",
    "crossing",
    "other_cameras",
    "other_takes",
    "output",
)
"""Settings that say what an operation is given; all others are its own parameters."""


class Given(BaseModel):
    """What any operation may be given besides its parameters."""

    output: Literal["plate", "acescg"] = Field(
        default="plate", description="the plate's own format and code values, or half-float ACEScg"
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {}


def settings_of(operation: type[Operation]) -> type[BaseModel]:
    """The operation's parameters and, by its sockets, the fields that say what it is given."""
    sockets = {socket.name: socket for socket in operation.inputs}
    fields: dict[str, Any] = {}
    if "matte" in sockets:
        fields["matte_from"] = (str, Field(
            default="", description="the matte: a file or folder of the catalogue, a version of this shot (v002), 'people', or 'none'; empty takes the one named after the clip"))  # fmt: skip
    if "depth" in sockets:
        whose = "background" if "background" in sockets else "clip"
        fields["depth_from"] = (str, Field(default="", description=f"metres along the axis, a folder of float EXR in the catalogue; empty takes the one called as the {whose} with _depth"))  # fmt: skip
    if "passes" in sockets:
        fields["scene_from"] = (str, Field(default="", description="the list of light passes in the catalogue; empty takes the one that names the clip"))  # fmt: skip
    for name in _BESIDE:
        if name in sockets:
            fields["scene_from"] = (str, Field(default="", description=f"{sockets[name].description}: a clip or still of the catalogue"))  # fmt: skip
    if "aspect" in operation.Parameters.model_fields:
        fields["framing_from"] = (str, Field(default="", description="the framing decision of the catalogue's FDLs that is wanted, by its label; empty frames as the fields say"))  # fmt: skip
    if operation.output is SocketType.FRAME_SEQUENCE and not operation.moves_frame and not operation.retimes:
        fields["protect"] = (Literal["none", "auto"], Field(default="none", description="keep every performer as filmed, or only measure what was done to them"))  # fmt: skip
        fields["crossing"] = (Literal["refuse", "subtract"], Field(
            default="subtract", description="where work enters a protected performer: leave the frame as it was, or work beside the performer"))  # fmt: skip
    if "witnesses" in sockets:
        fields["other_cameras"] = (
            bool,
            Field(default=True, description="look for hidden surfaces in the other cameras of the take"),
        )
    if "takes" in sockets:
        fields["other_takes"] = (bool, Field(default=True, description="look for what was hidden in the same camera's other takes"))
    if operation.output is SocketType.FRAME_SEQUENCE:
        fields["output"] = (Literal["plate", "acescg"], Given.model_fields["output"])
    made: type[BaseModel] = create_model(f"{operation.__name__}Settings", __base__=operation.Parameters, **fields)
    return made


def structured(value: Any) -> Any:
    """A list or record given as JSON on the command line; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def submit_operation(
    operation: str, production: Production, shots: list[Shot], settings: BaseModel, requested_by: str
) -> list[str]:
    """Queue the operation on each shot."""
    jobs = []
    for shot in shots:
        with production.session() as session:
            held = session.get(Shot, shot.id)
            assert held is not None
            graph, bound = operation_graph(production, session, held, operation, settings)
        jobs.append(submit_graph(production, shot, graph, bound, operation, requested_by))
    return jobs


def operation_graph(
    production: Production, session: Session, shot: Shot, name: str, settings: BaseModel
) -> tuple[Graph, dict[str, Any]]:
    """The graph of one operation on a shot, and what it is bound to. Raises BadInput or Refused for what it may not be given."""
    operation = operations()[name]
    sockets = {socket.name: socket for socket in operation.inputs}
    chosen: dict[str, Any] = settings.model_dump(mode="json", exclude_unset=True)
    parameters = {key: value for key, value in chosen.items() if key not in BINDINGS}
    said = settings.model_dump(include=set(BINDINGS))
    sources: dict[str, dict[str, Any]] = {}
    inputs: dict[str, str | list[str]] = {"plate": "@plate"}
    nodes: list[Node] = []
    people = Node(id="people", operation="matte", parameters={"subject": "everyone"}, inputs={"plate": "@plate"})
    if "matte" in sockets:
        _bind_matte(session, shot, str(said.get("matte_from") or ""), sockets["matte"].required, inputs, sources, nodes, people)
    if "passes" in sockets:
        parameters |= _bind_lights(production, session, shot.clip, str(said.get("scene_from") or ""), parameters, inputs, sources)
    if "depth" in sockets:
        # Beside a new background depth is that background's, not the plate's.
        behind = str(said.get("scene_from") or "") if "background" in sockets else None
        found = _bind_depth(session, shot, str(said.get("depth_from") or ""), sockets["depth"].required, inputs, sources, behind)
        if found and "camera" in operation.Parameters.model_fields and not (parameters.get("camera") or shot.clip.camera):
            parameters |= _camera_found(production, shot)
    if said.get("framing_from"):
        size, label = (shot.clip.width, shot.clip.height), str(said["framing_from"])
        parameters = reframing(catalogued_framings(session), shot.clip.name, size, label) | parameters
    for socket in _BESIDE:
        if socket in sockets:
            _bind_beside(session, socket, str(said.get("scene_from") or ""), sockets[socket].required, inputs, sources)
    witnesses = simultaneous(session, shot.clip) if "witnesses" in sockets and said.get("other_cameras", True) else []
    if witnesses:
        inputs["witnesses"] = [f"@witness{i}" for i in range(len(witnesses))]
    if "takes" in sockets and said.get("other_takes", True):
        takes = take_sources(session, shot.clip)
        sources |= takes
        inputs |= {"takes": list(takes)} if takes else {}
    unbound = [s for s in operation.inputs if s.required and s.name not in inputs]
    if unbound:
        raise BadInput(
            name, f"it needs {unbound[0].description}, which the catalogue does not keep yet", f"use answerprint apply {name}"
        )
    measured = operation.output is SocketType.FRAME_SEQUENCE
    protect = "people" if measured and said.get("protect") == "auto" else None
    if measured and people not in nodes:
        nodes.insert(0, people)
    if protect and "protect" in sockets:
        inputs["protect"] = "people"
    # Parameters are checked again as the operation's own, so that a list of lights is held to its rules as well.
    checked = operation.Parameters.model_validate(parameters).model_dump(mode="json", exclude_unset=True)
    nodes.append(Node(id="result", operation=name, parameters=checked, inputs=inputs))
    graph = Graph(nodes=nodes, result="result", protect=protect, performers="people" if measured and not protect else None)
    bound = {
        "witnesses": [w.id for w in witnesses],
        "matte": None,
        "crossing": said.get("crossing") or "subtract",
        "sources": sources,
        "output": said.get("output") or "plate",
    }
    return graph, bound


def asset_named(session: Session, name: str, kinds: tuple[str, ...]) -> Asset:
    """The catalogue's asset of these kinds called so: by its path, the end of it, or its clip. Raises BadInput with what there is."""
    assets = list(session.scalars(select(Asset).where(Asset.kind.in_(kinds)).order_by(Asset.path)))
    found = [a for a in assets if a.path == name or a.path.endswith(f"/{name}") or (a.clip is not None and a.clip.name == name)]
    if len(found) != 1:
        there = ", ".join(a.path.rpartition("/")[2] for a in assets[:12]) or "none"
        why = "there is no such material in the catalogue" if not found else f"{len(found)} things are called so"
        raise BadInput(name, why, f"ingest it, or name one of: {there}")
    return found[0]


def _bind_matte(
    session: Session, shot: Shot, said: str, needed: bool, inputs: dict[str, Any], sources: dict[str, Any], nodes: list[Node], people: Node
) -> None:  # fmt: skip
    if said == "none":
        return
    if said == "people":
        nodes.append(people)
        inputs["matte"] = "people"
        return
    if said.startswith("v") and said[1:].isdigit():
        version = session.scalar(select(Version).where(Version.shot_id == shot.id, Version.number == int(said[1:])))
        if version is None or not version.figures.get("frames"):
            raise BadInput(said, f"{shot.name} has no such finished version", "name one that the review page shows")
        sources["@matte"] = {"version_matte": version.id}
    elif said:
        sources["@matte"] = {"matte": asset_named(session, said, ("matte", "camera", "still")).id}
    else:
        own = [a for a in session.scalars(select(Asset).where(Asset.kind == "matte")) if a.details.get("clip") == shot.clip.name]
        if not own and needed:
            raise BadInput(shot.name, "there is no matte for it", "give matte_from, or ingest a matte named after the clip")
        if not own:
            return
        sources["@matte"] = {"matte": own[0].id}
    inputs["matte"] = "@matte"


def _bind_lights(
    production: Production, session: Session, clip: Clip, said: str, parameters: dict[str, Any], inputs: dict[str, Any], sources: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """The lights and their passes; gains in ``parameters`` win over the list's. Returns the parameters to add."""
    found = light_list_for(production, session, clip, asset_named(session, said, ("notes",)) if said else None)
    wanted = parameters.get("lights") or []
    if found is None:
        if wanted:
            raise BadInput(
                clip.name, "no list of light passes names this clip", "ingest lights.json and its passes, or give scene_from"
            )
        return {}
    lights, places = found
    if wanted:
        by_id = {str(one.get("id")): one for one in wanted}
        unknown = sorted(set(by_id) - {light["id"] for light in lights})
        if unknown:
            raise BadInput(
                f"light {unknown[0]}", "the clip has no pass of it", f"use one of {', '.join(one['id'] for one in lights)}"
            )
        lights = [by_id.get(light["id"], light) for light in lights]
    elif not said and all(light["enabled"] and not light["gain_stops"] for light in lights):
        return {}  # passes as filmed, and nothing asked of them
    for number, place in enumerate(places):
        require(place.asset, "generate_from")
        sources[f"@pass{number}"] = {"pass": place.id, "light": lights[number]["id"]}
    inputs["passes"] = [f"@pass{number}" for number in range(len(places))]
    return {"lights": lights}


def _bind_depth(
    session: Session, shot: Shot, said: str, needed: bool, inputs: dict[str, Any], sources: dict[str, Any], behind: str | None = None
) -> bool:  # fmt: skip
    """Whether there is a depth: the one named, else the one called after the shot's clip, or after the background that ``behind`` names."""
    stem = shot.clip.name
    if behind is not None:
        stands = asset_named(session, behind, ("camera", "still", "look")) if behind else None
        stem = "" if stands is None else stands.clip.name if stands.clip is not None else Path(stands.path).stem
    name = said or f"{stem}_depth"
    try:
        asset = asset_named(session, name, ("camera", "still", "matte"))
    except BadInput:
        if said:
            raise
        if needed:
            raise BadInput(shot.name, "there is no depth for it", f"ingest a folder of float EXR called {name}, or give depth_from") from None  # fmt: skip
        return False
    require(asset, "retrieve")
    sources["@depth"], inputs["depth"] = {"depth": asset.id} | ({} if behind is None else {"covers": True}), "@depth"
    return True


def _camera_found(production: Production, shot: Shot) -> dict[str, Any]:
    """The camera that the spatial pass found for the shot's middle frame, as a parameter; none where it found none."""
    place = cameras_file(production, shot.clip.name)
    if not place.is_file():
        return {}
    posed = [one for one in read_clip_cameras(place).cameras[shot.start : shot.end] if one is not None]
    return {"camera": posed[len(posed) // 2].model_dump(mode="json")} if posed else {}


def _bind_beside(
    session: Session, socket: str, said: str, needed: bool, inputs: dict[str, Any], sources: dict[str, Any]
) -> None:  # fmt: skip
    if not said:
        if needed:
            raise BadInput("scene_from", f"it is not said which {socket} is meant", "name a clip or still of the catalogue")
        return
    asset = asset_named(session, said, ("camera", "still", "look"))
    require(asset, "generate_from" if socket == "background" else "retrieve")
    sources[f"@{socket}"] = {socket: asset.id}
    inputs[socket] = f"@{socket}"


def choices_for(production: Production) -> dict[str, list[str]]:
    """What the fields that name material may be given, for a form to suggest."""
    with production.reading() as session:
        assets = [a for a in session.scalars(select(Asset).order_by(Asset.path)) if a.role == "material" or a.kind == "matte"]
        usable = [a for a in assets if allowed(a, "retrieve")]
        mattes = [_short(a) for a in usable if a.kind == "matte"]
        pictures = [_short(a) for a in usable if a.kind in ("camera", "still", "look")]
        lists = [_short(a) for a in usable if a.details.get("paper") == "lights"]
        labels = list(dict.fromkeys(one.label for one in catalogued_framings(session) if one.label))
    return {
        "matte_from": ["people", "none", *mattes],
        "scene_from": [*lists, *pictures],
        "depth_from": pictures,
        "framing_from": labels,
    }


def _short(asset: Asset) -> str:
    return asset.path.rpartition("/")[2]


__all__ = ["BINDINGS", "asset_named", "choices_for", "operation_graph", "settings_of", "structured", "submit_operation"]
