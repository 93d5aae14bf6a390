"""Hash lists that came with the material: what an ASC MHL generation says of each file."""

from __future__ import annotations

from pathlib import Path

from defusedxml import DefusedXmlException, ElementTree

from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput

_SIZE_DIGITS = 18


def read_hash_list(path: Path) -> IngestedFile:
    """An ASC MHL (version 1 or 2): the files it lists with their sizes and hashes. Raises BadInput when it is none."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BadInput(path, f"is no ASC MHL ({error})", "copy it again from the card or drive") from None
    if _name(root.tag) != "hashlist":
        raise BadInput(path, f"is no ASC MHL (it holds <{_name(root.tag)}>)", "copy it again from the card or drive")
    entries = []
    for entry in (node for node in root.iter() if _name(node.tag) == "hash"):
        parts = {_name(part.tag): part for part in entry}
        place = parts.pop("path", None)
        if place is None:
            place = parts.pop("file", None)
        size = place.get("size") if place is not None else None
        hashes = {name: (part.text or "").strip() for name, part in parts.items() if name in _KINDS}
        where = (place.text or "").strip() if place is not None else ""
        entries.append(
            {
                "path": where,
                "size": int(size) if size and size.isdecimal() and len(size) <= _SIZE_DIGITS else None,
                "hashes": hashes,
            }
        )
    problems = [] if entries else ["lists no file"]
    problems += [f"{entry['path'] or 'an entry'} has no hash we know" for entry in entries if not entry["hashes"]]
    return IngestedFile(path, "hash-list", metadata={"version": root.get("version", ""), "entries": entries}, problems=problems)


_KINDS = {"c4", "md5", "sha1", "sha256", "xxh64", "xxh64be", "xxh3", "xxh128", "xxhash64", "xxhash64be"}


def _name(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
