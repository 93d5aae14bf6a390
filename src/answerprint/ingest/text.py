"""Text of unknown origin: which encoding it is in, and one kind of line end."""

from __future__ import annotations

from pathlib import Path

from answerprint.production import BadInput


def read_text(path: Path) -> str:
    """The file as text with ``\\n`` line ends: UTF-8 or UTF-16 with their marks, UTF-8 without, else Windows-1252.

    Raises BadInput for what is no text.
    """
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", errors="replace")
    elif b"\0" in raw:
        raise BadInput(path, "is not a text file", "export it again as plain text")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
