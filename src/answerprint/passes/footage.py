"""Catalogue clips as plates, permission-checked: nothing reaches an operation that its permissions do not allow."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.colour.spaces import resolve_space
from answerprint.graph.sources import MatteFiles, PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip

MOST_TAKES = 4
"""Other takes that an operation is given: each costs a look at its frames."""


def allowed(asset: Asset, purpose: str) -> bool:
    """Whether the asset carries a permission for this purpose. No record means no."""
    return any(p.purpose == purpose and p.allowed for p in asset.permissions)


def require(asset: Asset, purpose: str) -> None:
    """Raise Refused, by name, when the asset may not be used for this purpose."""
    if not allowed(asset, purpose):
        why = next((p.why for p in asset.permissions if p.purpose == purpose and p.why), "no permission is recorded")
        raise Refused(
            asset.path,
            f"it may not be used to {purpose.replace('_', ' ')} ({why})",
            "the production's lawyer or post supervisor can grant it in the paperwork",
        )


def clip_named(session: Session, name: str) -> Clip:
    """The clip called ``name``; BadInput when there is none, or more than one."""
    found = list(session.scalars(select(Clip).where(Clip.name == name)))
    if not found:
        raise BadInput(name, "there is no such clip in the catalogue", "list the clips with `answerprint status`")
    if len(found) > 1:
        raise BadInput(name, f"{len(found)} clips have this name", "rename one of them, or give its reel")
    return found[0]


def located(production: Production, asset: Asset) -> Path:
    """Where the asset lies on disk."""
    path = Path(asset.path)
    return path if path.is_absolute() else production.root / path


def plate_of(production: Production, clip: Clip, purpose: str = "retrieve") -> PlateReader:
    """The clip as a plate, once its permissions have been found to allow ``purpose``."""
    require(clip.asset, purpose)
    sequence = open_sequence(located(production, clip.asset), clip.rate)
    if sequence.count != clip.frame_count:
        raise BadInput(sequence.path, f"it has {sequence.count} frames, the catalogue says {clip.frame_count}", "ingest it again")
    camera = Camera.model_validate(clip.camera) if clip.camera else None
    return PlateReader(sequence, resolve_space(clip.input_space), clip.asset.sha256, clip.name, camera)


def matte_of(production: Production, asset: Asset, plate: PlateReader) -> MatteFiles:
    """A catalogued matte for this plate."""
    require(asset, "retrieve")
    return MatteFiles(open_sequence(located(production, asset), None), asset.sha256, plate)


def other_takes(session: Session, clip: Clip) -> list[Clip]:
    """The same camera's other takes of the same setup, of the same size, as far as they may be used, the nearest take first."""
    others = session.scalars(
        select(Clip)
        .where(
            Clip.scene == clip.scene,
            Clip.setup == clip.setup,
            Clip.take != clip.take,
            Clip.camera_label == clip.camera_label,
            Clip.width == clip.width,
            Clip.height == clip.height,
        )
        .order_by(Clip.id)
    )
    usable = [o for o in others if o.asset.role == "material" and allowed(o.asset, "generate_from")]
    return sorted(usable, key=lambda other: abs(other.id - clip.id))[:MOST_TAKES] if clip.setup or clip.scene else []


def simultaneous(session: Session, clip: Clip) -> list[Clip]:
    """The other calibrated cameras that filmed the same take, by camera label, as far as they may be used."""
    others = session.scalars(
        select(Clip)
        .where(Clip.scene == clip.scene, Clip.setup == clip.setup, Clip.take == clip.take, Clip.id != clip.id)
        .order_by(Clip.camera_label, Clip.id)
    )
    return [o for o in others if o.camera and o.asset.role == "material" and allowed(o.asset, "retrieve")]
