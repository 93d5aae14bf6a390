"""The catalogue's tables: everything a production knows about itself, in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def _now() -> datetime:
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """Base of all tables; constraints are named so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {dict[str, Any]: JSON, list[Any]: JSON, datetime: DateTime(timezone=True)}


class Asset(Table):
    """A file or frame folder the production owns or made. Originals stay where they are."""

    __tablename__ = "asset"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(index=True)
    """camera, sound, script, notes, tracking, lidar, lens, edit, still, look, report, hash-list, matte, simulation, unknown"""
    origin: Mapped[str] = mapped_column(default="in_place")
    """in_place, copied, or made (by Answerprint)"""
    role: Mapped[str] = mapped_column(default="material")
    """material, reference (evaluation only, never read by an operation), matte, proxy, generated (rendered by the virtual stage),
    cut (a new cut that came after the lock)"""
    size: Mapped[int] = mapped_column(default=0)
    xxh128: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(default="", index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """what ingest read from it: scene, setup, take, timecode, camera records, script scenes ..."""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    created: Mapped[datetime] = mapped_column(default=_now)
    permissions: Mapped[list[Permission]] = relationship(back_populates="asset", cascade="all, delete-orphan")
    clip: Mapped[Clip | None] = relationship(back_populates="asset", cascade="all, delete-orphan", uselist=False)


class Permission(Table):
    """Whether an asset may be used for one purpose: index, retrieve, train, generate_from, deliver."""

    __tablename__ = "permission"
    __table_args__ = (UniqueConstraint("asset_id", "purpose"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    purpose: Mapped[str]
    allowed: Mapped[bool]
    why: Mapped[str] = mapped_column(default="")
    asset: Mapped[Asset] = relationship(back_populates="permissions")


class Clip(Table):
    """One camera's recording of one take."""

    __tablename__ = "clip"
    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), unique=True)
    name: Mapped[str] = mapped_column(index=True)
    reel: Mapped[str] = mapped_column(default="", index=True)
    scene: Mapped[str] = mapped_column(default="")
    setup: Mapped[str] = mapped_column(default="")
    take: Mapped[str] = mapped_column(default="")
    camera_label: Mapped[str] = mapped_column(default="")
    rate: Mapped[str]
    """frames per second as a fraction, for example 60 or 24000/1001"""
    start_timecode: Mapped[str] = mapped_column(default="")
    frame_count: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    input_space: Mapped[str] = mapped_column(default="")
    camera: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """calibrated camera with OpenTrackIO names; empty when not recorded"""
    caption: Mapped[dict[str, Any]] = mapped_column(default=dict)
    grade: Mapped[dict[str, Any]] = mapped_column(default=dict)
    circled: Mapped[bool] = mapped_column(default=False)
    asset: Mapped[Asset] = relationship(back_populates="clip")
    shots: Mapped[list[Shot]] = relationship(back_populates="clip")


class Performer(Table):
    """A person who is seen; consent is recorded per person."""

    __tablename__ = "performer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    consent: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Shot(Table):
    """A piece of a clip that work is done on, with its place in the cut when it has one."""

    __tablename__ = "shot"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"))
    start: Mapped[int]
    end: Mapped[int]
    """frames of the clip, half-open, handles included"""
    cut_in: Mapped[int]
    cut_out: Mapped[int]
    """the part of it that the cut uses, in frames of the clip, half-open"""
    event: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="waiting")
    """waiting, working, to review, approved, rejected"""
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    clip: Mapped[Clip] = relationship(back_populates="shots")
    versions: Mapped[list[Version]] = relationship(back_populates="shot", order_by="Version.number")


class Version(Table):
    """One result for a shot: what was made, by which job, what came of it."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("shot_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    shot_id: Mapped[int] = mapped_column(ForeignKey("shot.id"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"))
    number: Mapped[int]
    operation: Mapped[str]
    path: Mapped[str]
    """folder of the result, relative to the production"""
    status: Mapped[str] = mapped_column(default="to review")
    """to review, approved, rejected"""
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=_now)
    shot: Mapped[Shot] = relationship(back_populates="versions")

    @property
    def first(self) -> int:
        """The clip's frame that its first picture shows: its shot may have grown since it was made."""
        return int(self.figures["span"][0]) if "span" in self.figures else self.shot.start

    approvals: Mapped[list[Approval]] = relationship(back_populates="version")


class Approval(Table):
    """A person's word on a version: approved or rejected, on which frames, with a note."""

    __tablename__ = "approval"
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    who: Mapped[str]
    decision: Mapped[str]
    """approved, rejected, note"""
    note: Mapped[str] = mapped_column(default="")
    frames: Mapped[list[Any]] = mapped_column(default=list)
    """single frames it speaks of; empty means all"""
    when: Mapped[datetime] = mapped_column(default=_now)
    version: Mapped[Version] = relationship(back_populates="approvals")


class Job(Table):
    """A piece of work in the queue. Everything needed to run it again is in ``order``."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    shot_id: Mapped[int | None] = mapped_column(ForeignKey("shot.id"))
    order: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    """waiting, running, done, failed, cancelled"""
    priority: Mapped[int] = mapped_column(default=50)
    requested_by: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=_now)
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    chunks: Mapped[list[JobChunk]] = relationship(back_populates="job", cascade="all, delete-orphan", order_by="JobChunk.number")
    shot: Mapped[Shot | None] = relationship()


class JobChunk(Table):
    """A part of a job that one worker does in one go; doing it twice is harmless."""

    __tablename__ = "job_chunk"
    __table_args__ = (UniqueConstraint("job_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    number: Mapped[int]
    stage: Mapped[int] = mapped_column(default=0)
    """chunks of a stage start when every chunk of the stage before is done"""
    order: Mapped[dict[str, Any]] = mapped_column(default=dict)
    weight: Mapped[int] = mapped_column(default=1)
    """frames it stands for, for progress and estimate"""
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job: Mapped[Job] = relationship(back_populates="chunks")


class JobEvent(Table):
    """Progress as it happened, numbered, so that a page that lost its connection can catch up."""

    __tablename__ = "job_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    when: Mapped[datetime] = mapped_column(default=_now)


class AccessToken(Table):
    """A way in to the page, kept as a hash; the token itself is shown once."""

    __tablename__ = "access_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    person: Mapped[str]
    role: Mapped[str] = mapped_column(default="supervisor")
    created: Mapped[datetime] = mapped_column(default=_now)
    revoked: Mapped[bool] = mapped_column(default=False)
