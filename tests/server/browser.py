"""A headless Chromium and a served production, for tests that look at the page as a person does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from answerprint.server.app import PAGE, create_app

CHROMIUM = Path("/usr/bin/chromium")
# The machine's network is closed: everything Chromium would fetch for itself is switched off.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def missing() -> str:
    """What keeps the page from being looked at, in one line; empty when nothing does."""
    if not CHROMIUM.exists():
        return f"{CHROMIUM} is missing; install Debian's package 'chromium' (apt-get install chromium)"
    if not (PAGE / "index.html").is_file():
        return f"{PAGE} is missing; build the page with 'make web'"
    return ""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The production's page on a free port of this machine; answers with its address."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app([root]), log_level="warning", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        door.close()


@contextmanager
def chromium(width: int = 1440, height: int = 900) -> Iterator[Any]:
    """A browser's new page; what the page's own scripts complain about is gathered in ``page.complaints``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.set_default_timeout(15_000)
        yield page
        browser.close()


# Reads the picture on the canvas: the number its top row of squares spells, and the grey below at some places across.
READ_CANVAS = """([bits, cell, places]) => {
  const canvas = document.querySelector('.stage canvas');
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const at = (x, y) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)];
  let number = 0;
  for (let bit = 0; bit < bits; bit++) number = number * 2 + (at(bit * cell + cell / 2, cell / 2)[0] > 127 ? 1 : 0);
  return {
    number, frame: Number(canvas.dataset.frame), width: canvas.width, height: canvas.height,
    colours: places.map((share) => at(Math.floor(share * canvas.width), Math.floor(canvas.height * 0.75))),
  };
}"""
