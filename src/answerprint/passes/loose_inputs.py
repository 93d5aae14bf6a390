"""What loose footage brings besides plate and matte: a list of light passes, a camera, and the digests of files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from answerprint.colour.spaces import default_space, resolve_space
from answerprint.generator.light_geometry import RigLight
from answerprint.generator.light_passes import read_lights
from answerprint.generator.registry import operations
from answerprint.graph.depth import DepthFiles
from answerprint.graph.sources import BesideReader, CoveringReader, PlateReader
from answerprint.media.framing import read_fdl
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.passes.coverage_inputs import read_path, read_scene
from answerprint.passes.framing import reframing
from answerprint.production import BadInput, first_fault
from answerprint.provenance.digests import footage_digest


@dataclass
class Given:
    """Sources to bind, what is plugged into the operation's sockets, and settings that came with them."""

    sources: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str | list[str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    """Settings that give way to what a person said."""


def bind_extras(
    operation: str, scene: Path | None, camera: Path | None, plate: PlateReader, rate: str | None, space: str = "",
    depth: Path | None = None, framing: str = "",
) -> Given:  # fmt: skip
    """The ``--scene``, ``--camera`` and ``--depth`` of an operation on loose footage. Raises BadInput for one it has no use for.

    ``space`` is the colour space that was named for the files, ``framing`` the label of a framing decision.
    """
    sockets = {socket.name for socket in operations()[operation].inputs}
    given = Given()
    if depth is not None and "depth" not in sockets:
        raise BadInput(depth, f"{operation} takes no depth", "leave --depth away")
    if "scene" in sockets:
        return _bind_scene(given, operation, scene, camera, plate, space)
    if scene is not None:
        if "depth" in sockets and "rig" in operations()[operation].Parameters.model_fields:
            depth = _bind_rig(given, scene, depth)
        elif "passes" in sockets:
            _bind_passes(given, scene, plate, rate)
        elif sockets & {"reference", "background"}:
            socket = "reference" if "reference" in sockets else "background"
            given.sources[f"@{socket}"] = _beside(scene, plate, rate, covering=socket == "background")
            given.inputs[socket] = f"@{socket}"
        elif "aspect" in operations()[operation].Parameters.model_fields:
            given.defaults |= reframing(read_fdl(scene), plate.clip, (plate.width, plate.height), framing)
        else:
            raise BadInput(scene, f"{operation} takes no scene", "leave --scene away")
    if depth is not None:
        covering = "background" in sockets
        given.sources["@depth"] = DepthFiles(open_sequence(depth, rate), footage_digest(depth), plate, covering)
        given.inputs["depth"] = "@depth"
    if camera is not None:
        if "camera" not in operations()[operation].Parameters.model_fields:
            raise BadInput(camera, f"{operation} takes no camera", "leave --camera away")
        given.parameters["camera"] = read_camera(camera).model_dump(mode="json")
    return given


def _bind_scene(given: Given, operation: str, scene: Path | None, camera: Path | None, plate: PlateReader, space: str) -> Given:
    if scene is None or camera is None:
        raise BadInput(operation, "needs a scene and a new camera", "give --scene transforms.json and --camera target.json")
    found, path = read_scene(scene, space), read_path(camera)
    given.sources["@scene"], given.inputs["scene"] = found, "@scene"
    # A camera that stands goes on as long as somebody filmed; one that moves, as long as its path.
    frames = len(path) if len(path) > 1 or not found.moments else plate.count
    given.parameters |= {"cameras": [c.model_dump(mode="json") for c in path], "frames": frames}
    return given


def read_camera(path: Path) -> Camera:
    """A camera as this project writes it (OpenTrackIO names), or with the keys of a nerfstudio ``transforms.json``."""
    try:
        document = json.loads(path.read_bytes())
        if "fl_x" in document:
            f_x = float(document["fl_x"])
            matrix = np.array(
                [
                    [f_x, 0, float(document["cx"]) - 0.5],
                    [0, float(document.get("fl_y", f_x)), float(document["cy"]) - 0.5],
                    [0, 0, 1],
                ]
            )
            terms = [float(document.get(name, 0.0)) for name in ("k1", "k2", "p1", "p2", "k3")]
            return Camera.from_opencv(matrix, (int(document["w"]), int(document["h"])), coefficients=terms)
        return Camera.model_validate(document)
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        raise BadInput(path, ": ".join(first_fault(fault)), "correct the field") from None
    except (ValueError, TypeError, KeyError) as fault:
        raise BadInput(path, f"is not a camera ({fault})", "write it as JSON with OpenTrackIO or transforms.json keys") from None


def _beside(path: Path, plate: PlateReader, rate: str | None, covering: bool) -> PlateReader:
    """Another clip; one that does not say its space, of the plate's kind, is in that of the plate."""
    sequence = open_sequence(path, rate)
    untagged = not sequence.colour_tag and sequence.storage == plate.sequence.storage
    space = plate.space if untagged else default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    if covering:
        return CoveringReader(sequence, space, footage_digest(path), sequence.path.stem, plate)
    return PlateReader(sequence, space, footage_digest(path), sequence.path.stem)


def _bind_rig(given: Given, scene: Path, depth: Path | None) -> Path:
    """A rig: ``{"depth": PATH, "camera": {...}, "lights": [{"id", "position", "aim", "size", "lux", "gain_stops"}]}``.

    Returns where its depth lies: ``depth`` where that was given, else as the rig says.
    """
    try:
        document = json.loads(scene.read_bytes())
        place = depth or scene.parent / str(document["depth"])
        given.parameters["rig"] = [RigLight.model_validate(light).model_dump(mode="json") for light in document["lights"]]
        if "camera" in document:
            given.parameters["camera"] = Camera.model_validate(document["camera"]).model_dump(mode="json")
    except OSError as fault:
        raise BadInput(scene, fault.strerror or "cannot be opened", "check the path") from None
    except ValidationError as fault:
        raise BadInput(scene, ": ".join(first_fault(fault)), "correct the field") from None
    except (ValueError, TypeError, KeyError) as fault:
        raise BadInput(scene, f"is no rig ({fault})", 'write {"depth", "lights": [{"id", "position", "aim"}]}') from None
    return place


def _bind_passes(given: Given, scene: Path, plate: PlateReader, rate: str | None) -> None:
    lights, places = read_lights(scene)
    names = []
    for number, (light, place) in enumerate(zip(lights, places, strict=True)):
        sequence = open_sequence(place, rate)
        if sequence.storage not in ("half", "float"):
            raise BadInput(place, f"the pass of light {light.id!r} is {sequence.storage}", "give scene-linear half or float EXR")
        # A pass that does not say its space is in that of the plate, if the plate is light as well.
        untagged = not sequence.colour_tag and plate.sequence.storage in ("half", "float")
        space = plate.space if untagged else default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
        name = f"@pass{number}"
        given.sources[name] = BesideReader(sequence, resolve_space(space), footage_digest(place), f"{plate.clip}:{light.id}", plate)
        names.append(name)
    given.inputs["passes"] = list(names)
    given.parameters["lights"] = [light.model_dump(mode="json") for light in lights]
