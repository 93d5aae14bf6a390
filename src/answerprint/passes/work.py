"""What a worker does with a chunk: the one function the dispatcher hands to its processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from answerprint.jobs.work import WorkOrder

Handler = Callable[[WorkOrder], dict[str, Any]]


def perform(order: WorkOrder) -> dict[str, Any]:
    """Do one chunk of a job of any kind this house knows."""
    return _handler(order.kind)(order)


def _handler(kind: str) -> Handler:
    # Imported when first needed: a worker that makes proxies has no use for the solvers.
    if kind == "frames":
        from answerprint.passes.picture_job import work_on_frames

        return work_on_frames
    if kind == "grade":
        from answerprint.passes.grade import work_on_grade

        return work_on_grade
    if kind == "continuity":
        from answerprint.passes.continuity import work_on_continuity

        return work_on_continuity
    if kind == "caption":
        from answerprint.passes.captions import work_on_caption

        return work_on_caption
    if kind == "editorial":
        from answerprint.passes.editorial import work_on_editorial

        return work_on_editorial
    if kind == "deliver":
        from answerprint.passes.delivery_job import work_on_delivery

        return work_on_delivery
    if kind == "return":
        from answerprint.passes.returned_job import work_on_return

        return work_on_return
    if kind == "proxy":
        from answerprint.ingest.proxies import work_on_proxy

        return work_on_proxy
    if kind == "dailies":
        from answerprint.passes.viewing_copies import work_on_dailies

        return work_on_dailies
    if kind == "coverage":
        from answerprint.passes.coverage import work_on_coverage

        return work_on_coverage
    if kind == "spatial":
        from answerprint.passes.spatial import work_on_spatial

        return work_on_spatial
    if kind == "simulate":
        from answerprint.passes.stage_chunk import work_on_stage

        return work_on_stage
    raise RuntimeError(f"there is no work of kind {kind!r}")
