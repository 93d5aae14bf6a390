"""Reading an ACES Metadata File, with what its rules are broken in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from lxml import etree

from answerprint.colour.amf import NAMESPACES, Amf, AmfLook, AmfTransform, child, children, text
from answerprint.colour.amf_ids import space_of
from answerprint.colour.amf_rules import problems_of
from answerprint.colour.cdl import CDL, Triple
from answerprint.production import BadInput

# Early files of version 2 carry a namespace that the specification then dropped.
_VERSIONS = {space: version for version, space in NAMESPACES.items()} | {"urn:acesMetadata:acesMetadataFile:v2.0": "2.0"}
_LARGEST_FILE = 16 << 20
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def read_amf(path: Path) -> Amf:
    """Read an AMF of version 1 or 2. Raises BadInput for what is not one; what merely breaks a rule is in ``problems``."""
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
