"""Content credentials (C2PA): what a viewer outside the production can read from a delivered file, made and checked offline.

MOV and MP4 carry their credentials inside; EXR, DPX, TIFF and PNG frames get a ``.c2pa`` file beside them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa
from pydantic import BaseModel, ConfigDict, Field

from answerprint import __version__
from answerprint.production import AnswerprintError, BadInput
from answerprint.production.atomic import replacing, write_atomically
from answerprint.provenance.certificates import SigningChain, own_chain
from answerprint.provenance.digests import file_digest
from answerprint.provenance.keys import Signer
from answerprint.provenance.rows import FrameRow

ANCHOR = "answerprint-anchor.pem"
SIDECAR = ".c2pa"
FRAMES_LABEL = "com.answerprint.frames"

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_EMBEDDED = {".mov": "video/quicktime", ".mp4": "video/mp4", ".m4v": "video/mp4"}
_BESIDE = {
    ".exr": "image/x-exr",
    ".dpx": "image/x-dpx",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_COMPOSED = ("compositeCapture", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia")
_ACTIONS = {
    "grade": "c2pa.color_adjustments",
    "relight": "c2pa.color_adjustments",
    "denoise": "c2pa.enhanced",
    "reframe": "c2pa.cropped",
}
# Sources that say where or what, and lend no pixel.
_NOT_PICTURE = frozenset({"plate", "matte", "protect", "hero", "calibration", "analysis"})


class Ingredient(BaseModel):
    """A file that another was made from; ``path`` is read for its own credentials where its format can hold them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    digest: str = Field(description="SHA-256 of the file, or pixel digest of the frame")
    relationship: Literal["parentOf", "componentOf", "inputTo"] = "parentOf"
    path: Path | None = None


class Deed(BaseModel):
    """One step that made the file what it is, in C2PA's words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str = Field(default="c2pa.edited", description="c2pa.edited, c2pa.color_adjustments, c2pa.cropped, c2pa.transcoded ...")
    operation: str
    operation_version: str
    parameters_digest: str | None = None
    source_type: str | None = Field(default=None, description="IPTC digital source type, without its prefix")


class Statement(BaseModel):
    """All that a file's credentials say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    opened: Ingredient | None = Field(default=None, description="the file it began as; None when it was created from nothing")
    created_as: str = Field(default="compositeCapture", description="IPTC type of a file that was created")
    deeds: tuple[Deed, ...] = ()
    others: tuple[Ingredient, ...] = ()
    frames: tuple[dict[str, Any], ...] = Field(default=(), description="per frame: frame, pixel_digest, class ...")
    root: str = Field(default="", description="root of the seal over the ledger")
    signer: str = Field(default="", description="Ed25519 fingerprint of the ledger's signer")


