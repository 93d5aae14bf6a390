"""Runs the review page: opens the door, prints the address and the first token, works through the queue meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State

from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import ProcessExecutor
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.server.access import first_token, new_token
from answerprint.server.app import create_app

HOST, PORT = "127.0.0.1", 8770
Say = Callable[[str], None]


def serve(
    production_dirs: Iterable[str | Path],
    *,
    host: str = HOST,
    port: int = PORT,
    fresh_token: bool = False,
    work: bool = True,
    say: Say = print,
) -> None:
    """Serve until interrupted. ``fresh_token`` prints a further token; ``work`` runs the queue's jobs too.

    Raises BadInput when a folder is no production or the port is taken.
    """
    app = create_app(production_dirs, host_names=[host])
    productions: list[Production] = list(app.state.productions.values())
    door = _bound(host, port)
    token = new_token(productions) if fresh_token else first_token(productions)
    shown = f"[{host}]" if ":" in host else host
    say(f"Review: http://{shown}:{door.getsockname()[1]}/")
    if token:
        say(f"Access token (shown once; only its hash is kept): {token}")
    else:
        say("Sign in with the access token that was shown before; --new-token prints another.")
    with door, working(productions) if work else ExitStack():
        _run(app, door)


@contextmanager
def working(productions: list[Production]) -> Iterator[None]:
    """Work through the queues in the background, in processes of their own."""
    # Imported here: a page that only looks needs none of what the work needs.
    from answerprint.passes.work import perform

    executor = ProcessExecutor()
    dispatchers = [Dispatcher(production, perform, executor) for production in productions]
    try:
        for dispatcher in dispatchers:
            dispatcher.start()
        yield
    finally:
        for dispatcher in dispatchers:
            dispatcher.stop()
        executor.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        # From here on whoever follows the printed address waits for the server instead of being turned away.
        door.listen(128)
    except OSError as error:
        door.close()
        raise BadInput(f"{host}:{port}", f"cannot be listened on ({error.strerror})", "choose another --port") from None
    return door


class _Server(uvicorn.Server):
    """Tells the streams of events to end when a person ends the server: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, state: State) -> None:
        super().__init__(config)
        self._app_state = state

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if hasattr(self._app_state, "stopping"):
            self._app_state.stopping.set()
        super().handle_exit(sig, frame)


def _run(app: FastAPI, door: socket.socket) -> None:
    settings = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3)
    _Server(settings, app.state).run(sockets=[door])
