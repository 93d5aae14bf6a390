"""What the AMF specification (Academy S-2019-001) and its schemas demand, as far as a program can tell without the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from answerprint.colour import amf as model

_DATE = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)?")
_UUID = re.compile(r"(urn:uuid:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID = re.compile(r"urn:ampas:aces:transformId:(v\d+\.\d+):([A-Za-z0-9]+)\.\S+")
_KINDS = {
    "input": {"IDT", "CSC", "ACEScsc", "Input"},
    "look": {"LMT", "InvLMT", "Look", "InvLook"},
    "output": {"RRTODT", "ODT", "Output"},
    "rendering": {"RRT"},
    "space": {"CSC", "ACEScsc"},
}
_ORDER = {
    "acesMetadataFile": ("amfInfo", "clipId", "pipeline", "archivedPipeline"),
    "amfInfo": ("description", "author", "dateTime", "uuid"),
    "clipId": ("clipName", "sequence", "file", "uuid"),
}
_HASHES = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmldsig-more#md5",
}


def problems_of(amf: model.Amf) -> list[str]:
    """Each broken rule in one line; an empty list for a file the rules allow."""
    found = [*_of_dates(amf), *_of_clip(amf), *_of_steps(amf)]
    if amf.tree is not None:
        found += [*_of_order(amf.tree), *_of_document(amf)]
    return list(dict.fromkeys(found))


def _of_dates(amf: model.Amf) -> Iterator[str]:
    for name, said in (("creationDateTime", amf.created), ("modificationDateTime", amf.modified)):
        if not _DATE.fullmatch(said):
            yield f"amfInfo/dateTime/{name} is {said or 'missing'}, not a date and time"
    if amf.uuid and not _UUID.fullmatch(amf.uuid):
        yield f"amfInfo/uuid {amf.uuid} is no uuid"
    if not amf.uuid and amf.version == "2.0":
        yield "amfInfo/uuid is missing"
    if amf.aces_version[0] == 0:
        yield "pipelineInfo/systemVersion is missing or not three single digits"


def _of_clip(amf: model.Amf) -> Iterator[str]:
    named = bool(amf.clip_name or amf.clip_file or amf.clip_uuid)
    if named and not amf.clip_name:
        yield "clipId has no clipName"
    if named and bool(amf.clip_file) == bool(amf.clip_uuid):
        yield "clipId needs exactly one of file, sequence and uuid"


def _of_steps(amf: model.Amf) -> Iterator[str]:
    steps: list[tuple[str, model.AmfTransform]] = [("look", look) for look in amf.looks]
    steps += [
        (kind, one) for kind, one in (("input", amf.input), ("output", amf.output), ("rendering", amf.rendering)) if one is not None
    ]
    for kind, step in steps:
        cdl = step.cdl if isinstance(step, model.AmfLook) else None
        ways = [bool(step.transform_id), bool(step.file), bool(step.uuid), cdl is not None]
        inverse = kind == "input" and amf.tree is not None and sum(ways) == 0  # an inverse output transform stands inside
        if sum(ways) != 1 and not inverse and not (isinstance(step, model.AmfLook) and step.correction_ref and step.file):
            yield f"{kind} transform {step.description!r} needs exactly one of identifier, file, uuid and CDL"
        if step.transform_id:
            yield from _of_id(kind, step.transform_id)
        if cdl is not None and cdl.working_space == "unknown":
            yield f"look {step.description!r} does not say which space its CDL acts in"
        if cdl is not None and not (min(cdl.slope) >= 0 and min(cdl.power) > 0 and cdl.saturation >= 0):
            yield f"look {step.description!r} has numbers the ASC CDL does not allow"
    if amf.version == "1.0" and amf.output is None:
        yield "outputTransform is missing"


def _of_id(kind: str, said: str) -> Iterator[str]:
    found = _ID.fullmatch(said)
    if not found:
        yield f"{said} is no transform identifier (urn:ampas:aces:transformId:...)"
    elif found[2] not in _KINDS[kind]:
        yield f"{said} names no {kind} transform"


def _of_order(root: Any) -> Iterator[str]:
    for name, order in _ORDER.items():
        for parent in [root, *root.iter()]:
            if not isinstance(parent.tag, str) or etree.QName(parent).localname != name:
                continue
            places = [order.index(n) for one in parent if isinstance(one.tag, str) and (n := etree.QName(one).localname) in order]
            if places != sorted(places):
                yield f"{name} has its elements in another order than {', '.join(order)}"


def _of_document(amf: model.Amf) -> Iterator[str]:
    if amf.tree.get("version") != amf.version:
        yield f"the version attribute says {amf.tree.get('version')}, the namespace {amf.version}"
    pipeline = model.child(amf.tree, "pipeline")
    if len(model.children(pipeline, "workingLocation")) > 1:
        yield "pipeline has more than one workingLocation"
    for element in (one for one in amf.tree.iter() if isinstance(one.tag, str)):
        name = etree.QName(element).localname
        if name == "hash" and element.get("algorithm") not in _HASHES:
            yield f"hash algorithm {element.get('algorithm')} is not one of SHA-256, SHA-1 and MD5"
        if name in ("inputTransform", "lookTransform") and element.get("applied") is None:
            yield f"{name} does not say whether it is applied"
