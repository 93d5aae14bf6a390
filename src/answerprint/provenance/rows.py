"""What a ledger row says: a frame that was made, or an event that people and machines caused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import is_digest


def _digest(text: str) -> str:
    if not is_digest(text):
        raise ValueError("is not a SHA-256 of 64 lower-case hexadecimal digits")
    return text


def _inside(text: str) -> str:
    if text.startswith("/") or "\\" in text or ".." in text.split("/"):
        raise ValueError("must be a path inside the output folder, with forward slashes")
    return text


Digest = Annotated[str, AfterValidator(_digest)]
InsidePath = Annotated[str, AfterValidator(_inside)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
ClassLetter = Literal["A", "B", "C", "R", "D"]

EventKind = Literal[
    "opened", "recovered", "approval", "override", "refusal", "lock", "training", "delivery", "purge", "certificate", "note"
]


class SourceUse(BaseModel):
    """One source frame that a frame was made from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: Digest = Field(description="SHA-256 of the source file, or the pixel digest of the source frame")
    of: Literal["file", "pixels"] = Field(default="pixels", description="what the digest was taken over")
    clip: str = Field(description="name or catalogue id of the clip")
    frame: int | None = Field(default=None, description="0-based frame within the clip; None for the whole clip")
    role: str = Field(default="plate", description="plate, matte, protect, candidate, hero, edit ...")


class ModelUse(BaseModel):
    """One learned model that had a part in a frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    digest: Digest = Field(description="SHA-256 of the weights file")
    kind: Literal["analysis", "pixels"] = Field(description="says where or what it is called; or makes pixels")


class FrameRow(BaseModel):
    """How one output frame came to be. The same inputs give the same row: no clock, no host, no duration."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    job: str
    node: str = Field(description="node of the graph that made the frame")
    operation: str
    operation_version: str
    frame: int = Field(description="0-based frame within the shot")
    timecode: str | None = None
    output: InsidePath = Field(description="path of the frame file inside the output folder, forward slashes")
    output_digest: Digest = Field(description="pixel digest of the frame as written")
    sources: tuple[SourceUse, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    parameters_digest: Digest | None = Field(default=None, description="filled from parameters when left out")
    models: tuple[ModelUse, ...] = ()
    performance_class: ClassLetter = Field(alias="class")
    changed_share: Share = Field(default=0.0, description="share of the frame's pixels that differ from the source")
    support_share: Share = Field(default=1.0, description="share of the changed pixels seen in a source frame")
    invented_share: Share = Field(default=0.0, description="share of the changed pixels that no source frame shows")
    restored: int = Field(default=0, ge=0, description="performer pixels restored (class R), px")
    unreached: int = Field(default=0, ge=0, description="pixels asked for but left as source, px")
    layers: dict[str, Digest] = Field(default_factory=dict, description="pixel digest of each layer: fill, matte, support ...")
    colour_config: Digest | None = None
    policy: Digest | None = None
    requested_by: str = ""

    def model_post_init(self, context: Any) -> None:
        digest = record_digest(self.parameters)
        if self.parameters_digest is None:
            object.__setattr__(self, "parameters_digest", digest)
        elif self.parameters_digest != digest:
            raise ValueError("parameters_digest is not the digest of parameters")

    @property
    def key(self) -> tuple[str, str, int]:
        """What the row is about; a later row with the same key replaces an earlier one."""
        return self.node, self.output, self.frame

    def body(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class EventRow(BaseModel):
    """Something that happened to named things: an approval, an override, a lock, a delivery."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: EventKind
    who: str
    when: datetime = Field(description="with its offset from UTC")
    subjects: tuple[Digest, ...] = Field(default=(), description="digests of the frames, manifests or models meant")
    frames: tuple[int, ...] = Field(default=(), description="frame numbers, where subjects are frames")
    verdict: Literal["approved", "rejected", ""] = ""
    note: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return self.model_dump(mode="json")
