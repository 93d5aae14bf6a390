"""Where a person's keys and settings live, and where fetched files are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path


def home_folder() -> Path:
    """The folder of this person's keys, trust store and settings, made if missing.

    ``ANSWERPRINT_HOME`` when set, else the platform's own place for settings.
    """
    return _made(os.environ.get("ANSWERPRINT_HOME"), user_config_path("answerprint", appauthor=False), private=True)


def cache_folder() -> Path:
    """The folder of fetched material and unpacked models, made if missing; safe to delete at any time.

    ``ANSWERPRINT_CACHE`` when set, else the platform's own place for caches.
    """
    return _made(os.environ.get("ANSWERPRINT_CACHE"), user_cache_path("answerprint", appauthor=False), private=False)


def _made(named: str | None, usual: Path, private: bool) -> Path:
    folder = Path(named).expanduser().absolute() if named else usual
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o755)
    return folder
