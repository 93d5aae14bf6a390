"""Places where nothing can be written: a read-only folder, a disk that is full."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    """A folder nobody but root may write to."""
    folder = tmp_path / "read only"
    folder.mkdir(mode=0o555)
    for place in [tmp_path, *tmp_path.parents[:3]]:
        place.chmod(place.stat().st_mode | 0o055)
    return folder


@pytest.fixture
def as_nobody() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user without rights (root may write anywhere)."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = (
            "import os, sys\nfrom answerprint.cli.main import main\nimport answerprint.production.catalogue\n"
            "if os.geteuid() == 0:\n    os.setgid(65534); os.setuid(65534)\nsys.exit(main(sys.argv[1:]))"
        )
        return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)

    return run


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB. Where one may not be mounted, writing to the catalogue fails as on a full disk instead."""
    disk = tmp_path / "full"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True).returncode == 0
    )
    if not mounted:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
