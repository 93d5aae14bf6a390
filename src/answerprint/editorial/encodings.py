"""The text of an edit list whose encoding nobody declared: UTF-8, UTF-16, Windows-1252 or MacRoman."""

from __future__ import annotations

import re
from pathlib import Path

from answerprint.production import BadInput

LARGEST_BYTES = 128 * 1024 * 1024
LONGEST_LINE = 16384
"""No editing system writes lines near this; longer ones are another kind of file."""

_BEYOND = re.compile(r"[^\x00-\x7f]")


def read_bytes(path: Path) -> bytes:
    """A list's bytes. Raises BadInput for a file that cannot be read or is larger than any edit list."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BadInput(path, f"is larger than {LARGEST_BYTES >> 20} MiB", "give the edit list itself, not the media it names")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(path, error.strerror or "cannot be read", "check the path and its permissions") from None


def decoded(raw: bytes, path: Path, what: str) -> tuple[str, str]:
    """The text and the Python name of its encoding. ``what`` names the expected format in the error (BadInput) for no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _utf16(raw, "utf-16", path, what)
    if b"\0" in raw:
        even, odd = raw[0::2].count(0), raw[1::2].count(0)
        if max(even, odd) > len(raw) // 4 and min(even, odd) * 8 < max(even, odd):
            return _utf16(raw, "utf-16-be" if even > odd else "utf-16-le", path, what)
        raise BadInput(path, "is not a text file", f"export it again as {what}")
    try:
        return raw.decode("utf-8-sig"), "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"
    except UnicodeDecodeError:
        pass
    windows, mac = raw.decode("cp1252", errors="replace"), raw.decode("mac_roman")
    if _likelihood(mac) > _likelihood(windows) or (_likelihood(mac) == _likelihood(windows) and b"\n" not in raw and b"\r" in raw):
        return mac, "mac_roman"
    return windows, "cp1252"


def lines_of(text: str, path: Path) -> list[str]:
    """The lines of a text with any line end. Raises BadInput for a line longer than any list has."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            raise BadInput(f"{path}, line {number}", f"has {len(line)} characters", "export the list again")
    return lines


def _utf16(raw: bytes, encoding: str, path: Path, what: str) -> tuple[str, str]:
    try:
        return raw.decode(encoding), encoding
    except UnicodeDecodeError:
        raise BadInput(path, "is no whole UTF-16 text", f"export it again as {what}") from None


def _likelihood(text: str) -> int:
    """How much the characters beyond ASCII look like a language: letters count, capitals amid small letters count against."""
    score = 0
    for found in _BEYOND.finditer(text):
        letter, before = found[0], text[found.start() - 1 : found.start()]
        score += 1 if letter.isalpha() else -1
        if letter.isupper() and before.islower():
            score -= 2
    return score
