"""Pictures by id: proxies and overlays with ranges, thumbnails, and single exact frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse, Response
from sqlalchemy.orm import Session

from answerprint.production.tables import Clip, Job, Shot, Version
from answerprint.server.doors import InProduction
from answerprint.server.material import (
    certificate_file,
    clip_picture,
    clip_proxy,
    graded_copy,
    png,
    thumbnail,
    version_file,
    version_picture,
)
from answerprint.server.shots import frame_records

router = APIRouter(prefix="/media")

_MOVIE = "video/mp4"
_CERTIFICATE = {"html": "text/html; charset=utf-8", "json": "application/json"}
_PAPER = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What a certificate may do: carry its own style, which it does wherever it lies, and nothing else."""
Held = TypeVar("Held", Clip, Job, Shot, Version)


@router.get("/clip/{clip_id}/proxy.mp4")
def clip_movie(clip_id: int, here: InProduction) -> FileResponse:
    """A clip's intra-frame proxy."""
    with here.production.reading() as session:
        path = clip_proxy(here.production, _found(session, Clip, clip_id))
    return _movie(path)


@router.get("/clip/{clip_id}/graded.mp4")
def graded_movie(clip_id: int, here: InProduction) -> FileResponse:
    """A clip's viewing copy: graded, through the view, with its sound."""
    with here.production.reading() as session:
        path = graded_copy(here.production, _found(session, Clip, clip_id))
    return _movie(path)


@router.get("/version/{version_id}/{name}.mp4")
def version_movie(version_id: int, name: Literal["proxy", "matte", "support"], here: InProduction) -> FileResponse:
    """A version's review movie: its picture, its matte or its support."""
    with here.production.reading() as session:
        path = version_file(here.production, _found(session, Version, version_id), name)
    return _movie(path)


@router.get("/shot/{shot_id}/thumb.jpg")
def shot_thumbnail(shot_id: int, here: InProduction) -> FileResponse:
    """A small picture of a shot: its newest version, or the plate."""
    with here.production.reading() as session:
        shot = _found(session, Shot, shot_id)
        done = [version for version in shot.versions if frame_records(version)]
        path = thumbnail(here.production, shot, done[-1] if done else None)
    return FileResponse(path, media_type="image/jpeg")


@router.get("/job/{job_id}/certificate.{form}")
def job_certificate(job_id: str, form: Literal["html", "json"], here: InProduction) -> FileResponse:
    """The certificate of a job's work: the page for people, or the document that is signed."""
    with here.production.reading() as session:
        path = certificate_file(here.production, _found(session, Job, job_id).id, form)
    if path is None:
        raise HTTPException(404, "This job has no certificate.")
    return FileResponse(path, media_type=_CERTIFICATE[form], headers={"content-security-policy": _PAPER})


@router.get("/frame")
def frame(
    here: InProduction,
    frame: Annotated[int, Query(ge=0)],
    clip: Annotated[int | None, Query()] = None,
    version: Annotated[int | None, Query()] = None,
) -> Response:
    """One frame at full resolution through the analytic display transform, as PNG. Frames are numbered as in the clip."""
    if (clip is None) == (version is None):
        raise HTTPException(422, "Name a clip or a version.")
    with here.production.reading() as session:
        if clip is not None:
            picture = clip_picture(here.production, _found(session, Clip, clip), frame)
        else:
            picture = version_picture(here.production, _found(session, Version, version or 0), frame)
    return Response(png(picture), media_type="image/png")


def _found(session: Session, kind: type[Held], key: int | str) -> Held:
    found = session.get(kind, key)
    if found is None:
        raise HTTPException(404, f"There is no such {kind.__name__.lower()}.")
    return found


def _movie(path: Path | None) -> FileResponse:
    if path is None:
        raise HTTPException(404, "There is no such movie yet.")
    return FileResponse(path, media_type=_MOVIE)
