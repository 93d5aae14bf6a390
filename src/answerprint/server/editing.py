"""What the editorial pass wrote and what was delivered, as the page shows them: the coverage map, bins and packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from answerprint.passes.delivery_settings import DeliverySettings
from answerprint.server.doors import InProduction, ToChange

router = APIRouter()


@router.get("/api/editorial")
def editorial(here: InProduction) -> dict[str, Any]:
    """The last editorial pass, its index and the coverage map, null where there was none; and what the newest cut changed."""
    from answerprint.passes.editorial import editorial_index
    from answerprint.passes.shots import last_changes

    index, changes = editorial_index(here.production), last_changes(here.production)
    if not index:
        return {"index": None, "coverage": None, "changes": changes}
    try:
        coverage = json.loads((here.production.root / "editorial" / "coverage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"index": None, "coverage": None, "changes": changes}
    return {"index": index, "coverage": coverage, "changes": changes}


@router.post("/api/editorial")
def run_editorial(here: ToChange) -> dict[str, Any]:
    """Put the editorial pass in the queue; it is of the whole production."""
    from answerprint.passes.catalogue import dispatch

    return {"jobs": dispatch(here.production, "editorial", [], {}, here.person)}


@router.get("/media/editorial/{name:path}")
def editorial_file(name: str, here: InProduction) -> FileResponse:
    """One file of the editorial pass, to save."""
    return _saved(here.production.root / "editorial", name)


@router.get("/api/deliveries")
def deliveries(here: InProduction) -> dict[str, Any]:
    """The receivers a package can be made for, the settings as a JSON schema, and the packages there are."""
    from answerprint.deliver.receivers.registry import RECEIVERS
    from answerprint.passes.delivery_job import packages

    receivers = [{"name": one.name, "title": one.title, "gets": one.gets, "notes": list(one.notes)} for one in RECEIVERS.values()]
    return {"receivers": receivers, "schema": DeliverySettings.model_json_schema(), "packages": packages(here.production)}


@router.post("/api/deliveries")
def deliver(settings: DeliverySettings, here: ToChange) -> dict[str, Any]:
    """Put a package in the queue."""
    from answerprint.passes.delivery_job import submit_delivery

    return {"job": submit_delivery(here.production, settings, here.person)}


@router.get("/media/delivery/{receiver}/{name:path}")
def delivery_file(receiver: str, name: str, here: InProduction) -> FileResponse:
    """The manifest or the report of a package, to save."""
    from answerprint.passes.delivery_job import packages

    known = next((one for one in packages(here.production) if one["receiver"] == receiver), None)
    if known is None or name not in known["files"]:
        raise HTTPException(404, "There is no such file.")
    return _saved(Path(known["path"]), name)


def _saved(folder: Path, name: str) -> FileResponse:
    """A file below ``folder``, as one to save: what is in it is not run in the page."""
    path = (folder / name).resolve()
    if not path.is_file() or not path.is_relative_to(folder.resolve()):
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)
