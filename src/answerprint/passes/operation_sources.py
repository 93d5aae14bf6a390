"""What a queued operation reads besides its plate: resolved from the catalogue by the worker, permission-checked once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.colour.spaces import default_space, resolve_space
from answerprint.generator.light_passes import read_lights
from answerprint.graph.contract import Plane
from answerprint.graph.depth import DepthFiles
from answerprint.graph.sources import BesideReader, CoveringReader, PlateReader
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.passes.footage import located, matte_of, other_takes, require
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Version
from answerprint.provenance.canonical import record_digest


def resolved(production: Production, session: Session, plate: PlateReader, sources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Readers by name for the sources of a job's order, as ``operation_pass`` wrote them."""
    return {name: _reader(production, session, plate, said) for name, said in sources.items()}


def _reader(production: Production, session: Session, plate: PlateReader, said: dict[str, Any]) -> Any:
    if "version_matte" in said:
        version = session.get(Version, said["version_matte"])
        assert version is not None
        return VersionMattes(production, version, plate)
    kind = next(iter(said))
    if kind == "pass":
        clip = session.get(Clip, said["pass"])
        assert clip is not None
        require(clip.asset, "generate_from")
        sequence = open_sequence(located(production, clip.asset), clip.rate)
        return BesideReader(sequence, resolve_space(clip.input_space), clip.asset.sha256, f"{plate.clip}:{said['light']}", plate)
    asset = session.get(Asset, said[kind])
    assert asset is not None
    if kind == "matte":
        return matte_of(production, asset, plate)
    require(asset, "generate_from" if kind in ("background", "take") else "retrieve")
    sequence = open_sequence(located(production, asset), plate.sequence.rate)
    if kind == "depth":
        return DepthFiles(sequence, asset.sha256, plate, covering=bool(said.get("covers")))
    name = asset.clip.name if asset.clip is not None else Path(asset.path).stem
    if kind == "background":
        return CoveringReader(sequence, _space(asset, sequence, plate), asset.sha256, name, plate)
    return PlateReader(sequence, _space(asset, sequence, plate), asset.sha256, name)


def _space(asset: Asset, sequence: FrameSequence, plate: PlateReader) -> str:
    if asset.clip is not None and asset.clip.input_space:
        return resolve_space(asset.clip.input_space)
    untagged = not sequence.colour_tag and sequence.storage == plate.sequence.storage
    return plate.space if untagged else resolve_space(default_space(sequence.storage, sequence.file_format, sequence.colour_tag))


class VersionMattes:
    """The mattes of a finished version of a shot, as another operation on that shot sees them; black outside its frames."""

    def __init__(self, production: Production, version: Version, plate: PlateReader) -> None:
        self._folder, self._start = production.root / version.path, version.first
        self.digest = record_digest([[r["frame"], r["pixel_digest"]] for r in version.figures["frames"]])
        self.count, self.width, self.height = plate.count, plate.width, plate.height
        self._sequence: FrameSequence | None = None

    def read(self, index: int) -> Plane:
        """The matte of the clip's frame ``index``, float32 0 to 1."""
        self._sequence = self._sequence or open_sequence(self._folder, None)
        if not 0 <= index - self._start < self._sequence.count:
            return np.zeros((self.height, self.width), np.float32)
        return np.asarray(np.clip(self._sequence.read(index - self._start).rgb()[..., 0].astype(np.float32), 0, 1))


def take_sources(session: Session, clip: Clip) -> dict[str, dict[str, Any]]:
    """The same camera's other takes as a job's order names them: ``{"@take0": {"take": asset id}}``."""
    return {f"@take{number}": {"take": other.asset.id} for number, other in enumerate(other_takes(session, clip))}


def light_list_for(
    production: Production, session: Session, clip: Clip, named: Asset | None
) -> tuple[list[dict[str, Any]], list[Clip]] | None:
    """The lights of the list that is named, or that names this clip, and the catalogued clip of each light's pass.

    None where there is no list. Raises BadInput where a pass was not ingested.
    """
    lists = [named] if named is not None else [
        a for a in session.scalars(select(Asset).where(Asset.kind == "notes").order_by(Asset.id))
        if a.details.get("paper") == "lights" and a.details.get("plate") == clip.name
    ]  # fmt: skip
    if not lists:
        return None
    require(lists[-1], "retrieve")
    place = located(production, lists[-1])
    lights, folders = read_lights(place)
    by_path = {located(production, c.asset).resolve(): c for c in session.scalars(select(Clip))}
    found = []
    for light, folder in zip(lights, folders, strict=True):
        held = by_path.get(folder.resolve())
        if held is None:
            raise BadInput(folder, f"the pass of light {light.id!r} is not in the catalogue", "ingest it beside its list")
        found.append(held)
    return [light.model_dump(mode="json") for light in lights], found
