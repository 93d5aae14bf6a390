"""What loose footage brings besides plate and matte: a list of light passes, a camera, and the digests of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerprint.colour.spaces import default_space, resolve_space
from answerprint.generator.light_passes import read_lights
from answerprint.generator.registry import operations
from answerprint.graph.sources import BesideReader, PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import file_digest


@dataclass
class Given:
    """Sources to bind, what is plugged into the operation's sockets, and settings that came with them."""

    sources: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str | list[str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def bind_extras(operation: str, scene: Path | None, camera: Path | None, plate: PlateReader, rate: str | None) -> Given:
    """The ``--scene`` and ``--camera`` of an operation on loose footage. Raises BadInput for one it has no use for."""
    sockets = {socket.name for socket in operations()[operation].inputs}
    given = Given()
    if scene is not None:
        if "passes" not in sockets:
            raise BadInput(scene, f"{operation} takes no scene", "leave --scene away")
        _bind_passes(given, scene, plate, rate)
    if camera is not None:
        raise BadInput(camera, f"{operation} takes no camera", "leave --camera away")
    return given


def footage_digest(path: Path) -> str:
    """SHA-256 of a movie, or the digest of the list of SHA-256s of a folder's files in name order."""
    if path.is_dir():
        return record_digest(
            [[f.name, file_digest(f)] for f in sorted(path.iterdir()) if f.is_file() and not f.name.startswith(".")]
        )
    return file_digest(path)


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