@dataclass
class CredentialReading:
    """What a file's credentials say and whether they hold: ``Trusted``, ``Valid`` (unknown anchor), ``Invalid`` or ``None``."""

    state: str
    issuer: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    ingredients: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def source_type(rows: Iterable[FrameRow]) -> str | None:
    """The IPTC digital source type that is true of frames with these rows, or None where nothing was changed.

    Only a model that makes pixels earns ``compositeWithTrainedAlgorithmicMedia``; analysis models do not.
    Without one, pixels that an algorithm invented make it ``compositeSynthetic``, pixels borrowed from
    other frames or cameras ``compositeCapture``, and values only changed in place ``algorithmicallyEnhanced``.
    """
    rank = 0
    for row in rows:
        if row.changed_share == 0.0:
            continue
        trained = any(model.kind == "pixels" for model in row.models)
        borrowed = any(source.role not in _NOT_PICTURE for source in row.sources)
        rank = max(rank, 4 if trained else 3 if row.invented_share > 0 else 2 if borrowed else 1)
    return (None, "algorithmicallyEnhanced", "compositeCapture", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia")[rank]


def embed(path: Path, statement: Statement, chain: SigningChain | None = None) -> None:
    """Sign a movie in place: the file is replaced by one that carries its credentials (atomic). Sign last.

    Raises BadInput for a file that cannot carry them.
    """
    kind = _EMBEDDED.get(path.suffix.lower())
    if kind is None:
        raise BadInput(path, "cannot carry content credentials inside", "write a sidecar for it")
    with replacing(path) as temporary, path.open("rb") as source, temporary.open("w+b") as target:
        _sign(path, statement, kind, source, target, chain or own_chain(), inside=True)


def write_sidecar(path: Path, statement: Statement, chain: SigningChain | None = None) -> Path:
    """Sign a frame into ``STEM.c2pa`` beside it; the frame itself is not touched. Raises BadInput for other files."""
    kind = _BESIDE.get(path.suffix.lower())
    if kind is None:
        raise BadInput(path, "is not a frame file", "give an EXR, DPX, TIFF, PNG or JPEG file")
    with path.open("rb") as source:
        manifest = _sign(path, statement, kind, source, io.BytesIO(), chain or own_chain(), inside=False)
    sidecar = path.with_suffix(SIDECAR)
    write_atomically(sidecar, manifest)
    return sidecar


def sign_movie(
    movie: Path,
    signer: Signer,
    *,
    rows: Sequence[FrameRow],
    ingredients: Sequence[Path] = (),
    frames: Mapping[str, str] | None = None,
    root: str = "",
) -> None:
    """Embed the credentials of a movie cut together from frames with these ledger rows and from these originals.

    ``frames`` maps a frame's path in the package to its pixel digest.
    """
    parts = tuple(
        Ingredient(title=path.name, digest=file_digest(path), relationship="componentOf", path=path) for path in ingredients
    )
    kind = source_type(rows)
    embed(
        movie,
        Statement(
            title=movie.name,
            created_as=kind if kind in _COMPOSED else "compositeCapture",
            others=parts,
            deeds=tuple(dict.fromkeys(map(_deed, rows))),
            signer=signer.fingerprint,
            root=root,
            frames=tuple({"path": path, "pixel_digest": digest} for path, digest in sorted((frames or {}).items())),
        ),
        own_chain(signer),
    )


def sign_sidecars(rows: Mapping[Path, FrameRow], signer: Signer, *, root: str = "") -> list[Path]:
    """Write the sidecar of each frame file from the ledger row that made it; answers the sidecars in order of the files."""
    chain, written = own_chain(signer), []
    for path, row in sorted(rows.items()):
        plates = [
            Ingredient(title=f"{source.clip} frame {source.frame}", digest=source.digest, relationship=_relation(at))
            for at, source in enumerate(row.sources)
        ]
        told = {
            "frame": row.frame,
            "timecode": row.timecode or "",
            "pixel_digest": row.output_digest,
            "class": row.performance_class,
        }
        written.append(
            write_sidecar(
                path,
                Statement(
                    title=path.name,
                    opened=plates[0] if plates else None,
                    others=tuple(dict.fromkeys(plates[1:])),
                    deeds=(_deed(row),),
                    frames=(told,),
                    root=root,
                    signer=signer.fingerprint,
                ),
                chain,
            )
        )
    return written


def read_credentials(path: Path, anchors: bytes = b"") -> CredentialReading:
    """Read and validate a file's credentials, inside it or beside it. ``anchors`` are PEM certificates to trust.

    A file without credentials reads as state ``None``. Nothing is fetched.
    """
    kind, sidecar = _kind(path), path.with_suffix(SIDECAR)
    try:
        context = _context(anchors)
        with path.open("rb") as stream:
            if sidecar.is_file() and path.suffix.lower() in _BESIDE:
                reader = c2pa.Reader(kind, stream, sidecar.read_bytes(), context=context)
            else:
                found = c2pa.Reader.try_create(kind, stream, context=context)
                if found is None:
                    return CredentialReading("None")
                reader = found
            with reader:
                return _reading(json.loads(reader.json()), reader.get_validation_state() or "Invalid")
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path and its permissions") from error
    except c2pa.C2paError as error:
        return CredentialReading("Invalid", faults=[str(error)])


def credential_fault(folder: Path, path: str) -> str | None:
    """What is wrong with the credentials that a packaged file is or carries, or None.

    The anchor is the one in the package, which the package's own signature covers.
    """
    file = folder / path
    if file.suffix == SIDECAR:
        assets = [other for other in sorted(file.parent.glob(f"{_escaped(file.stem)}.*")) if other.suffix.lower() in _BESIDE]
        if not assets:
            return "the file they speak of is not there"
        readings = [read_credentials(asset, _anchor(folder)) for asset in assets]
    elif file.suffix.lower() in _EMBEDDED:
        readings = [read_credentials(file, _anchor(folder))]
    else:
        return None
    good = ("Trusted", "None") if (folder / ANCHOR).is_file() else ("Trusted", "Valid", "None")
    if any(reading.state in good for reading in readings):
        return None
    return f"the content credentials do not hold ({', '.join(readings[0].faults) or readings[0].state})"


def _sign(path: Path, statement: Statement, kind: str, source: Any, target: Any, chain: SigningChain, *, inside: bool) -> bytes:
    ingredients = [item for item in (statement.opened, *statement.others) if item]
    with_manifest = [item for item in ingredients if item.path and _kind(item.path) in c2pa.Builder.get_supported_mime_types()]
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain.chain, private_key=chain.key, ta_url=None)
    try:
        with (
            c2pa.Builder(
                _definition(statement, kind, [item for item in ingredients if item not in with_manifest]), _context(chain.anchor)
            ) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            for item in with_manifest:
                assert item.path is not None
                with item.path.open("rb") as stream:
                    builder.add_ingredient(_ingredient(item), _kind(item.path), stream)
            if not inside:
                builder.set_no_embed()
            return bytes(builder.sign(signer, kind, source, target))
    except c2pa.C2paError as error:
        raise AnswerprintError(f"{path}: the content credentials could not be written: {error}") from error


def _deed(row: FrameRow) -> Deed:
    return Deed(
        action=_ACTIONS.get(row.operation, "c2pa.edited"),
        operation=row.operation,
        operation_version=row.operation_version,
        parameters_digest=row.parameters_digest,
        source_type=source_type([row]),
    )


def _relation(at: int) -> Literal["parentOf", "componentOf"]:
    """A file has one parent; whatever else it was made from is a component."""
    return "componentOf" if at else "parentOf"


def _definition(statement: Statement, kind: str, ingredients: list[Ingredient]) -> dict[str, Any]:
    first: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": _IPTC + statement.created_as}
    if statement.opened:
        first = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_label(statement.opened)]}}
    frames = {"root": statement.root, "signer": statement.signer, "frames": list(statement.frames)}
    return {
        "claim_generator_info": [{"name": "Answerprint", "version": __version__}],
        "title": statement.title,
        "format": kind,
        "ingredients": [_ingredient(item) for item in ingredients],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [first, *map(_action, statement.deeds)], "allActionsIncluded": True}},
            {"label": FRAMES_LABEL, "data": frames},
        ],
    }


