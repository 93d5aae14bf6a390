"""Looks, grades, framings and colour metadata of a package: each is opened as its receiver would open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from answerprint.colour import cdl
from answerprint.colour.amf_read import read_amf
from answerprint.colour.lut_read import read_lut
from answerprint.media.framing import read_fdl
from answerprint.production import BadInput
from answerprint.quality.finding import Finding


def check_documents(folder: Path) -> Iterator[Finding]:
    """A finding for each that cannot be read (fail), and for each rule of the AMF specification that is broken (warn)."""
    for file in sorted(folder.rglob("*")):
        read = _READERS.get(file.suffix.lower())
        if read is None or not file.is_file():
            continue
        where = file.relative_to(folder).as_posix()
        try:
            for problem in read(file):
                yield Finding("document-rule", "warn", f"{where}: {problem}", folder.name)
        except BadInput as error:
            yield Finding("document", "fail", f"{where}: {error.reason}", folder.name)


def holds_documents(folder: Path) -> bool:
    """Whether anything in a folder is such a document."""
    return any(file.suffix.lower() in _READERS for file in folder.rglob("*"))


def _amf(file: Path) -> tuple[str, ...]:
    return read_amf(file).problems


def _fdl(file: Path) -> tuple[str, ...]:
    return () if read_fdl(file) else ("names no framing",)


def _grades(file: Path) -> tuple[str, ...]:
    return () if [one.checked() for one in cdl.read(file)] else ("holds no correction",)


def _table(file: Path) -> tuple[str, ...]:
    read_lut(file)
    return ()


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    ".amf": _amf, ".fdl": _fdl, ".cdl": _grades, ".cc": _grades, ".ccc": _grades, ".cube": _table, ".3dl": _table, ".clf": _table,
}  # fmt: skip
