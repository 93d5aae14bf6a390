"""Relight by geometry from the queue: depth of the catalogue, the camera of the spatial pass, the rig as settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.exr import read_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.optics.camera import Camera
from answerprint.passes.catalogue import dispatch, passes
from answerprint.passes.spatial import cameras_file
from answerprint.passes.work import perform
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, Permission, Shot
from answerprint.spatial.capture import ClipCameras

WIDTH, HEIGHT, COUNT = 96, 54, 2
CAMERA = Camera(
    active_sensor_resolution=(WIDTH, HEIGHT), active_sensor_physical_dimensions=(28.0, 15.75), pinhole_focal_length=35.0
)
RIG = [
    {"id": "key", "position": [-1.5, 0.2, 0.8], "aim": [0, 3, 0], "lux": 100},
    {"id": "fill", "position": [1.5, 0.2, 0.3], "aim": [0, 3, 0], "lux": 50},
]


def _frames(folder: Path, planes: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True)
    for number in range(COUNT):
        height, width = next(iter(planes.values())).shape
        header = FrameHeader(
            width, height, storage="float", file_format="exr", compression="zip", timecode=f"01:00:00:{number:02d}"
        )
        write_frame(folder / f"{folder.name}.{1001 + number}.exr", SourceFrame(planes, header))


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """A wall three metres away, its depth, and a camera that the spatial pass is said to have found."""
    grey = np.full((HEIGHT, WIDTH), 0.2, np.float32) + np.linspace(0, 0.05, WIDTH, dtype=np.float32)
    _frames(tmp_path / "A001", {c: grey.copy() for c in "RGB"})
    _frames(tmp_path / "A001_depth", {"Z": np.full((HEIGHT, WIDTH), 3.0, np.float32)})
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        with made.session() as session:
            for name in ("A001", "A001_depth"):
                asset = Asset(path=str(tmp_path / name), kind="camera", sha256=name[-1] * 64, role="material")
                asset.permissions = [Permission(purpose=p, allowed=True) for p in ("retrieve", "generate_from", "index")]
                clip = Clip(asset=asset, name=name, scene="4", setup="A", take="1", rate="24", start_timecode="01:00:00:00",
                            frame_count=COUNT, width=WIDTH, height=HEIGHT, input_space="ACEScg", camera_label="")  # fmt: skip
                session.add(clip)
                if name == "A001":
                    session.add(Shot(name="4A_0010", clip=clip, start=0, end=COUNT, cut_in=0, cut_out=COUNT, event=1))
        place = cameras_file(made, "A001")
        unknown = np.full(COUNT, np.nan)
        ClipCameras("A001", Fraction(24), "01:00:00:00", (CAMERA,) * COUNT, unknown, unknown, "recorded", "made").write(place)
        yield made


def test_its_form_asks_for_depth_and_names_what_there_is(production: Production) -> None:
    fields = passes()["relight_geometry"].schema()["properties"]
    assert "depth_from" in fields and "rig" in fields


def test_a_key_taken_down_in_the_queue_darkens_the_shot_with_camera_and_depth_from_the_catalogue(production: Production) -> None:
    rig = [RIG[0] | {"gain_stops": -1.0}, RIG[1]]
    jobs = dispatch(production, "relight_geometry", ["4A_0010"], {"rig": json.dumps(rig)}, "Kim")
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=jobs)
    with production.reading() as session:
        job = session.get_one(Job, jobs[0])
        assert job.state == "done", job.error
        node = next(n for n in job.order["graph"]["nodes"] if n["id"] == "result")
        assert node["parameters"]["camera"]["pinhole_focal_length"] == 35.0
    made = open_sequence(production.root / "versions" / "4A_0010" / "v001", 24).read(0).rgb()
    plate = open_sequence(Path(production.root).parent / "A001", 24).read(0).rgb()
    stops = np.log2(made[..., 1] / plate[..., 1])
    # The key hangs to the left: there more of the light was its own.
    assert -1.0 < stops.mean() < -0.1
    assert stops[:, : WIDTH // 3].mean() < stops[:, -WIDTH // 3 :].mean() - 0.05


def test_a_shot_without_depth_is_refused_and_told_what_to_ingest(production: Production) -> None:
    with production.session() as session:
        session.query(Clip).filter(Clip.name == "A001_depth").one().name = "elsewhere"
        session.query(Asset).filter(Asset.path.endswith("A001_depth")).one().path = "/nowhere/else"
    with pytest.raises(BadInput, match="there is no depth for it"):
        dispatch(production, "relight_geometry", ["4A_0010"], {"rig": json.dumps(RIG)}, "Kim")


def test_a_background_in_the_queue_takes_its_own_depth_and_not_the_plates(production: Production) -> None:
    home = Path(production.root).parent
    half = np.full((HEIGHT // 2, WIDTH), 0.4, np.float32)
    metres = np.full((HEIGHT // 2, WIDTH), 50.0, np.float32)
    metres[:, : WIDTH // 2] = 0
    for name, planes in (("hills", {c: half.copy() for c in "RGB"}), ("hills_depth", {"Z": metres})):
        _frames(home / name, planes)
        with production.session() as session:
            asset = Asset(path=str(home / name), kind="still", sha256=f"{len(name):064x}", role="material")
            asset.permissions = [Permission(purpose=p, allowed=True) for p in ("retrieve", "generate_from", "index")]
            session.add(asset)
    assert "depth_from" in passes()["background"].schema()["properties"]
    with production.session() as session:
        asset = Asset(path=str(home / "A001_matte"), kind="matte", sha256="f" * 64, role="material", details={"clip": "A001"})
        asset.permissions = [Permission(purpose=p, allowed=True) for p in ("retrieve", "generate_from", "index")]
        session.add(asset)
    _frames(home / "A001_matte", {c: np.ones((HEIGHT, WIDTH), np.float32) for c in "RGB"})
    said = {"scene_from": "hills", "visibility": 200, "distance": 1000, "grain": 0}
    jobs = dispatch(production, "background", ["4A_0010"], said, "Kim")
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=jobs)
    with production.reading() as session:
        job = session.get_one(Job, jobs[0])
        assert job.state == "done", job.error
    layers = read_exr(next((production.root / "versions" / "4A_0010" / "v001" / "layers").glob("*.exr"))).planes
    through = next(plane for name, plane in layers.items() if "haze_through" in name)
    # Scaled to cover: its middle is the plate's. Where the depth is not known, the distance holds.
    assert np.allclose(through[:, : WIDTH // 2], np.exp(-3.912 * 5), atol=0.002)
    assert np.allclose(through[:, WIDTH // 2 :], np.exp(-3.912 * 0.25), atol=0.002)
