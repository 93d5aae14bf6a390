"""The virtual stage through the queue: several renderers, and what the catalogue keeps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.dataset.of_production import lock_assets
from answerprint.media.exr import read_exr
from answerprint.passes.stages import keep_in_catalogue, simulate_with_workers
from answerprint.production import AnswerprintError, BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Job
from answerprint.provenance.digests import file_digests
from answerprint.simulation.pieces import Item, Material, box
from answerprint.simulation.renderer import interpreter
from answerprint.simulation.run import simulate
from answerprint.simulation.stage import Light, RenderSettings, SetPlan, Stage, StageCamera

STAGE = Stage(
    name="card",
    frame_count=6,
    set=SetPlan(
        items=(Item(name="card", parts=(box((0.6, 0.02, 0.6), "grey", (0, 0, 1.2), bevel=0.0),)),),
        materials={"grey": Material(kind="plastic", colour=(0.18, 0.18, 0.18))},
    ),
    lights=(Light(name="key", kind="bulb", translation=(0, -2, 2), illuminance_lux=100),),
    cameras=(StageCamera(active_sensor_resolution=(32, 18)),),
    render=RenderSettings(samples=2, bounces=0, passes=("beauty", "depth")),
)


@pytest.fixture
def installed() -> None:
    try:
        interpreter()
    except BadInput as missing:
        pytest.skip(str(missing))


@pytest.fixture
def production(tmp_path: Path) -> Production:
    return Production.create(tmp_path / "show", "show", 24)


def written(folder: Path, stage: Stage = STAGE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stage.json").write_text(stage.json_text())
    return folder / "stage.json"


def finished(folder: Path) -> Path:
    """A folder as a finished run of one frame leaves it, without its rendering."""
    for name in ("A/beauty/card.1001.exr", "A/records/card.1001.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "provenance.json").write_text(json.dumps({"source": "generated", "renderer": {"name": "Blender Cycles"}}))
    return folder


@pytest.mark.usefixtures("installed")
def test_two_workers_render_the_same_pixels_as_one_process_and_go_on_after_a_loss(tmp_path: Path) -> None:
    spec = written(tmp_path / "spec")
    simulate(spec, tmp_path / "one")
    shot = simulate_with_workers(spec, tmp_path / "two", 2)
    assert (shot.frames, shot.rendered) == (6, 6)
    for frame in STAGE.frames:
        name = f"A/beauty/card.{frame}.exr"
        one, two = (read_exr(tmp_path / folder / name).planes for folder in ("one", "two"))
        assert all(np.array_equal(one[c], two[c]) for c in "RGB")
    (tmp_path / "two" / "A" / "records" / "card.1003.json").unlink()
    assert simulate_with_workers(spec, tmp_path / "two", 2).rendered == 1
    assert not list((tmp_path / "two").glob(".*"))


@pytest.mark.usefixtures("installed")
def test_a_stage_that_cannot_be_built_fails_in_one_line(tmp_path: Path) -> None:
    bare = STAGE.model_copy(update={"frame_count": 1, "set": STAGE.set.model_copy(update={"materials": {}})})
    with pytest.raises(AnswerprintError, match="no material 'grey'") as failed:
        simulate_with_workers(written(tmp_path / "spec", bare), tmp_path / "out", 1)
    assert failed.value.exit_code == 2


@pytest.mark.usefixtures("installed")
def test_a_production_keeps_what_was_rendered_through_its_queue(production: Production, tmp_path: Path) -> None:
    quick = STAGE.model_copy(update={"frame_count": 1})
    spec = written(tmp_path / "spec", quick)
    simulate_with_workers(spec, tmp_path / "out", 1, production, "ada")
    with production.reading() as session:
        job = session.scalars(select(Job)).one()
        asset = session.scalars(select(Asset)).one()
        assert (job.kind, job.state, job.requested_by) == ("simulate", "done", "ada")
        assert asset.details["passes"] == ["beauty", "depth"]


def test_a_simulated_asset_is_made_and_generated_and_its_digests_are_those_on_disk(production: Production, tmp_path: Path) -> None:
    folder = finished(tmp_path / "out")
    first = keep_in_catalogue(production, STAGE, folder)
    assert keep_in_catalogue(production, STAGE, folder) == first
    with production.reading() as session:
        asset = session.get_one(Asset, first)
        assert (asset.origin, asset.kind, asset.role) == ("made", "simulation", "generated")
        assert asset.details["source"] == "generated"
        assert asset.details["provenance"] == file_digests(folder / "provenance.json").sha256
        assert {m["name"] for m in asset.details["members"]} >= {"A/beauty/card.1001.exr", "provenance.json"}


def test_a_lock_never_takes_a_simulated_asset_for_material(production: Production, tmp_path: Path) -> None:
    keep_in_catalogue(production, STAGE, finished(tmp_path / "out"))
    assert lock_assets(production) == []


def test_a_folder_without_finished_frames_is_not_kept(production: Production, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no finished frames"):
        keep_in_catalogue(production, STAGE, tmp_path)


def test_without_the_environment_nothing_is_queued(production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_SIMULATION", str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="make simulation"):
        simulate_with_workers(written(tmp_path / "spec"), tmp_path / "out", 2, production)
    with production.reading() as session:
        assert session.scalar(select(Job)) is None
