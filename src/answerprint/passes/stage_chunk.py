"""A chunk of a simulation: some frames of one stage, rendered by this process's own renderer."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from answerprint.jobs.work import WorkOrder
from answerprint.production import AnswerprintError
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import shoot_frames
from answerprint.simulation.stage import Stage


def work_on_stage(order: WorkOrder) -> dict[str, Any]:
    """Render a chunk's frames with this process's own renderer, which stays for the next chunk."""
    folder = Path(order.chunk_order["folder"])
    stage = Stage.model_validate_json((folder / "stage.json").read_bytes())

    def tell(done: int, total: int, _: str) -> None:
        order.check_cancelled()
        order.report(done, total, f"{stage.name} {folder.name}")

    try:
        cpu = shoot_frames(stage, folder, order.chunk_order["frames"], _own_renderer(), tell, order.job_order["threads"])
    except AnswerprintError:
        # What went wrong may have left the renderer in any state: the next chunk gets a fresh one.
        _let_go()
        raise
    return {"cpu_seconds": cpu}


_renderer: list[Renderer] = []


def _own_renderer() -> Renderer:
    if not _renderer:
        _renderer.append(Renderer())
        atexit.register(_let_go)
    return _renderer[0]


def _let_go() -> None:
    while _renderer:
        _renderer.pop().close()
