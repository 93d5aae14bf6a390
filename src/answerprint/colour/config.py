"""The one colour configuration every picture goes through, pinned by name and archived by its hash."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import PyOpenColorIO as ocio

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

CONFIG_NAME = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"


@cache
def config() -> ocio.Config:
    """The built-in ACES studio configuration, loaded once per process.

    Never the environment's ``OCIO`` and never ``ocio://default``: names and views differ between versions, and a
    picture graded today must come back the same next year.
    """
    ocio.SetLoggingLevel(ocio.LOGGING_LEVEL_NONE)  # what is wrong with a file is told once, as an error of ours
    return ocio.Config.CreateFromBuiltinConfig(CONFIG_NAME)


@cache
def config_text() -> bytes:
    """The configuration as the file an artist's OCIO host can load (UTF-8)."""
    return str(config().serialize()).encode()


@cache
def config_digest() -> str:
    """SHA-256 (hex) of the archived configuration file.

    Its curves and matrices are built into the library, so a cache key also needs ``ocio_version()``.
    """
    return hashlib.sha256(config_text()).hexdigest()


def ocio_version() -> str:
    """The version of the OpenColorIO library that does the arithmetic."""
    return str(ocio.GetVersion())


def archive(path: Path) -> str:
    """Write the configuration beside a production and return its digest.

    ``path`` is a file name ending in ``.ocio`` or a folder. An archive that is already there must be the same one:
    raises BadInput when it is not, because pictures made under two configurations do not match.
    """
    target = path / f"{CONFIG_NAME}.ocio" if path.suffix != ".ocio" else path
    if target.exists():
        if target.read_bytes() != config_text():
            raise BadInput(
                target,
                "holds another colour configuration than the one this version renders with",
                "keep that file with the pictures made under it and archive this one under another name",
            )
        return config_digest()
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, config_text())
    return config_digest()
