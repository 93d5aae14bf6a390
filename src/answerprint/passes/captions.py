"""The caption pass: each clip measured once, and its record kept beside what was recorded on set."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pydantic import BaseModel, ConfigDict

from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.passes.footage import plate_of
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot


class CaptionSettings(BaseModel):
    """There is nothing to choose yet."""

    model_config = ConfigDict(extra="forbid")


def submit_captions(production: Production, shots: list[Shot], settings: CaptionSettings, requested_by: str) -> list[str]:
    """Queue the clips of these shots, each once."""
    clips = {shot.clip_id: shot.clip for shot in shots}
    return [submit_clip_caption(production, clip, requested_by) for clip in clips.values()]


def submit_clip_caption(production: Production, clip: Clip, requested_by: str) -> str:
    """Queue one clip."""
    return submit(
        production,
        "caption",
        f"captions {clip.name}",
        {"clip": clip.id},
        [ChunkOrder({}, weight=clip.frame_count)],
        requested_by=requested_by,
    )


def work_on_caption(order: WorkOrder) -> dict[str, Any]:
    """Measure one clip and keep the caption in the catalogue."""
    from answerprint.captioner.caption import caption_clip

    production = Production.open(order.production_dir)
    with production.session() as session:
        clip = session.get(Clip, order.job_order["clip"])
        assert clip is not None
        plate = plate_of(production, clip, purpose="index")
        rate, start = Fraction(clip.rate), clip.start_timecode

    def read(index: int) -> Any:
        order.check_cancelled()
        order.report(index, plate.count, f"frame {index}")
        return plate.read(index)

    caption = caption_clip(read, plate.count, rate, camera=plate.camera, start_tc=start)
    with production.session() as session:
        clip = session.get(Clip, order.job_order["clip"])
        assert clip is not None
        clip.caption = caption
    return {"shots": len(caption["shots"])}
