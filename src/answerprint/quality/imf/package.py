"""An IMF package: its asset map, packing lists, hashes and track files (SMPTE ST 429-9, ST 429-8, ST 2067-2), then each composition."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from answerprint.production import BadInput
from answerprint.quality.finding import Finding, Severity
from answerprint.quality.imf.composition import check_composition
from answerprint.quality.imf.document import Document, child, children, identifier, opened, text, whole

ASSET_MAP, VOLUME_INDEX = "ASSETMAP.xml", "VOLINDEX.xml"
_ASSET_MAP_NAMESPACE = "http://www.smpte-ra.org/schemas/429-9/2007/AM"
_PKL_NAMESPACES = ("http://www.smpte-ra.org/schemas/429-8/2007/PKL", "http://www.smpte-ra.org/schemas/2067-2/2016/PKL")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")
_PATH_LONGEST, _PATH_DEEPEST = 100, 10
"""ST 429-9 Annex A (basic map profile v2): characters of a path, and its parts."""
_ALGORITHMS = {
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
"""The first thirteen bytes of an MXF partition pack's key (ST 377-1, 7.1); then 02 for a header and the partition's status."""
_CLOSED_COMPLETE = 4
_RUN_IN = 65536
_BLOCK = 1 << 22

Tell = Callable[[int, int, str], None]


def check_imf(folder: Path, tell: Tell) -> Iterator[Finding]:
    """Every rule, from the asset map down. Files are hashed whole, in pieces."""
    return _Check(folder, tell).findings()


class _Check:
    def __init__(self, folder: Path, tell: Tell) -> None:
        self.folder, self.tell = folder, tell
        self.files: dict[uuid.UUID, Path] = {}
        self.packing_lists: list[uuid.UUID] = []
        self.listed: set[uuid.UUID] = set()

    def findings(self) -> Iterator[Finding]:
        try:
            asset_map = opened(self.folder / ASSET_MAP)
        except BadInput as error:
            yield self._say("imf-assetmap", "fail", f"{ASSET_MAP} {error.reason}")
            return
        yield from self._asset_map(asset_map)
        yield from self._volume_index()
        for one in self.packing_lists:
            if one in self.files:
                yield from self._packing_list(one, self.files[one])
        yield from self._unlisted()
        compositions = list(self._documents("CompositionPlaylist"))
        if not compositions:
            yield self._say("imf-cpl", "warn", "there is no composition playlist: a package of parts alone")
        for document in compositions:
            own = next((key for key, path in self.files.items() if path == document.path), None)
            yield from check_composition(document, own, self.files, self.folder.name)

    def _say(self, code: str, severity: Severity, message: str, figure: float | None = None) -> Finding:
        return Finding(code, severity, message, self.folder.name, None, figure)

    def _asset_map(self, document: Document) -> Iterator[Finding]:
        root = document.root
        if document.name != "AssetMap" or document.namespace != _ASSET_MAP_NAMESPACE:
            yield self._say(
                "imf-assetmap", "fail", f"the root is {document.name} of {document.namespace or 'no namespace'} (ST 429-9)"
            )
            return
        if identifier(text(root, "Id")) is None:
            yield self._say("imf-assetmap", "fail", "the asset map's Id is no urn:uuid (ST 429-9, 5.1)")
        if text(root, "VolumeCount") != "1":
            said = text(root, "VolumeCount") or "nothing"
            yield self._say("imf-assetmap", "fail", f"VolumeCount says {said}; an IMF package has one volume (ST 2067-2)")
        for asset in children(child(root, "AssetList"), "Asset"):
            yield from self._asset(asset)
        if not self.packing_lists:
            yield self._say("imf-assetmap", "fail", "no asset is marked as a packing list")
        elif len(self.packing_lists) > 1:
            count = len(self.packing_lists)
            yield self._say("imf-assetmap", "warn", f"{count} packing lists; receivers often ask for one", float(count))

    def _asset(self, asset: Any) -> Iterator[Finding]:
        said = text(asset, "Id")
        key = identifier(said)
        if key is None:
            yield self._say("imf-assetmap", "fail", f"an asset's Id {said[:60]!r} is no urn:uuid (ST 429-9, 6.1)")
            return
        if key in self.files:
            yield self._say("imf-assetmap", "fail", f"asset {key} is mapped twice (ST 429-9, 6.1)")
            return
        if text(asset, "PackingList") in ("true", "1") or (
            child(asset, "PackingList") is not None and not text(asset, "PackingList")
        ):
            self.packing_lists.append(key)
        chunks = children(child(asset, "ChunkList"), "Chunk")
        if len(chunks) != 1:
            yield self._say("imf-assetmap", "fail", f"asset {key} has {len(chunks)} chunks; in IMF it has one (ST 2067-2)")
            return
        where = text(chunks[0], "Path")
        parts = where.split("/")
        if not where or where.startswith("/") or ":" in where or ".." in parts:
            yield self._say("imf-assetmap", "fail", f"asset {key}: {where[:80]!r} does not stay inside the package")
            return
        if len(where) > _PATH_LONGEST or len(parts) > _PATH_DEEPEST or not all(_SEGMENT.fullmatch(part) for part in parts):
            yield self._say("imf-assetmap", "warn", f"{where[:80]!r} is no path of the basic map profile (ST 429-9, Annex A)")
        if text(chunks[0], "VolumeIndex", default="1") != "1" or text(chunks[0], "Offset", default="0") != "0":
            yield self._say("imf-assetmap", "fail", f"{where}: a chunk begins at offset 0 of volume 1 (ST 2067-2)")
        path = self.folder / where
        if not path.is_file() or not path.resolve().is_relative_to(self.folder.resolve()):
            yield self._say("imf-file", "fail", f"{where} is mapped and not there")
            return
        self.files[key] = path
        length = whole(text(chunks[0], "Length"))
        if length is not None and length != path.stat().st_size:
            yield self._say("imf-size", "fail", f"{where} has {path.stat().st_size} bytes, the asset map says {length}")

    def _volume_index(self) -> Iterator[Finding]:
        try:
            document = opened(self.folder / VOLUME_INDEX)
        except BadInput as error:
            reason = "is missing" if not (self.folder / VOLUME_INDEX).exists() else error.reason
            yield self._say("imf-volindex", "fail", f"{VOLUME_INDEX} {reason} (ST 429-9, 8)")
            return
        if document.name != "VolumeIndex" or text(document.root, "Index") != "1":
            yield self._say("imf-volindex", "fail", f"{VOLUME_INDEX} does not say volume 1 (ST 429-9, 8)")

    def _packing_list(self, key: uuid.UUID, path: Path) -> Iterator[Finding]:
        try:
            document = opened(path)
        except BadInput as error:
            yield self._say("imf-pkl", "fail", f"{path.name} {error.reason}")
            return
        if document.name != "PackingList" or document.namespace not in _PKL_NAMESPACES:
            yield self._say(
                "imf-pkl", "fail", f"{path.name} is {document.name} of {document.namespace or 'no namespace'} (ST 429-8)"
            )
            return
        if identifier(text(document.root, "Id")) != key:
            yield self._say("imf-pkl", "fail", f"{path.name} calls itself {text(document.root, 'Id')[:60]}, the asset map {key}")
        if child(document.root, "Signature") is not None:
            yield self._say("imf-signature", "info", f"{path.name} is signed; the signature was not checked")
        assets = children(child(document.root, "AssetList"), "Asset")
        own: set[uuid.UUID] = set()
        for number, asset in enumerate(assets, start=1):
            self.tell(number, len(assets), f"hashes of {path.name}")
            listed = identifier(text(asset, "Id"))
            if listed is None or listed in own:
                problem = "is no urn:uuid" if listed is None else "is listed twice"
                yield self._say("imf-pkl", "fail", f"asset {text(asset, 'Id')[:60]!r} {problem} (ST 429-8, 6.1)")
                continue
            own.add(listed)
            if listed not in self.files:
                yield self._say("imf-pkl", "fail", f"{path.name} lists {listed}, which the asset map does not have")
                continue
            yield from self._packed(asset, self.files[listed])
        self.listed |= own

    def _packed(self, asset: Any, path: Path) -> Iterator[Finding]:
        name, size = path.relative_to(self.folder).as_posix(), whole(text(asset, "Size"))
        kind = text(asset, "Type")
        if kind not in ("application/mxf", "text/xml"):
            yield self._say("imf-pkl", "warn", f"{name}: Type {kind[:40]!r} is neither application/mxf nor text/xml (ST 2067-2)")
        actual = path.stat().st_size
        if size != actual:
            yield self._say("imf-size", "fail", f"{name} has {actual} bytes, the packing list says {size}", float(actual))
        element = child(asset, "HashAlgorithm")
        algorithm = str(element.get("Algorithm")) if element is not None else "http://www.w3.org/2000/09/xmldsig#sha1"
        if algorithm not in _ALGORITHMS:
            yield self._say("imf-hash", "fail", f"{name}: hash algorithm {algorithm[:60]!r} is not known")
        elif _hashed(path, _ALGORITHMS[algorithm]) != text(asset, "Hash"):
            yield self._say("imf-hash", "fail", f"{name} is not the file that was packed: its {_ALGORITHMS[algorithm]} differs")
        if kind == "application/mxf":
            yield from self._track_file(path, name)

    def _track_file(self, path: Path, name: str) -> Iterator[Finding]:
        """The header partition, and that the file holds the identity it is mapped under."""
        with path.open("rb") as file:
            head = file.read(2 * _RUN_IN)
        at = head.find(_PARTITION, 0, _RUN_IN + len(_PARTITION))
        if at < 0 or len(head) < at + 16 or head[at + 13] != 2:
            yield self._say("imf-mxf", "fail", f"{name} has no MXF header partition (ST 377-1, 7)")
            return
        if head[at + 14] != _CLOSED_COMPLETE:
            yield self._say("imf-mxf", "fail", f"{name}: the header partition is not closed and complete (ST 2067-5)")
        key = next(k for k, mapped in self.files.items() if mapped == path)
        if key.bytes not in head:
            yield self._say(
                "imf-mxf", "warn", f"{name}: its header does not hold the identifier {key} it is mapped under (ST 2067-2)"
            )

    def _unlisted(self) -> Iterator[Finding]:
        for key, path in self.files.items():
            if key not in self.listed and key not in self.packing_lists:
                yield self._say("imf-pkl", "fail", f"{path.name} is mapped and in no packing list")
        known = {path.resolve() for path in self.files.values()}
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            if path.resolve() not in known and path.name not in (ASSET_MAP, VOLUME_INDEX):
                yield self._say("imf-file", "info", f"{path.relative_to(self.folder).as_posix()} belongs to no asset")

    def _documents(self, name: str) -> Iterator[Document]:
        for path in self.files.values():
            if path.suffix.lower() != ".xml":
                continue
            try:
                document = opened(path)
            except BadInput:
                continue
            if document.name == name:
                yield document


def _hashed(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return base64.b64encode(digest.digest()).decode()
