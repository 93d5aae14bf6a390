"""Refuses an installation plan that holds CUDA packages, unless this machine has a GPU to use them.

Takes the requirements as pip would get them; asks pip what it would install; installs nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

_CUDA = re.compile(r"^(nvidia-.*|cuda-.*|cupy-.*|triton|.*-cu1[0-9])$")


def has_gpu() -> bool:
    """Whether a driver is loaded or its tool is there."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def cuda_packages(report: dict[str, object]) -> list[str]:
    """Names in pip's installation report that belong to CUDA."""
    items = report.get("install", [])
    names = [str(item["metadata"]["name"]).lower().replace("_", "-") for item in items]  # type: ignore[union-attr,index,attr-defined]
    return sorted(name for name in names if _CUDA.match(name))


def main(requirements: list[str]) -> int:
    """0 when the plan is fine, 2 with one line when it is not."""
    if has_gpu():
        return 0
    asked = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", *requirements]
    done = subprocess.run(asked, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print("install: pip cannot work out what to install (see above); check the network or the package index.", file=sys.stderr)
        return 2
    found = cuda_packages(json.loads(done.stdout))
    if found:
        print(
            f"install: {', '.join(found)} would be installed and this machine has no GPU; give pip a CPU build of torch "
            "(PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL).",
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
