"""The stage as the page shows it: the last spatial report, its drawings, and the clips' cameras."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from answerprint.server.doors import InProduction, ToChange

router = APIRouter()


@router.get("/api/stage")
def stage(here: InProduction) -> dict[str, Any]:
    """The last report of the spatial pass, plans without their single angles; null where there was none."""
    try:
        report = json.loads((here.production.root / "spatial" / "report.json").read_text(encoding="utf-8"))
        plans = {
            name: {k: v for k, v in plan.items() if k != "angles"} | {"of": _reached(plan)}
            for name, plan in report["plans"].items()
        }
    except (OSError, ValueError, KeyError):
        return {"report": None}
    return {"report": report | {"plans": plans}}


@router.post("/api/stage")
def run_stage(here: ToChange) -> dict[str, Any]:
    """Put the spatial pass in the queue; it is of the whole production."""
    from answerprint.passes.catalogue import dispatch

    return {"jobs": dispatch(here.production, "spatial", [], {}, here.person)}


@router.get("/media/stage/{name}")
def drawing(name: str, here: InProduction) -> FileResponse:
    """One of the drawings that the report names."""
    folder = here.production.root / "spatial"
    try:
        named = set(json.loads((folder / "report.json").read_text(encoding="utf-8"))["files"].values())
    except (OSError, ValueError, KeyError):
        named = set()
    if name not in named or not (folder / name).is_file():
        raise HTTPException(404, "There is no such drawing.")
    return FileResponse(folder / name, media_type="image/png", headers={"Cache-Control": "no-cache"})


def _reached(plan: dict[str, Any]) -> int:
    return sum(angle["verdict"] != "beyond the walls" for angle in plan["angles"])
