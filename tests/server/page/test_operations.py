"""One operation from the page to the review: a relight with light passes on the rendered production."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from answerprint.ingest.into_catalogue import ingest
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.sequence import open_sequence
from answerprint.passes.shots import ensure_shots
from answerprint.passes.work import perform
from answerprint.perception.models import find_model
from answerprint.perception.pose import DETECTOR
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot, Version
from answerprint.sample.stage_production.build import ready_production
from answerprint.server.access import first_token

from ..browser import chromium, missing, served

FRAMES, CLIP, LAMPS = 3, "A003C001_21C_T1", ("key", "fill")
HALF = [{"id": "key", "gain_stops": -1.0}, {"id": "fill", "gain_stops": 0.5}]


def quiet(done: int, total: int, what: str) -> None:
    """Nobody is watching."""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Three frames of the close-up with the passes of its key and its fill, ingested and proxied."""
    if missing():
        pytest.skip(missing())
    try:
        home = ready_production()
        find_model(DETECTOR)
    except BadInput as absent:
        pytest.skip(str(absent))
    folder = tmp_path_factory.mktemp("relit")
    parts = {CLIP: home / "material" / "camera" / "21C" / CLIP} | {lamp: home / "passes" / "21C" / lamp for lamp in LAMPS}
    for name, place in parts.items():
        (folder / "material" / name).mkdir(parents=True)
        for frame in sorted(place.iterdir())[:FRAMES]:
            shutil.copyfile(frame, folder / "material" / name / frame.name)
    lights = {"plate": CLIP, "lights": [{"id": lamp, "pass": lamp} for lamp in LAMPS]}
    (folder / "material" / "lights.json").write_text(json.dumps(lights))
    with Production.create(folder / "production", "Relit", 24) as made:
        ingest(made, [folder / "material"], False, False, quiet)
        ensure_shots(made)
        yield made


def test_a_relight_with_light_passes_goes_from_the_form_to_a_reviewed_version(production: Production) -> None:
    token = first_token([production], "Ana")
    with served(production.root) as address, chromium() as page:
        page.goto(address)
        page.fill("input[type=password]", str(token))
        page.keyboard.press("Enter")
        page.click(f".shot:has-text('{CLIP}')")
        page.click("text=Dispatch…")
        page.click(".pass:has-text('Relight')")
        page.wait_for_selector("label:has-text('Scene from')")
        assert page.locator(".field:has(label:text-is('Exposure'))").count() == 1
        page.locator(".field:has(label:text-is('Lights')) input").fill(json.dumps(HALF))
        page.click("text=Run on 1 shot")
        page.wait_for_selector(".job")
        executor = InlineExecutor()
        Dispatcher(production, perform, executor).run_until_idle()
        page.wait_for_selector(".job:has-text('done') >> nth=0")
        page.goto(f"{address}/shots/{_shot(production).id}")
        page.wait_for_selector(".decide")
        assert "relight" in page.inner_text("body").lower()
        assert [said for said in page.complaints if "401" not in said and "GPU stall" not in said] == []
    version = _version(production)
    made, plate = open_sequence(production.root / version.path, 24), open_sequence(_material(production, CLIP), 24)
    key, fill = (open_sequence(_material(production, lamp), 24).read(1).rgb().astype(np.float32) for lamp in LAMPS)
    wanted = plate.read(1).rgb().astype(np.float32) + key * (2.0**-1 - 1) + fill * (2.0**0.5 - 1)
    assert np.abs(made.read(1).rgb().astype(np.float32) - wanted).max() < 0.004  # half floats below 4
    assert sum(version.figures["class"].values()) == FRAMES
    assert (production.root / "ledger" / f"{version.job_id}.certificate.html").is_file()


def _material(production: Production, name: str) -> Path:
    return production.root.parent / "material" / name


def _shot(production: Production) -> Shot:
    with production.reading() as session:
        return next(shot for shot in session.query(Shot) if shot.name == CLIP)


def _version(production: Production) -> Version:
    with production.reading() as session:
        return session.query(Version).one()
