"""The rendered production from beginning to end: render, camera originals, instruments, sound, paper, cut, sealed truth.

``python -m answerprint.sample.stage_production`` makes it once in the user's cache; ended at any moment it goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.sample.stage_production.chart import write_grids
from answerprint.sample.stage_production.edit import write_cut
from answerprint.sample.stage_production.film import render_production, stage_folder
from answerprint.sample.stage_production.originals import make_originals
from answerprint.sample.stage_production.paper import write_paper
from answerprint.sample.stage_production.scan import render_scans, write_scans
from answerprint.sample.stage_production.sound import write_sounds
from answerprint.sample.stage_production.tracking import write_lens_tables, write_survey, write_tracks
from answerprint.sample.stage_production.truth import write_truth

Tell = Callable[[int, int, str], None]
_READY = "ready"


def build_production(tell: Tell = lambda *_: None) -> Path:
    """Render and lay out the production in the cache; returns its folder. Finished work is kept."""
    home = stage_folder()
    if (home / _READY).is_file():
        return home
    render = home / "render"
    render_production(render, tell)
    render_scans(render, tell)
    make_originals(render, home, tell)
    write_scans(render, home / "material" / "lidar" / "living_room.e57")
    write_instruments(home / "material")
    write_sounds(home / "material" / "sound")
    write_paper(home / "material" / "paper")
    write_cut(home / "material" / "edit")
    write_truth(render, home / "reference")
    write_atomically(home / _READY, "rendered and laid out\n")
    return home


def write_instruments(material: Path) -> None:
    """Tracking, survey, lens tables and lens grids."""
    write_tracks(material / "tracking")
    write_survey(material / "survey" / "markers.csv")
    write_lens_tables(material / "lens")
    write_grids(material / "lens" / "grids")


def ready_production() -> Path:
    """The production where ``build_production`` left it. Raises BadInput where it was not made."""
    home = stage_folder()
    if not (home / _READY).is_file():
        raise BadInput(
            home, "the rendered production is not there", "run 'make stage' once (three quarters of an hour on two cores)"
        )
    return home
