"""ACES Metadata Files: how a clip is meant to be seen, for hosts that follow ACES (Academy S-2019-001, versions 1 and 2).

A file that is read keeps its whole document; what nobody changed, unknown nodes and comments included, is written back as
it stood. Unlike .cc, .ccc and .cdl an AMF says which space a CDL acts in.
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from answerprint.colour.amf_ids import from_aces, output_of, to_aces
from answerprint.colour.cdl import CDL

CDL_NAMESPACE = "urn:ASC:CDL:v1.01"
NAMESPACES = {"1.0": "urn:ampas:aces:amf:v1.0", "2.0": "urn:ampas:aces:amf:v2.0"}


class AmfTransform(BaseModel):
    """One step of the pipeline: named by identifier, by file or by uuid, and whether the pictures already carry it."""

    model_config = ConfigDict(frozen=True)

    description: str = ""
    transform_id: str = ""
    file: str = ""
    uuid: str = ""
    applied: bool = False


class AmfLook(AmfTransform):
    """A look: a transform like any other, or a CDL with the space it acts in."""

    cdl: CDL | None = Field(default=None, description="acts in its working_space")
    correction_ref: str = Field(default="", description="the id of a correction in the .ccc that `file` names")


class Amf(BaseModel):
    """An ACES Metadata File. ``tree`` is the document it was read from; ``problems`` what in it the specification forbids."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    version: str = "2.0"
    description: str = ""
    uuid: str = ""
    created: str = Field(default="", description="xs:dateTime")
    modified: str = Field(default="", description="xs:dateTime")
    clip_name: str = ""
    clip_file: str = Field(default="", description="a file, or a sequence pattern when clip_frames is given")
    clip_uuid: str = ""
    clip_frames: tuple[int, int] | None = Field(default=None, description="first and last number of a sequence")
    aces_version: tuple[int, int, int] = (2, 0, 0)
    input: AmfTransform | None = None
    looks: tuple[AmfLook, ...] = ()
    output: AmfTransform | None = None
    rendering: AmfTransform | None = Field(default=None, description="ACES 1: the RRT, where `output` is an ODT")
    problems: tuple[str, ...] = Field(default=(), exclude=True)
    tree: Any = Field(default=None, exclude=True, repr=False)


def amf_for(clip: str, space: str, cdl: CDL, view: str, when: str, uuid: str, file: str = "") -> Amf:
    """The AMF (version 2) of a clip in ``space`` under our grade and view, the grade not yet applied.

    ``when`` is an xs:dateTime and ``uuid`` a uuid without prefix: the caller's, so that the same input gives the same bytes.
    Where the Academy has no identifier for ``space`` the input transform is left out and the description says which it is.
    """
    known = to_aces(space)
    said = "" if known else f"; input is {space}, which has no ACES transform identifier"
    return Amf(
        description=f"Answerprint technical grade of {clip}{said}",
        uuid=f"urn:uuid:{uuid}",
        created=when,
        modified=when,
        clip_name=clip,
        clip_file=file or clip,
        input=AmfTransform(description=space, transform_id=known) if known else None,
        looks=(AmfLook(description="technical grade", cdl=cdl),),
        output=AmfTransform(description=f"view {view}", transform_id=output_of(view)),
    )


def children(parent: Any, name: str) -> list[Any]:
    """Child elements of this local name, whatever their namespace."""
    return [] if parent is None else [one for one in parent if isinstance(one.tag, str) and etree.QName(one).localname == name]


def child(parent: Any, name: str) -> Any:
    """The first of them, or None."""
    found = children(parent, name)
    return found[0] if found else None


def text(parent: Any, name: str) -> str:
    """The text of the first of them, stripped."""
    found = child(parent, name)
    return (found.text or "").strip() if found is not None else ""


def working_space_ids(cdl: CDL, aces: int) -> tuple[str | None, str | None]:
    """The identifiers of the way into a CDL's working space and back to ACES."""
    return from_aces(cdl.working_space, aces), to_aces(cdl.working_space, aces)
