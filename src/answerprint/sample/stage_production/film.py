"""Rendering the production once, into the user's cache: every shot of every setup, going on where it was ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from answerprint.production.home import cache_folder
from answerprint.sample.stage_production.setups import stages
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import Stage, read_stage

Tell = Callable[[int, int, str], None]
FOLDER = "stage-4"
"""Its number rises when the pictures change."""


def stage_folder() -> Path:
    """Where the rendered production lies in the user's cache: render/, material/ and reference/ below it."""
    return cache_folder() / FOLDER


def render_production(folder: Path, tell: Tell = lambda *_: None, shots: dict[str, Stage] | None = None) -> float:
    """Render every shot below ``folder``; finished frames are kept. Returns the CPU seconds the renderer used now.

    Raises BadInput where the simulation environment is missing and for a folder of another edition.
    """
    wanted = shots or stages()
    total = sum(stage.frame_count * len(stage.cameras) for stage in wanted.values())
    done, cpu = 0, 0.0
    renderer: Renderer | None = None
    try:
        for name, stage in wanted.items():
            before = done

            def told(now: int, _: int, what: str, before: int = before, name: str = name) -> None:
                tell(before + now, total, f"{what} of {name}")

            if not finished(folder / name, stage):
                renderer = renderer or Renderer()
                cpu += shoot_stage(stage, folder / name, told, renderer).cpu_seconds
            done += stage.frame_count * len(stage.cameras)
            tell(done, total, f"rendered {name}")
    finally:
        if renderer is not None:
            renderer.close()
    return cpu


def finished(folder: Path, stage: Stage) -> bool:
    """Whether this very shot was rendered to its end: the contact sheet is made last. So no renderer is started for it."""
    document = folder / "stage.json"
    if not document.is_file() or not (folder / "contact-sheet.png").is_file() or read_stage(document) != stage:
        return False
    return all(len(list((folder / camera.label / "records").glob("*.json"))) >= stage.frame_count for camera in stage.cameras)