def _action(deed: Deed) -> dict[str, Any]:
    action: dict[str, Any] = {
        "action": deed.action,
        "softwareAgent": {"name": f"Answerprint {deed.operation}", "version": deed.operation_version},
    }
    if deed.source_type:
        action["digitalSourceType"] = _IPTC + deed.source_type
    if deed.parameters_digest:
        action["parameters"] = {"com.answerprint.parameters": deed.parameters_digest}
    return action


def _ingredient(item: Ingredient) -> dict[str, Any]:
    return {
        "title": item.title,
        "format": _kind(item.path or Path(item.title)),
        "relationship": item.relationship,
        "label": _label(item),
        "instance_id": f"urn:sha256:{item.digest}",
    }


def _label(item: Ingredient) -> str:
    return f"{item.relationship}-{item.digest}-{item.title}"


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return _EMBEDDED.get(suffix) or _BESIDE.get(suffix) or "application/octet-stream"


def _context(anchors: bytes) -> Any:
    settings: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchors:
        settings["trust"] = {"user_anchors": anchors.decode("ascii", "replace")}
    return c2pa.Context.from_dict(settings)


def _reading(record: dict[str, Any], state: str) -> CredentialReading:
    active = record["manifests"][record["active_manifest"]]
    assertions = {item["label"]: item["data"] for item in active.get("assertions", [])}
    statuses = record.get("validation_status") or []
    return CredentialReading(
        state,
        issuer=active.get("signature_info", {}).get("common_name", ""),
        actions=next((data["actions"] for label, data in assertions.items() if label.startswith("c2pa.actions")), []),
        frames=assertions.get(FRAMES_LABEL, {}).get("frames", []),
        ingredients=active.get("ingredients", []),
        faults=[status["code"] for status in statuses],
        record=record,
    )


def _anchor(folder: Path) -> bytes:
    file = folder / ANCHOR
    return file.read_bytes() if file.is_file() else b""


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)
