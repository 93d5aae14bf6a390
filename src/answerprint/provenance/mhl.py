"""ASC MHL hash lists: a new generation for what we made, a read-only check for what we are given."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from ascmhl import commands, hasher
from ascmhl.__version__ import ascmhl_chainfile_name, ascmhl_folder_name
from ascmhl.errors import MissingMHLManifestException, ModifiedMHLManifestFileException, NoMHLChainException
from ascmhl.history import MHLHistory
from ascmhl.ignore import MHLIgnoreSpec

from answerprint.production import BadInput, FaultFound
from answerprint.provenance.digests import FileDigests, file_digests
from answerprint.provenance.faults import Fault

FOLDER: str = ascmhl_folder_name
_CHAIN: str = ascmhl_chainfile_name
_log = logging.getLogger(__name__)

Hashed = Callable[[Path, str], str | None]
"""A file's hash of a kind (as ASC MHL names kinds) where it is known already, so that the file need not be read for it."""


def hashed_as(digests: Mapping[Path, FileDigests]) -> Hashed:
    """What digests know."""

    def known(path: Path, kind: str) -> str | None:
        return digests[path].xxh128 if kind == "xxh128" and path in digests else None

    return known


def write_generation(
    folder: Path,
    *,
    author: str | None = None,
    comment: str | None = None,
    ignore: tuple[str, ...] = (),
    only: Collection[Path] | None = None,
    hashed: Hashed | None = None,
) -> Path:
    """Hash every file under ``folder`` (XXH128) into a new ASC MHL generation; answers the new ``.mhl`` file.

    ``ignore`` holds patterns as in a .gitignore; ``only`` takes just these files and folders in, and says nothing of the others; ``hashed``
    spares hashing again what was just hashed. Where the folder already has generations the files are compared with them. Raises FaultFound when an earlier generation does not hold, BadInput for a folder
    that cannot be read or written.
    """
    told = io.StringIO()
    root, said = str(folder.resolve()), (author, None, None, None, None, comment, list(ignore), None)
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), _sparing(hashed, folder):
            if only is None:
                commands.create_for_folder_subcommand(root, False, False, ["xxh128"], False, *said)
            else:
                commands.create_for_single_files_subcommand(
                    root, False, False, ["xxh128"], [f"{root}/{file.relative_to(folder)}" for file in sorted(only)], *said
                )
    except click.ClickException as error:
        raise FaultFound(f"{folder}: {error.message}; {' '.join(told.getvalue().split())}") from error
    except OSError as error:
        raise BadInput(
            error.filename or folder, f"cannot be hashed: {error.strerror or error}", "check the folder's permissions"
        ) from error
    return max((folder / FOLDER).glob("*.mhl"), key=lambda file: file.name)


@contextlib.contextmanager
def _sparing(hashed: Hashed | None, folder: Path) -> Iterator[None]:
    """Have the library take the hashes that are known; it has no way to be given them, and asks this function for each file."""
    asked = commands.multiple_format_hash_file

    def answered(path: str, kinds: list[str]) -> dict[str, str]:
        file = folder / Path(path).relative_to(folder.resolve())
        known = {kind: hashed(file, kind) if hashed else None for kind in kinds}
        if all(known.values()):
            return {kind: str(value) for kind, value in known.items()}
        found: dict[str, str] = asked(path, kinds)
        return found

    commands.multiple_format_hash_file = answered
    try:
        yield
    finally:
        commands.multiple_format_hash_file = asked


def has_hash_list(folder: Path) -> bool:
    return (folder / FOLDER / _CHAIN).is_file()


def listed_kinds(folder: Path) -> dict[Path, str]:
    """By which kind of hash ``check_hash_list`` will compare each file. Empty where the lists cannot be read."""
    try:
        history = MHLHistory.load_from_path(str(folder.resolve()))
        entries = {path: _newest_entry(history, path) for path in _listed(history, folder)}
    except Exception:  # what is wrong with them is said when they are compared
        return {}
    return {folder / path: entry.hash_format for path, entry in entries.items() if entry is not None}


def new_hash(kind: str) -> Any:
    """A hash of a kind that ASC MHL knows, with ``update`` and ``string_digest``; None for another kind."""
    try:
        return hasher.new_hasher_for_hash_type(kind)
    except (AttributeError, KeyError, ValueError):
        return None


