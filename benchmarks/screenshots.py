"""Pictures of the review page for the documentation, taken from a production that the demo has made.

They are published with the project, so take them from the rendered production (``make demo DEMO=stage``), never from anybody's footage.

    python benchmarks/screenshots.py PRODUCTION [--out docs] [--shot NAME] [--frame N]

Writes ``page-review.png``, ``page-shots.png`` and ``page-queue.png``, each at most 400 kB.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.server.browser import chromium, missing, served  # noqa: E402

from answerprint.production.catalogue import Production  # noqa: E402
from answerprint.server.access import new_token, revoke_tokens  # noqa: E402

LARGEST = 400_000
"""Bytes a picture in the documentation may have."""


def main() -> int:
    """Take the three pictures; 2 when something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("production", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    parser.add_argument("--shot", help="shot to open in the player (default: the one whose newest version has the most classes)")
    parser.add_argument("--frame", type=int, help="frame of the clip to stop at (default: the middle of the cut)")
    parser.add_argument("--keys", default="w", help="keys pressed in the player before its picture is taken (default: w, the wipe)")
    options = parser.parse_args()
    if missing():
        print(missing(), file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    with Production.open(options.production) as production:
        token = new_token([production], "supervisor", "viewer")
        try:
            with served(options.production) as address, chromium(1440, 900) as page:
                take(page, address, token, options)
        finally:
            revoke_tokens(production, token)
    return 0


def take(page: Any, address: str, token: str, options: argparse.Namespace) -> None:
    """Sign in, go through the three screens and keep a picture of each."""
    page.goto(address)
    page.fill("input[type=password]", token)
    page.keyboard.press("Enter")
    page.wait_for_selector(".shot")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.shot img')].every(one => one.complete && one.naturalWidth)", timeout=120_000
    )
    keep(page, options.out / "page-shots.png")

    shots = page.evaluate("() => fetch('/api/shots').then(said => said.json())")["shots"]
    named = [shot for shot in shots if shot["name"] == options.shot] if options.shot else shots
    best = max(named, key=lambda shot: len((shot["latest"] or {"classes": {}})["classes"]))
    frame = options.frame if options.frame is not None else (best["cut_in"] + best["cut_out"]) // 2
    page.goto(f"{address}/shots/{best['id']}?frame={frame}")
    shown = "frame => document.querySelector('.stage canvas')?.dataset.frame === String(frame)"
    page.wait_for_function(shown, arg=frame, timeout=60_000)
    for key in options.keys.split():
        page.keyboard.press(key)
    page.wait_for_timeout(2500)
    keep(page, options.out / "page-review.png")

    page.goto(f"{address}/queue")
    page.wait_for_selector(".queue, .empty")
    page.wait_for_timeout(1000)
    keep(page, options.out / "page-queue.png")


def keep(page: Any, path: Path) -> None:
    """Save what the page shows, with fewer shades where it would be too large."""
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    for bits in (8, 6, 5, 4):
        step = 1 << (8 - bits)
        coarse = picture if bits == 8 else np.clip(np.rint(picture / step) * step, 0, 255).astype(np.uint8)
        data = cv2.imencode(".png", coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
        if len(data) <= LARGEST:
            break
    path.write_bytes(data)
    print(f"{path}: {len(data) / 1000:.0f} kB", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
