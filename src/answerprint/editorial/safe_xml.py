"""XML from other people's systems, opened so that it can neither fetch, expand nor exhaust; and numbers read from it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from lxml import etree

from answerprint.editorial.encodings import read_bytes
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

_DEEPEST = 100
_MOST_ELEMENTS = 3_000_000
_LARGEST = 1 << 40
_WHOLE = re.compile(r"[-+]?\d{1,15}")
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parsed(path: Path, root: str, what: str) -> Any:
    """The root element, whose tag must be ``root``. Raises BadInput for anything but a whole document without entities.

    Document type declarations are allowed, as FCP7 XML and FCPXML carry one; entities and external references are refused.
    """
    try:
        tree = defusedxml.ElementTree.fromstring(read_bytes(path))
    except DefusedXmlException:
        raise BadInput(path, "declares entities, which no timeline needs", f"export the cut again as {what}") from None
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
        reason = " ".join(str(error).split())[:100]
        raise BadInput(path, f"is no whole XML document ({reason})", f"export the cut again as {what}") from None
    if tree.tag != root:
        raise BadInput(path, f"is XML of another kind (<{str(tree.tag)[:40]}>)", f"export the cut as {what}")
    count, depth, layer = 0, 0, [tree]
    while layer:
        depth, count = depth + 1, count + len(layer)
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise BadInput(path, "is nested deeper or holds more than any timeline", f"export the cut again as {what}")
        layer = [child for element in layer for child in element]
    return tree


def written(path: Path, root: Any, doctype: str) -> None:
    """Write a document built with ``element`` atomically, indented, with its document type."""
    etree.indent(root, space="  ")
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype=doctype)
    write_atomically(path, content + b"\n")


def element(parent: Any, tag: str, text: object = None, **attributes: str) -> Any:
    """A new child with text; characters XML cannot hold are written as U+FFFD."""
    made = etree.SubElement(parent, tag, **{key: legal(value) for key, value in attributes.items()})
    if text is not None:
        made.text = legal(str(text))
    return made


def legal(text: str) -> str:
    """The text with U+FFFD for every character that XML 1.0 does not allow."""
    return _ILLEGAL.sub("\ufffd", text)


def text_of(parent: Any, path: str, default: str = "") -> str:
    """The stripped text of the element at ``path`` below ``parent``."""
    found = parent.find(path) if parent is not None else None
    return (found.text or "").strip() if found is not None and found.text else default


def whole(text: str, what: str, default: int | None = None) -> int:
    """A whole number of frames; a decimal fraction is rounded. Raises BadInput for none, unless there is a default."""
    if not text and default is not None:
        return default
    value = int(text) if _WHOLE.fullmatch(text) else round(number(text, what))
    if abs(value) > _LARGEST:
        raise BadInput(what, f"{text[:30]!r} is beyond any timeline", "export the cut again")
    return value


def number(text: str, what: str, default: float | None = None) -> float:
    """A finite number. Raises BadInput for anything else, unless the text is empty and there is a default."""
    if not text and default is not None:
        return default
    try:
        value = float(text[:60])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise BadInput(what, f"{text[:30]!r} is not a number", "export the cut again")
    return value
