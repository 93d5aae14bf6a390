"""Proxies and thumbnails: every clip as a movie the page can step through, frame for frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip

if TYPE_CHECKING:
    from answerprint.colour.cdl import CDL
    from answerprint.media.sequence import FrameSequence

PRIORITY = 80
"""Before the passes: nothing can be looked at without them."""


def submit_proxies(production: Production, requested_by: str, clip_ids: Sequence[int] | None = None) -> list[str]:
    """Queue a proxy for each clip that has none that is up to date. Returns the job ids."""
    jobs = []
    with production.session() as session:
        for clip in session.scalars(select(Clip).order_by(Clip.name)).all():
            if clip_ids is not None and clip.id not in clip_ids:
                continue
            made = clip.asset.details
            if (made.get("proxy_of"), made.get("proxy_space")) == (clip.asset.sha256, clip.input_space) and proxy_file(
                production, clip
            ).is_file():
                continue
            order = {"clip": clip.id}
            jobs.append(
                submit(
                    production,
                    "proxy",
                    f"proxy {clip.name}",
                    order,
                    [ChunkOrder({}, weight=clip.frame_count)],
                    requested_by=requested_by,
                    priority=PRIORITY,
                )
            )
    return jobs


def proxy_file(production: Production, clip: Clip) -> Path:
    """Where a clip's proxy lies."""
    return production.path("proxies") / f"{clip.name}.mp4"


def thumbnail_file(production: Production, clip: Clip) -> Path:
    """Where a clip's thumbnail lies."""
    return production.path("thumbnails") / f"clip-{clip.id}.jpg"


def work_on_proxy(order: WorkOrder) -> dict[str, Any]:
    """Write one clip's proxy, with the clip's frame count and start timecode, and its thumbnail; says how fast it was."""
    from answerprint.media.sequence import open_sequence

    began = time.monotonic()
    with Production.open(order.production_dir) as production:
        with production.reading() as session:
            clip = session.get_one(Clip, order.job_order["clip"])
            source, digest = production.root / clip.asset.path, clip.asset.sha256
        sequence = open_sequence(source, clip.rate)

        def tell(index: int) -> None:
            order.check_cancelled()
            order.report(index, sequence.count, f"frame {index}")

        frames = write_seen(sequence, clip, proxy_file(production, clip), tell, thumbnail=thumbnail_file(production, clip))
        with production.session() as session:
            asset = session.get_one(Asset, clip.asset_id)
            asset.details = {
                **asset.details,
                "proxy": f"proxies/{clip.name}.mp4",
                "proxy_of": digest,
                "proxy_space": clip.input_space,
            }
    seconds = time.monotonic() - began
    shot = float(frames / (sequence.rate or 24))
    return {"frames": frames, "seconds": round(seconds, 2), "x_realtime": round(shot / max(seconds, 1e-3), 2)}


def write_seen(
    sequence: FrameSequence,
    clip: Clip,
    place: Path,
    tell: Callable[[int], None],
    layers: Sequence[CDL] = (),
    thumbnail: Path | None = None,
) -> int:
    """Write a clip as it is looked at: its colour space, ``layers`` of grades in their order, the view. Returns the number of frames.

    A movie in log or display codes goes through one baked look; linear frames are averaged down in linear light and viewed.
    """
    from answerprint.colour import cdl as grades
    from answerprint.colour.camera_look import camera_look, has_camera_look
    from answerprint.colour.spaces import to_working
    from answerprint.colour.view import ViewLUT
    from answerprint.media.movie import proxy_sized, write_proxy, write_thumbnail
    from answerprint.media.proxy_of_movie import CODES_TOP, takes_look, write_proxy_of_movie

    lut = ViewLUT.cached()

    def shown(index: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        light = proxy_sized(to_working(sequence.read(index).rgb(), clip.input_space))
        for grade in layers:
            light = grades.apply(grade, light)
        return lut.apply(light)

    def pictures() -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
        for index in range(sequence.count):
            tell(index)
            yield shown(index)

    timecode = clip.start_timecode or None
    if thumbnail is not None:
        write_thumbnail(thumbnail, shown(sequence.count // 2))
    if takes_look(sequence) and has_camera_look(clip.input_space):
        look = camera_look(clip.input_space, layers, top=CODES_TOP)
        return write_proxy_of_movie(place, sequence, look, clip.rate, timecode, tell=tell)
    return write_proxy(place, pictures(), clip.rate, timecode)