def check_hash_list(folder: Path, hashed: Hashed | None = None) -> tuple[list[Fault], int]:
    """Compare every file with the ASC MHL history of ``folder``; nothing is written. Answers faults and files hashed.

    Hash lists of earlier generations must be those the chain names; every listed file must be there with
    the hash it has in the newest generation that lists it; files no generation lists are ``added``.
    ``hashed`` spares hashing again what was just hashed.
    """
    try:
        history = MHLHistory.load_from_path(str(folder.resolve()))
    except (ModifiedMHLManifestFileException, MissingMHLManifestException, NoMHLChainException) as error:
        return [Fault(path=_blamed(error.message), kind="hash-list", detail=error.message)], 0
    except Exception as error:
        # The library meets a damaged chain or list with whatever its XML reader throws.
        return [Fault(path=f"{FOLDER}/{_CHAIN}", kind="hash-list", detail=f"cannot be read ({error})")], 0
    if not history.hash_lists and not history.child_histories:
        return [Fault(path=f"{FOLDER}/{_CHAIN}", kind="missing", detail="the hash list has no generation")], 0
    for each in MHLHistory.walk_child_histories(history):
        chained = {generation.ascmhl_filename for generation in each.chain.generations}
        for hash_list in each.hash_lists:
            if hash_list.get_file_name() not in chained:
                name = Path(hash_list.file_path).relative_to(folder.resolve()).as_posix()
                return [Fault(path=name, kind="hash-list", detail="the chain does not name this hash list")], 0
    here = dict(_files(folder, history))
    faults, count = [], 0
    for path in sorted(_listed(history, folder)):
        if path not in here:
            faults.append(Fault(path=path, kind="missing", detail="listed by the ASC MHL, not on disk"))
            continue
        count += 1
        entry = _newest_entry(history, path)
        if entry is None:
            continue
        found = (hashed(here[path], entry.hash_format) if hashed else None) or _hash(here[path], entry.hash_format)
        if found != entry.hash_string:
            faults.append(
                Fault(path=path, kind="altered", detail=f"{entry.hash_format} is {found}, the ASC MHL says {entry.hash_string}")
            )
    faults += [
        Fault(path=path, kind="added", detail="no ASC MHL generation lists it")
        for path in sorted(here)
        if _newest_entry(history, path) is None
    ]
    return sorted(faults, key=lambda fault: fault.path), count


def _newest_entry(history: Any, path: str) -> Any | None:
    """The hash entry of the newest generation that lists the file; a failed one counts as what it was compared with."""
    home, inside = history.find_history_for_path(path)
    for hash_list in reversed(home.hash_lists):
        found = hash_list.find_media_hash_for_path(inside)
        good = [entry for entry in found.hash_entries if entry.action != "failed"] if found and not found.is_directory else []
        if good:
            return good[0]
    return None


def _listed(history: Any, folder: Path) -> set[str]:
    paths = set()
    for each in MHLHistory.walk_child_histories(history):
        for hash_list in each.hash_lists:
            for media in hash_list.media_hashes:
                if not media.is_directory:
                    paths.add(os.path.relpath(Path(each.get_root_path()) / media.path, folder.resolve()).replace(os.sep, "/"))
    renamed = {
        str(Path(old).relative_to(folder.resolve()).as_posix())
        for old in history.renamed_path_with_previous_path().values()
        if Path(old).is_relative_to(folder.resolve())
    }
    return paths - renamed


def _files(folder: Path, history: Any) -> Iterator[tuple[str, Path]]:
    patterns = MHLIgnoreSpec(history.latest_ignore_patterns() or None).get_path_spec()
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != FOLDER]
        for name in names:
            file = Path(root) / name
            path = file.relative_to(folder).as_posix()
            if not patterns.match_file(path):
                yield path, file


def _hash(file: Path, kind: str) -> str:
    if kind == "xxh128":
        return file_digests(file).xxh128
    return str(hasher.hash_file(str(file), kind))


def _blamed(message: str) -> str:
    """The file a library message ends with, inside its ascmhl folder."""
    return f"{FOLDER}/{Path(message.rsplit(' ', 1)[-1]).name}"
