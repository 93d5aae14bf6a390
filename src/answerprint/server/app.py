"""The server: the review page and its API for one or more productions, closed to everyone who is not signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.staticfiles import StaticFiles

from answerprint import __version__
from answerprint.production import AnswerprintError, BadInput, FaultFound, Refused
from answerprint.production.catalogue import Production
from answerprint.server import decisions, doors, editing, grades, holding, media, queue, shots, stage
from answerprint.server.access import Sessions, Throttle
from answerprint.server.guard import Guard

PAGE = Path(__file__).with_name("page")
_STATUS: dict[type[AnswerprintError], int] = {BadInput: 422, Refused: 403, FaultFound: 409}
_BESIDE = {"mark.svg": "image/svg+xml", "licences.md": "text/plain; charset=utf-8"}
"""The page's files that lie beside it: its sign, and the licences of what it is built from."""
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Answerprint</title>
<h1>The review page is not built</h1>
<p>The server runs, its page is missing. In the folder of the source, run <code>make web</code> and load this address again.</p>"""


def create_app(production_dirs: Iterable[str | Path], *, host_names: Iterable[str] = (), page: Path = PAGE) -> FastAPI:
    """The application for these productions.

    ``host_names`` are further names under which the server may be called, such as the one given to ``--host``.
    Raises BadInput when one of the folders is no production.
    """
    productions: dict[str, Production] = {}
    for folder in production_dirs:
        production = Production.open(folder)
        productions[production.identity] = production

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.stopping = asyncio.Event()
        yield
        app.state.stopping.set()
        for production in productions.values():
            production.close()

    app = FastAPI(title="Answerprint", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url="/api/schema")
    app.state.productions = productions
    app.state.sessions = Sessions()
    app.state.throttle = Throttle()
    for room in (doors, shots, decisions, queue, media, editing, grades, holding, stage):
        app.include_router(room.router)
    _speak_plainly(app)
    _serve_page(app, page)
    names = frozenset(name.lower() for name in host_names)
    app.add_middleware(Guard, productions=productions, sessions=app.state.sessions, names=names)
    return app


def _speak_plainly(app: FastAPI) -> None:
    """Every error leaves as ``{"error": one line}``; what went wrong inside stays inside."""

    @app.exception_handler(AnswerprintError)
    async def ours(_: Request, error: AnswerprintError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        return JSONResponse({"error": str(error)}, status)

    @app.exception_handler(StarletteHTTPException)
    async def plain(_: Request, error: StarletteHTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return JSONResponse({"error": f"{where or 'request'}: {first['msg']}."}, 422)


def _serve_page(app: FastAPI, page: Path) -> None:
    assets = page / "assets"
    if assets.is_dir():
        app.mount("/assets", StaticFiles(directory=assets))

    @app.api_route("/{address:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def shell(address: str) -> Response:
        """The page for every address that is its own; it finds out itself what to show."""
        if address.partition("/")[0] in ("api", "media", "assets"):
            return JSONResponse({"error": "There is nothing at this address."}, 404)
        if address in _BESIDE and (page / address).is_file():
            return FileResponse(page / address, media_type=_BESIDE[address])
        if not (page / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return FileResponse(page / "index.html", media_type="text/html")
