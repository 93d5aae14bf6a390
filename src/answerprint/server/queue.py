"""The queue as the page shows it: jobs, what can be done with them, and the stream of what happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from answerprint.jobs.queue import cancel, counts, events_after, job_view, job_views, last_event, retry, set_priority
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot
from answerprint.server.doors import InProduction, ToChange
from answerprint.server.material import certificate_address

router = APIRouter(prefix="/api")

_LOOK_SECONDS = 0.3
_TICK_SECONDS = 1.0
"""While work runs the page is told to look again, since progress within a chunk makes no event."""
_QUIET_SECONDS = 15.0
"""A line now and then keeps proxies from closing a quiet stream."""
_LETTERS = {"done": "d", "running": "r", "failed": "f", "cancelled": "c", "waiting": "w"}


class Priority(BaseModel):
    """Where a job stands in the queue."""

    model_config = ConfigDict(extra="forbid")

    priority: int = Field(ge=0, le=100)


class Dispatch(BaseModel):
    """A pass on shots, by their ids."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    pass_name: str = Field(alias="pass", max_length=100)
    shots: list[int] = Field(min_length=1, max_length=10_000)
    settings: dict[str, Any] = Field(default_factory=dict)


@router.get("/jobs")
def jobs(here: InProduction) -> dict[str, Any]:
    """Every job with its progress, speed and estimate."""
    with here.production.reading() as session:
        names = {row[0]: row[1] for row in session.execute(select(Shot.id, Shot.name))}
    views = [_job(here.production, view, names.get(view["shot_id"])) for view in job_views(here.production)]
    return {"jobs": views, "counts": counts(here.production)}


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: str, here: ToChange) -> dict[str, Any]:
    """Stop a job; what is done is kept."""
    cancel(here.production, job_id)
    return {"state": job_view(here.production, job_id)["state"]}


@router.post("/jobs/{job_id}/retry")
def retry_job(job_id: str, here: ToChange) -> dict[str, Any]:
    """Do what failed or was stopped again."""
    retry(here.production, job_id)
    return {"state": job_view(here.production, job_id)["state"]}


@router.post("/jobs/{job_id}/priority")
def move_job(job_id: str, wanted: Priority, here: ToChange) -> dict[str, Any]:
    """Move a job in the queue: 100 runs first."""
    set_priority(here.production, job_id, wanted.priority)
    return {"priority": wanted.priority}


@router.get("/passes")
def known_passes(here: InProduction) -> dict[str, Any]:
    """Every pass with the JSON schema of its settings, from which the page draws the form."""
    # Imported when first asked for: the page itself starts without what the passes need.
    from answerprint.generator.registry import operations
    from answerprint.passes.catalogue import passes
    from answerprint.passes.operation_pass import choices_for

    singles, choices = operations(), choices_for(here.production)
    return {
        "passes": [
            {
                "name": one.name,
                "title": one.title,
                "summary": one.summary,
                "schema": _with_choices(one.schema(), choices),
                "single": one.name in singles,
                "presets": getattr(one.Settings, "presets", {}),
            }
            for one in passes().values()
        ]
    }


def _with_choices(schema: dict[str, Any], choices: dict[str, list[str]]) -> dict[str, Any]:
    """A form whose fields that name material know what there is."""
    for name, known in choices.items():
        if name in schema.get("properties", {}):
            schema["properties"][name] |= {"examples": known}
    return schema


@router.post("/dispatch")
def dispatch_pass(wanted: Dispatch, here: ToChange) -> dict[str, Any]:
    """Put a pass on shots in the queue."""
    from answerprint.passes.catalogue import dispatch

    with here.production.reading() as session:
        names = {row[0]: row[1] for row in session.execute(select(Shot.id, Shot.name).where(Shot.id.in_(wanted.shots)))}
    missing = [number for number in wanted.shots if number not in names]
    if missing:
        raise BadInput("shots", f"there is no shot {missing[0]}", "choose from the list of shots")
    chosen = [names[number] for number in wanted.shots]
    return {"jobs": dispatch(here.production, wanted.pass_name, chosen, wanted.settings, here.person)}


@router.get("/events")
async def events(
    request: Request,
    here: InProduction,
    after: Annotated[int | None, Query(ge=0)] = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """What happens, as server-sent events numbered as in the catalogue; a reader that was cut off misses nothing."""
    given = int(last_event_id) if last_event_id.isdigit() else after
    last = await run_in_threadpool(last_event, here.production) if given is None else given
    stream = _stream(request, here, last)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(request: Request, here: InProduction, last: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    since_tick = since_word = 0.0
    stopping: asyncio.Event = request.app.state.stopping
    while not stopping.is_set():
        for event in await run_in_threadpool(events_after, here.production, last):
            last = event["id"]
            since_word = 0.0
            yield f"id: {last}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        since_tick += _LOOK_SECONDS
        since_word += _LOOK_SECONDS
        if since_tick >= _TICK_SECONDS:
            since_tick = 0.0
            if (await run_in_threadpool(counts, here.production))["running"]:
                yield 'data: {"kind": "tick"}\n\n'
        if since_word >= _QUIET_SECONDS:
            since_word = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(_LOOK_SECONDS)


def _job(production: Production, view: dict[str, Any], shot: str | None) -> dict[str, Any]:
    """A job's row. ``done`` counts frames and includes what running chunks have reported."""
    started, finished = view["started"], view["finished"]
    elapsed = None
    if started:
        until = datetime.fromisoformat(finished) if finished else datetime.now(UTC)
        elapsed = max(0.0, (until - datetime.fromisoformat(started)).total_seconds())
    return {
        "id": view["id"],
        "kind": view["kind"],
        "title": view["title"],
        "shot": shot,
        "shot_id": view["shot_id"],
        "state": view["state"],
        "priority": view["priority"],
        "requested_by": view["requested_by"],
        "done": min(view["total"], round(view["progress"] * view["total"])),
        "total": view["total"],
        "what": view["what"],
        "speed": view["fps"],
        "eta_seconds": view["eta_seconds"],
        "elapsed_seconds": elapsed,
        "x_realtime": view["x_realtime"],
        "certificate": certificate_address(production, view["id"]),
        "error": view["error"],
        "created": view["created"],
        "chunks": "".join(letter * view["chunks"][state] for state, letter in _LETTERS.items()),
    }
