"""The XML documents of an IMF package, opened safely: names without their namespaces, identifiers and rationals as values."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from answerprint.editorial.encodings import read_bytes
from answerprint.production import BadInput

_DEEPEST, _MOST = 60, 500_000
_URN = re.compile(r"urn:uuid:([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


@dataclass(frozen=True)
class Document:
    """One document: the local name of its root, the root's namespace, the root element."""

    path: Path
    name: str
    namespace: str
    root: Any


def opened(path: Path) -> Document:
    """Read an XML document. Raises BadInput for what is none, declares entities, or is nested beyond any package."""
    try:
        root = defusedxml.ElementTree.fromstring(read_bytes(path), forbid_dtd=True)
    except DefusedXmlException:
        raise BadInput(
            path, "declares a document type or entities, which no IMF document has", "export the package again"
        ) from None
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise BadInput(
            path, f"is no whole XML document ({' '.join(str(error).split())[:80]})", "export the package again"
        ) from None
    layer, depth, count = [root], 0, 0
    while layer:
        depth, count = depth + 1, count + len(layer)
        if depth > _DEEPEST or count > _MOST:
            raise BadInput(path, "is nested deeper or holds more than any package", "export the package again")
        layer = [child for element in layer for child in element]
    namespace, _, name = root.tag.rpartition("}")
    return Document(path, name, namespace.lstrip("{"), root)


def local(element: Any) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Any, name: str) -> list[Any]:
    """The direct children of that name, in any namespace."""
    return [] if element is None else [child for child in element if local(child) == name]


def child(element: Any, *names: str) -> Any:
    """The first descendant along a path of names, None where there is none."""
    for name in names:
        element = next(iter(children(element, name)), None)
    return element


def text(element: Any, *names: str, default: str = "") -> str:
    """The text at a path of names."""
    found = child(element, *names)
    return default if found is None or found.text is None else str(found.text).strip()


def identifier(value: str) -> uuid.UUID | None:
    """``urn:uuid:...`` as a UUID, None for anything else (SMPTE ST 433, UUIDType)."""
    found = _URN.fullmatch(value.strip())
    return uuid.UUID(found[1]) if found else None


def rational(value: str) -> Fraction | None:
    """``24000 1001`` or ``24000/1001`` as a positive fraction, None for anything else."""
    parts = re.fullmatch(r"(\d{1,9})(?:[ /](\d{1,9}))?", value.strip())
    if parts is None or not int(parts[1]) or (parts[2] is not None and not int(parts[2])):
        return None
    return Fraction(int(parts[1]), int(parts[2] or 1))


def whole(value: str) -> int | None:
    """A number without sign, None for anything else."""
    return int(value) if re.fullmatch(r"\d{1,18}", value.strip()) else None
