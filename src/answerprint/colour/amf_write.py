"""Writing an ACES Metadata File: a new one whole, a read one with only what was changed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from lxml import etree

from answerprint.colour import amf as model
from answerprint.colour.amf import CDL_NAMESPACE, NAMESPACES, Amf, AmfLook, AmfTransform
from answerprint.colour.amf_read import from_tree
from answerprint.colour.amf_rules import problems_of
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

# The order of the schemas: a new element goes before the first of those that must follow it.
_ROOT = ("amfInfo", "clipId", "pipeline", "archivedPipeline")
_INFO = ("description", "author", "dateTime", "uuid")
_PIPELINE = ("pipelineInfo", "inputTransform", "lookTransform", "workingLocation", "outputTransform")
_STEP = ("description", "hash", "uuid", "file", "transformId", "cdlWorkingSpace", "ASC_SOP", "ASC_SAT")


def write_amf(path: Path, amf: Amf) -> None:
    """Write an AMF; the same input gives the same bytes. Raises BadInput for one that breaks a rule of the specification.

    A file that came with problems may keep those it came with: another program's fault is no reason to lose its metadata.
    """
    root = _edited(path, amf) if amf.tree is not None else _new(amf)
    now = from_tree(path, root)
    fresh = [line for line in problems_of(now) if line not in amf.problems]
    if fresh:
        raise BadInput(
            path, f"would break a rule of ACES Metadata Files: {fresh[0]}", "correct the grade or the clip's description"
        )
    content: bytes = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    write_atomically(path, content if content.endswith(b"\n") else content + b"\n")


def _new(amf: Amf) -> Any:
    root = etree.Element(_name(amf, "acesMetadataFile"), nsmap={"aces": NAMESPACES[amf.version], "cdl": CDL_NAMESPACE})
    root.set("version", amf.version)
    _put_info(root, amf)
    _put_clip(root, amf)
    pipeline = _child(root, amf, "pipeline", _ROOT)
    info = _child(pipeline, amf, "pipelineInfo", _PIPELINE)
    _dates(info, amf)
    version = _child(info, amf, "systemVersion", ())
    for part, digit in zip(("major", "minor", "patch"), amf.aces_version, strict=True):
        _text(version, amf, f"{part}Version", str(digit), ())
    _put_step(pipeline, amf, "inputTransform", amf.input)
    _put_looks(pipeline, amf)
    _put_output(pipeline, amf)
    etree.indent(root, space="    ")
    return root


def _edited(path: Path, amf: Amf) -> Any:
    root = copy.deepcopy(amf.tree)
    was = from_tree(path, amf.tree)
    pipeline = model.child(root, "pipeline")
    info = ("description", "uuid", "created", "modified")
    if any(getattr(was, name) != getattr(amf, name) for name in info):
        _put_info(root, amf)
    if any(getattr(was, name) != getattr(amf, name) for name in ("clip_name", "clip_file", "clip_uuid", "clip_frames")):
        for old in model.children(root, "clipId"):
            root.remove(old)
        _put_clip(root, amf)
    if was.input != amf.input:
        _remove(pipeline, "inputTransform")
        _put_step(pipeline, amf, "inputTransform", amf.input)
    if was.looks != amf.looks:
        _replace_looks(pipeline, was, amf)
    if (was.output, was.rendering) != (amf.output, amf.rendering):
        _remove(pipeline, "outputTransform")
        _put_output(pipeline, amf)
    return root


def _replace_looks(pipeline: Any, was: Amf, amf: Amf) -> None:
    """Looks that are still there keep their element, unknown nodes and all; the others go and come."""
    elements = model.children(pipeline, "lookTransform")
    kept = list(zip(was.looks, elements, strict=True))
    place = pipeline.index(elements[0]) if elements else None
    for element in elements:
        pipeline.remove(element)
    wanted = []
    for look in amf.looks:
        match = next((pair for pair in kept if pair[0] == look), None)
        if match:
            kept.remove(match)
        wanted.append(match[1] if match else _look_element(amf, look))
    for offset, element in enumerate(wanted):
        if place is None:
            _insert(pipeline, element, "lookTransform", _PIPELINE)
        else:
            pipeline.insert(place + offset, element)


def _put_info(root: Any, amf: Amf) -> None:
    info = _child(root, amf, "amfInfo", _ROOT)
    if amf.description or model.child(info, "description") is not None:
        _text(info, amf, "description", amf.description, _INFO)
    _dates(info, amf)
    if amf.uuid:
        _text(info, amf, "uuid", amf.uuid, _INFO)


def _dates(info: Any, amf: Amf) -> None:
    dates = _child(info, amf, "dateTime", _INFO)
    _text(dates, amf, "creationDateTime", amf.created, ("creationDateTime", "modificationDateTime"))
    _text(dates, amf, "modificationDateTime", amf.modified, ("creationDateTime", "modificationDateTime"))


def _put_clip(root: Any, amf: Amf) -> None:
    if not (amf.clip_name or amf.clip_file or amf.clip_uuid):
        return
    clip = _child(root, amf, "clipId", _ROOT)
    _text(clip, amf, "clipName", amf.clip_name, ())
    if amf.clip_frames:
        sequence = _text(clip, amf, "sequence", amf.clip_file, ())
        for name, value in (("idx", "#"), ("min", str(amf.clip_frames[0])), ("max", str(amf.clip_frames[1]))):
            sequence.set(name, value)
    elif amf.clip_file:
        _text(clip, amf, "file", amf.clip_file, ())
    else:
        _text(clip, amf, "uuid", amf.clip_uuid, ())


def _put_step(pipeline: Any, amf: Amf, name: str, step: AmfTransform | None) -> None:
    if step is not None:
        element = _child(pipeline, amf, name, _PIPELINE)
        element.set("applied", str(step.applied).lower())
        _fill(element, amf, step)


def _put_looks(pipeline: Any, amf: Amf) -> None:
    for look in amf.looks:
        _insert(pipeline, _look_element(amf, look), "lookTransform", _PIPELINE)


def _put_output(pipeline: Any, amf: Amf) -> None:
    if amf.output is None:
        return
    element = _child(pipeline, amf, "outputTransform", _PIPELINE)
    if amf.version == "2.0":
        element.set("applied", str(amf.output.applied).lower())
    if amf.rendering is None:
        _fill(element, amf, amf.output)
        return
    _fill(_child(element, amf, "referenceRenderingTransform", ()), amf, amf.rendering)
    _fill(_child(element, amf, "outputDeviceTransform", ()), amf, amf.output)


def _look_element(amf: Amf, look: AmfLook) -> Any:
    element = etree.Element(_name(amf, "lookTransform"), nsmap={"aces": NAMESPACES[amf.version], "cdl": CDL_NAMESPACE})
    element.set("applied", str(look.applied).lower())
    _fill(element, amf, look)
    if look.cdl is None:
        return element
    into, back = model.working_space_ids(look.cdl, 1 if amf.version == "1.0" else 2)
    if back is None:
        raise BadInput(
            look.cdl.id or "CDL", f"acts in {look.cdl.working_space}, which ACES has no identifier for", "grade in ACEScct"
        )
    space = _child(element, amf, "cdlWorkingSpace", _STEP)
    if into is not None:
        _text(_child(space, amf, "toCdlWorkingSpace", ()), amf, "transformId", into, ())
    _text(_child(space, amf, "fromCdlWorkingSpace", ()), amf, "transformId", back, ())
    sop = etree.SubElement(element, f"{{{CDL_NAMESPACE}}}ASC_SOP")
    for name, values in (("Slope", look.cdl.slope), ("Offset", look.cdl.offset), ("Power", look.cdl.power)):
        etree.SubElement(sop, f"{{{CDL_NAMESPACE}}}{name}").text = " ".join(f"{value:.10g}" for value in values)
    saturation = etree.SubElement(element, f"{{{CDL_NAMESPACE}}}ASC_SAT")
    etree.SubElement(saturation, f"{{{CDL_NAMESPACE}}}Saturation").text = f"{look.cdl.saturation:.10g}"
    return element


def _fill(element: Any, amf: Amf, step: AmfTransform) -> None:
    for name, value in (
        ("description", step.description),
        ("uuid", step.uuid),
        ("file", step.file),
        ("transformId", step.transform_id),
    ):
        if value:
            _text(element, amf, name, value, _STEP)


def _name(amf: Amf, name: str) -> str:
    space = etree.QName(amf.tree).namespace if amf.tree is not None else NAMESPACES[amf.version]
    return f"{{{space}}}{name}"


def _child(parent: Any, amf: Amf, name: str, order: tuple[str, ...]) -> Any:
    """The child of that name, made in its place where it is missing."""
    found = model.child(parent, name)
    if found is None:
        found = etree.Element(_name(amf, name), nsmap=parent.nsmap)
        _insert(parent, found, name, order)
    return found


def _insert(parent: Any, element: Any, name: str, order: tuple[str, ...]) -> None:
    after = set(order[order.index(name) + 1 :]) if name in order else set()
    later = (place for place, one in enumerate(parent) if isinstance(one.tag, str) and etree.QName(one).localname in after)
    parent.insert(next(later, len(parent)), element)


def _text(parent: Any, amf: Amf, name: str, value: str, order: tuple[str, ...]) -> Any:
    element = _child(parent, amf, name, order)
    # What XML cannot hold, control characters, is written as U+FFFD.
    element.text = "".join(c if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in value)
    return element


def _remove(parent: Any, name: str) -> None:
    for old in model.children(parent, name):
        parent.remove(old)
