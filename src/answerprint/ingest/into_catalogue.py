"""Ingest as a whole: read, copy where asked, hash, join with the paper, and keep everything in the catalogue at once."""

from __future__ import annotations

import copy as copying
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.ingest.copies import copy_under
from answerprint.ingest.join import join
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.permissions import grant_all, keep_consents, keep_policy
from answerprint.ingest.recognise import FRAMES, MOVIES, material_under, recognise
from answerprint.ingest.registration import register_cameras
from answerprint.ingest.slates import read_slates
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import FileDigests, file_digests
from answerprint.provenance.mhl import hashed_as, write_generation
from answerprint.provenance.snapshot import LOCK_SUFFIX

Tell = Callable[[int, int, str], None]
_NEEDED = ("rights", "consent")
_MADE_FROM_IT = ("proxy", "proxy_of", "proxy_space", "sync", "cameras")
"""What was made or found from an asset since it was read: kept when more material is joined to it."""
_CUTS = {".edl", ".otio", ".xml", ".aaf", ".fcpxml"}
_COUNT_FRAMES = {".edl", ".ale", ".csv", ".tsv", ".chan", ".src"}
"""Endings of files that count frames and do not say how many make a second: the production's own rate holds."""


@dataclass
class IngestReport:
    """What ingest did: every file given, what does not add up, what could not be read, and the hash lists written."""

    files: list[IngestedFile]
    groups: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unreadable: list[IngestedFile] = field(default_factory=list)
    hash_lists: list[Path] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The document of the ``ingest`` command."""
        return {
            "files": [file.document() for file in self.files],
            "problems": self.problems,
            "groups": self.groups,
            "hash_lists": [str(path) for path in self.hash_lists],
        }


def ingest(
    production: Production,
    paths: Iterable[Path],
    copy: bool = False,
    hash_list: bool = True,
    tell: Tell | None = None,
    hashed: Mapping[Path, FileDigests] | None = None,
    copied: bool = False,
) -> IngestReport:
    """Take material in, in place or copied into the production with every copy compared by its hash.

    The catalogue changes in one step at the end: what fails before leaves it as it was. ``hash_list`` adds an
    ASC MHL generation to each folder given (to the production's own folder of material when copying). ``hashed`` are digests of files that
    were hashed a moment ago, and are not hashed again; ``copied`` says that what is given was copied into the production already.
    Raises BadInput for a path that is not there, two different clips of one name or a copy that came out
    different, Refused when the dataset is locked, FaultFound when a folder no longer agrees with its hash list.
    """
    roots = [Path(path).expanduser().absolute() for path in paths]
    role = "cut" if _is_a_cut_after_the_lock(production, roots) else "material"
    told = tell or (lambda done, total, what: None)
    known = dict(hashed or {})
    if copy:
        roots = [copy_under(production.path("material"), root, told, known) for root in roots]
    found = list(material_under(roots))
    files = []
    for number, path in enumerate(found):
        told(number, len(found), "files")
        files.append(_read(path, production, known))
    told(len(found), len(found), "files")
    if role == "cut":
        refuse_when_locked(production, [file.path for file in files if file.kind != "edit"])
    _refuse_two_of_one_name(production, files)
    read_slates(files, told)
    keep_policy(production.root, files)
    copied = copy or copied
    lists, unlisted = _hash_lists(production, roots, copied, known) if hash_list else ([], [])
    with production.session() as session:
        for file in files:
            _keep(session, production, file, copied, role)
        session.flush()
        joined = _join_all(session, production)
    kept = {file.path: file for file in joined.files}
    report = IngestReport(
        [kept.get(file.path, file) for file in files], joined.groups, joined.problems + unlisted, hash_lists=lists
    )
    report.unreadable = [file for file in report.files if _is_picture(file.path) and file.kind == "unknown"]
    report.problems += [
        f"{file.path.name}: {problem}" for file in report.files if file.kind == "unknown" for problem in file.problems
    ]
    return report


def place_of(production: Production, path: Path) -> str:
    """A path as the catalogue keeps it: relative to the production where it lies within, else absolute."""
    return path.relative_to(production.root).as_posix() if path.is_relative_to(production.root) else str(path)


def refuse_when_locked(production: Production, roots: list[Path]) -> None:
    """Raise Refused when nothing may be added any more, and something would be."""
    if roots and list(production.path("lock").glob(f"*{LOCK_SUFFIX}")):
        raise Refused(
            roots[0],
            "the dataset is locked, and nothing but a new cut may be added to it",
            "begin a new production with the further material",
        )


def _is_a_cut_after_the_lock(production: Production, roots: list[Path]) -> bool:
    """Whether the dataset is locked and what comes is a new cut, which is nothing to learn from. Raises Refused for anything else then."""
    if not list(production.path("lock").glob(f"*{LOCK_SUFFIX}")):
        return False
    found = list(material_under(roots))
    refuse_when_locked(production, [path for path in found if path.suffix.lower() not in _CUTS] or ([] if found else roots))
    with production.reading() as session:
        kept = {path for (path,) in session.execute(select(Asset.path).where(Asset.role != "cut"))}
    if known := next((path for path in found if place_of(production, path) in kept), None):
        raise Refused(known, "the cut in this file is locked", "give the new cut a file of its own")
    return True


def _read(path: Path, production: Production, known: dict[Path, FileDigests]) -> IngestedFile:
    # An EDL does not say its rate, so it is read at the production's; footage says its own.
    file = recognise(path, production.rate if path.suffix.lower() in _COUNT_FRAMES else None)
    if path.is_dir():
        members = [member for member in sorted(path.iterdir()) if member.is_file() and not member.name.startswith(".")]
        digests = [(member.name, _hashed(member, known)) for member in members]
        file.digest = record_digest([[name, one.sha256] for name, one in digests])
        file.metadata["members"] = [
            {"name": name, "sha256": one.sha256, "xxh128": one.xxh128, "size": one.size} for name, one in digests
        ]
        file.metadata["size"] = sum(one.size for _, one in digests)
    else:
        one = _hashed(path, known)
        file.digest, file.metadata["xxh128"], file.metadata["size"] = one.sha256, one.xxh128, one.size
    return file


def _hashed(path: Path, known: dict[Path, FileDigests]) -> FileDigests:
    if path not in known:
        known[path] = file_digests(path)
    return known[path]


def _refuse_two_of_one_name(production: Production, files: list[IngestedFile]) -> None:
    """A clip name must say which clip is meant; the same bytes twice are one clip."""
    clips = [(str(file.metadata["clip"]), file.digest, file.path) for file in files if file.kind == "camera"]
    with production.reading() as session:
        kept = session.execute(select(Clip.name, Asset.sha256, Asset.path).join(Asset)).all()
    known = {name.casefold(): (digest, production.root / path) for name, digest, path in kept}
    for name, digest, path in clips:
        other = known.setdefault(name.casefold(), (digest, path))
        if other[0] != digest and other[1] != path:
            raise BadInput(path, f"has the clip name {name}, and so has {other[1]}", "rename one of them, then ingest again")


def _hash_lists(
    production: Production, roots: list[Path], copied: bool, known: dict[Path, FileDigests]
) -> tuple[list[Path], list[str]]:
    """A new ASC MHL generation for each folder; a folder that cannot be written keeps its hashes in the catalogue alone."""
    lists, problems = [], []
    said = f"ingested into {production.name}"
    # Of copies, what came before is not read again: the new generation speaks of what came now.
    folders = [production.path("material")] if copied else sorted({root for root in roots if root.is_dir()})
    for folder in folders:
        try:
            lists.append(write_generation(folder, comment=said, only=roots if copied else None, hashed=hashed_as(known)))
        except BadInput as error:
            problems.append(f"{folder} has no hash list of its own ({error.reason}); the catalogue keeps the hashes")
    return lists, problems


def _keep(session: Session, production: Production, file: IngestedFile, copied: bool, role: str) -> None:
    place = place_of(production, file.path)
    asset = session.scalar(select(Asset).where(Asset.path == place))
    same = session.scalar(select(Asset).where(Asset.sha256 == file.digest, Asset.kind == file.kind, Asset.path != place))
    if same is not None and file.kind == "camera":
        file.problems.append(f"the same bytes as {same.path}, which is kept; this one is not")
        return
    if asset is None:
        asset = Asset(path=place, kind=file.kind, origin="copied" if copied else "in_place")
        session.add(asset)
    asset.kind, asset.sha256 = file.kind, file.digest
    asset.role = "matte" if file.kind == "matte" else role
    asset.xxh128, asset.size = str(file.metadata.get("xxh128", "")), int(file.metadata["size"])
    asset.details = {"read": file.document() | {"path": place}}


def _join_all(session: Session, production: Production) -> Any:
    """Join all the material there is, not only what is new: the paper often comes before or after the pictures."""
    assets = {asset.path: asset for asset in session.scalars(select(Asset).where(Asset.origin != "made").order_by(Asset.path))}
    files = [_file_of(production, asset) for asset in assets.values() if "read" in asset.details]
    joined = join(files)
    joined.problems += register_cameras(files)
    for file in files:
        asset = assets[place_of(production, file.path)]
        made = {key: asset.details[key] for key in _MADE_FROM_IT if key in asset.details}
        facts = {"scene": file.scene, "setup": file.setup, "take": file.take, "timecode": file.timecode}
        asset.details = {"read": asset.details["read"], **made, **facts, **file.metadata}
        asset.problems = list(file.problems)
        if file.kind == "camera":
            _keep_clip(session, production, asset, file, joined.problems)
    session.flush()
    joined.problems += keep_consents(session, files) + grant_all(list(assets.values()), files)
    papers = {file.metadata.get("paper") for file in files}
    joined.problems += [f"there is no {paper} record" for paper in _NEEDED if paper not in papers]
    return joined


def _file_of(production: Production, asset: Asset) -> IngestedFile:
    told = copying.deepcopy(asset.details["read"])
    return IngestedFile(
        production.root / asset.path,
        told["kind"],
        told["scene"],
        told["setup"],
        told["take"],
        told["timecode"],
        told["metadata"],
        told["problems"],
        told["digest"],
    )


def _keep_clip(session: Session, production: Production, asset: Asset, file: IngestedFile, problems: list[str]) -> None:
    facts = file.metadata
    clip = asset.clip
    if clip is None:
        clip = Clip(asset=asset)
        session.add(clip)
    if not facts.get("rate"):
        problems.append(f"{file.path.name} does not say its frame rate; the production's is taken")
    elif facts["rate"] != str(production.rate):
        problems.append(f"{file.path.name} runs at {facts['rate']} frames per second, the production at {production.rate}")
    if not file.timecode:
        problems.append(f"{file.path.name} has no timecode")
    clip.name, clip.reel = str(facts["clip"]), str(facts.get("reel", ""))
    clip.scene, clip.setup, clip.take = file.scene, file.setup, file.take
    clip.camera_label = str(facts.get("camera", ""))
    clip.rate, clip.start_timecode = facts.get("rate") or str(production.rate), file.timecode
    clip.frame_count, clip.width, clip.height = int(facts["frames"]), int(facts["width"]), int(facts["height"])
    clip.input_space = str(facts["input_space"])
    clip.camera = facts.get("calibration", {})
    clip.circled = bool(facts.get("circled", False))


def _is_picture(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in MOVIES | FRAMES
