"""ACES Metadata Files: how a clip is meant to be seen, for hosts that follow ACES (Academy S-2019-001, versions 1 and 2).

A file that is read keeps its whole document; what nobody changed, unknown nodes and comments included, is written back as
it stood. Unlike .cc, .ccc and .cdl an AMF says which space a CDL acts in.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from answerprint.colour.amf_ids import from_aces, output_of, space_of, to_aces
from answerprint.colour.cdl import CDL, Triple
from answerprint.production import BadInput

CDL_NAMESPACE = "urn:ASC:CDL:v1.01"
NAMESPACES = {"1.0": "urn:ampas:aces:amf:v1.0", "2.0": "urn:ampas:aces:amf:v2.0"}
# Early files of version 2 carry a namespace that the specification then dropped.
_VERSIONS = {space: version for version, space in NAMESPACES.items()} | {"urn:acesMetadata:acesMetadataFile:v2.0": "2.0"}
_LARGEST_FILE = 16 << 20
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


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


def read_amf(path: Path) -> Amf:
    """Read an AMF of version 1 or 2. Raises BadInput for what is not one; what merely breaks a rule is in ``problems``."""
    from answerprint.colour.amf_rules import problems_of

    root = _parsed(path)
    amf = from_tree(path, root)
    return amf.model_copy(update={"problems": tuple(problems_of(amf))})


def from_tree(path: Path, root: Any) -> Amf:
    """The model of a document."""
    pipeline = child(root, "pipeline")
    info, clip = child(root, "amfInfo"), child(root, "clipId")
    if pipeline is None:
        raise BadInput(path, "has no pipeline", "export the ACES Metadata File again")
    output = child(pipeline, "outputTransform")
    device, rendering = child(output, "outputDeviceTransform"), child(output, "referenceRenderingTransform")
    frames = child(clip, "sequence")
    return Amf(
        version=_VERSIONS[etree.QName(root).namespace],
        description=text(info, "description"),
        uuid=text(info, "uuid"),
        created=text(child(info, "dateTime"), "creationDateTime"),
        modified=text(child(info, "dateTime"), "modificationDateTime"),
        clip_name=text(clip, "clipName"),
        clip_file=text(clip, "file") or text(clip, "sequence"),
        clip_uuid=text(clip, "uuid"),
        clip_frames=_frames(frames),
        aces_version=_aces_version(child(pipeline, "pipelineInfo")),
        input=_transform(child(pipeline, "inputTransform")),
        looks=tuple(_look(path, one) for one in children(pipeline, "lookTransform")),
        output=_transform(device if device is not None else output),
        rendering=_transform(rendering),
        tree=root,
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


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadInput(path, "is larger than any ACES Metadata File", "check that it is one")
        content = path.read_bytes()
        defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
        safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(content, parser=safe)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "check the path") from None
    except DefusedXmlException:
        raise BadInput(path, "declares entities or a document type, which no AMF needs", "export it again") from None
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise BadInput(path, f"is no whole XML document ({' '.join(str(error).split())[:80]})", "export it again") from None
    name = etree.QName(root)
    if name.localname != "acesMetadataFile" or name.namespace not in _VERSIONS:
        raise BadInput(
            path, f"is no ACES Metadata File we know ({name.namespace or 'no namespace'})", "give an AMF of version 1 or 2"
        )
    return root


def _transform(element: Any) -> AmfTransform | None:
    return None if element is None else AmfTransform(**_common(element))


def _common(element: Any) -> dict[str, Any]:
    return {
        "description": text(element, "description"),
        "transform_id": text(element, "transformId") or text(element, "transformID"),
        "file": text(element, "file"),
        "uuid": text(element, "uuid"),
        "applied": element.get("applied", "").strip() in ("true", "1"),
    }


def _look(path: Path, element: Any) -> AmfLook:
    common = _common(element)
    reference = child(element, "ColorCorrectionRef")
    sop = child(element, "ASC_SOP") if child(element, "ASC_SOP") is not None else child(element, "SOPNode")
    sat = child(element, "ASC_SAT") if child(element, "ASC_SAT") is not None else child(element, "SatNode")
    cdl = None
    if sop is not None or sat is not None:
        slope, offset, power = (
            _triple(path, sop, name, default) for name, default in (("Slope", 1.0), ("Offset", 0.0), ("Power", 1.0))
        )
        saturation = _numbers(path, text(sat, "Saturation") or "1", 1)[0]
        cdl = CDL(slope=slope, offset=offset, power=power, saturation=saturation, working_space=_working_space(element))
    return AmfLook(**common, cdl=cdl, correction_ref=reference.get("ref", "") if reference is not None else "")


def _working_space(element: Any) -> str:
    """The space a look's CDL acts in; files written before the specification settled spell the element otherwise."""
    for holder, back in (
        ("cdlWorkingSpace", "fromCdlWorkingSpace"),
        ("lookTransformWorkingSpace", "fromLookTransformWorkingSpace"),
    ):
        space = child(element, holder)
        if space is not None:
            said = text(child(space, back), "transformId") or text(child(space, "toCdlWorkingSpace"), "transformId")
            return space_of(said) or said or "unknown"
    return "unknown"


def _triple(path: Path, parent: Any, name: str, default: float) -> Triple:
    values = _numbers(path, text(parent, name) or f"{default} {default} {default}", 3)
    return values[0], values[1], values[2]


def _numbers(path: Path, said: str, count: int) -> list[float]:
    words = said.split()
    if len(words) != count or not all(re.fullmatch(_NUMBER, word) for word in words) or any(abs(float(w)) > 1e9 for w in words):
        raise BadInput(path, f"{said[:40]!r} is not {count} numbers of a CDL", "export the ACES Metadata File again")
    return [float(word) for word in words]


def _frames(sequence: Any) -> tuple[int, int] | None:
    if sequence is None:
        return None
    ends = [sequence.get(name, "") for name in ("min", "max")]
    return (int(ends[0]), int(ends[1])) if all(re.fullmatch(r"\d{1,9}", end) for end in ends) else None


def _aces_version(info: Any) -> tuple[int, int, int]:
    for holder, prefix in (("systemVersion", ""), ("acesVersion", "aces")):
        version = child(info, holder)
        names = [f"{prefix}{part}Version" for part in ("Major", "Minor", "Patch")]
        digits = [text(version, name if prefix else name[0].lower() + name[1:]) for name in names]
        if version is not None and all(re.fullmatch(r"\d", digit) for digit in digits):
            return int(digits[0]), int(digits[1]), int(digits[2])
    return 0, 0, 0


def working_space_ids(cdl: CDL, aces: int) -> tuple[str | None, str | None]:
    """The identifiers of the way into a CDL's working space and back to ACES."""
    return from_aces(cdl.working_space, aces), to_aces(cdl.working_space, aces)
