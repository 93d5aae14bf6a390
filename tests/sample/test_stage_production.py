"""The rendered production agrees with itself but for what was planted in it; its small form in the repository needs no renderer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.colour.view import display
from answerprint.editorial.timeline import read_timeline
from answerprint.ingest.into_catalogue import IngestReport, ingest
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.lidar.survey import read_survey
from answerprint.ingest.recognise import material_under, recognise
from answerprint.ingest.tracking.opentrackio import read_json
from answerprint.media.exr import read_exr
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.lens import read_lens
from answerprint.optics.table import LensState
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.build import ready_production
from answerprint.sample.stage_production.demo import crane_lag, solved_grids
from answerprint.sample.stage_production.setups import CLIPS, LAG_FRAMES, RATE, clip_named, stages
from answerprint.spatial.registration import register_points

STAGE = Path(__file__).resolve().parents[2] / "examples" / "stage"
MATERIAL, REFERENCE = STAGE / "material", STAGE / "reference"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((REFERENCE / "truth.json").read_text())


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestReport, dict[str, dict[str, bool]]]:
    with Production.create(tmp_path_factory.mktemp("stage") / "production", "Half an Inch", 24) as production:
        report = ingest(production, [MATERIAL, REFERENCE / "clean"], hash_list=False)
        with production.reading() as session:
            allowed = {Path(a.path).name: {p.purpose: p.allowed for p in a.permissions} for a in session.query(Asset)}
    return report, allowed


def test_everything_is_recognised_without_a_fault_of_its_own() -> None:
    found = {f.name: recognise(f, 24) for f in material_under([MATERIAL])}
    faults = {n: f.problems for n, f in found.items() if f.problems or f.kind == "unknown"}
    assert set(faults) <= {"living_room.e57"}  # whose two scans are named
    kinds = {"camera", "sound", "script", "notes", "tracking", "lidar", "edit", "still", "report", "matte"}
    assert {f.kind for f in found.values()} == kinds


def test_ingest_lists_what_was_planted_in_the_paper_and_nothing_else(ingested: tuple[IngestReport, Any]) -> None:
    report, _ = ingested
    said = [p for p in report.problems if "living_room" not in p]
    assert [p for p in said if "21D" in p and "not shot" in p]
    assert [p for p in said if "A001C002_21A_T2" in p and "circled" in p]
    assert len(said) == 2, said


def test_the_two_cameras_of_setup_a_ran_together(ingested: tuple[IngestReport, Any]) -> None:
    groups = {(g["setup"], g["take"]): g["cameras"] for g in ingested[0].groups}
    assert groups == {("A", "1"): ["A", "B"], ("A", "2"): ["A", "B"], ("B", "1"): ["A"], ("C", "1"): ["A"]}


def test_clean_references_may_be_found_and_read_by_nothing(ingested: tuple[IngestReport, dict[str, dict[str, bool]]]) -> None:
    _, allowed = ingested
    for name in ("A001C001-clean.mp4", "B001C001-clean.mp4"):
        assert {p for p, yes in allowed[name].items() if yes} == {"index"}
    assert allowed["A001C001_21A_T1.mp4"]["retrieve"]


def test_nothing_sealed_lies_in_the_material() -> None:
    names = {p.name for p in MATERIAL.rglob("*")}
    assert not {n for n in names if "clean" in n or "truth" in n or "depth" in n}


def test_every_clip_has_the_frames_and_the_timecode_of_its_slate() -> None:
    for clip in CLIPS:
        movie = open_sequence(MATERIAL / "camera" / f"21{clip.setup}" / f"{clip.name}.mp4")
        assert (movie.count, movie.start_timecode, movie.rate) == (stages()[clip.shot].frame_count, clip.timecode, RATE)


def test_the_cut_is_covered_by_the_clips_it_names() -> None:
    edl, otio = (read_timeline(MATERIAL / "edit" / f"half_an_inch_v1.{e}", 24) for e in ("edl", "otio"))
    assert [(e.reel, e.source_in, e.source_out) for e in edl.events] == [(e.reel, e.source_in, e.source_out) for e in otio.events]
    for event in otio.events:
        clip = clip_named(event.clip_name)
        assert (
            clip.start.frame <= event.source_in.frame < event.source_out.frame <= clip.start.frame + stages()[clip.shot].frame_count
        )
        assert event.cdl is not None


def test_the_crane_tracker_is_found_to_be_late_by_the_planted_lag(truth: dict[str, Any]) -> None:
    assert truth["planted"]["tracker_lag"]["frames"] == LAG_FRAMES
    lag = crane_lag(MATERIAL)
    assert lag.believable
    assert lag.frames == pytest.approx(LAG_FRAMES, abs=0.25)  # the tracker has noise, the lens bends


def test_trackers_of_the_other_setups_say_where_the_camera_was(truth: dict[str, Any]) -> None:
    name = "B001C001_21A_T1"
    track = read_json(MATERIAL / "tracking" / f"{name}.opentrackio.json")
    before = clip_named(name).start.frame - track.start.frame if track.start else 0
    true = np.array([f["translation"] for f in truth["clips"][name]["frames"]])
    apart = np.linalg.norm(track.translation[before : before + len(true)] - true, axis=1)
    assert apart.max() < 0.002  # 0.3 mm of noise on each axis


def test_surveyed_points_lie_on_the_markers_and_are_seen_in_the_picture(truth: dict[str, Any]) -> None:
    survey = read_survey(MATERIAL / "survey" / "markers.csv")
    names = sorted(survey)
    fit = register_points(survey, {n: np.array(truth["markers_m"][n]) for n in names})
    assert fit.rms_m < 0.002
    seen = [n for n in names if _inside(truth, "A001C001_21A_T1", truth["markers_m"][n])]
    assert len(seen) >= 3


def _inside(truth: dict[str, Any], clip: str, point: list[float]) -> bool:
    said = truth["clips"][clip]["frames"][0]
    camera = Camera(
        active_sensor_resolution=(lens.WIDTH, lens.HEIGHT), active_sensor_physical_dimensions=lens.SENSOR_MM,
        pinhole_focal_length=said["pinhole_focal_length"], translation=tuple(said["translation"]), rotation=tuple(said["rotation"]),
    )  # fmt: skip
    return bool(camera.inside(camera.project(np.array(point)), margin=0))


def test_the_scan_lies_on_the_stage_within_its_noise() -> None:
    scan = open_scan(MATERIAL / "lidar" / "living_room.e57")
    xyz = np.concatenate([part.xyz for part in scan.chunks(1_000_000)])
    assert scan.count == len(xyz) > 40_000
    floor = xyz[(np.abs(xyz[:, 2]) < 0.01) & (xyz[:, 0] > 0.6) & (xyz[:, 1] < -0.9)]
    assert len(floor) > 300
    assert np.std(floor[:, 2]) < 0.004  # 3 mm along the ray is less straight down


def test_lens_grids_give_back_the_lens_that_was_chosen() -> None:
    true = read_lens(REFERENCE / "lens.json")
    for solved in solved_grids(MATERIAL / "lens" / "grids"):
        assert not solved.unread and solved.calibration.rms < 0.2
        state = LensState(focal_length=25.0, focus_distance=solved.state.focus_distance, f_number=8.0)
        assert solved.calibration.camera.pinhole_focal_length == pytest.approx(true.focal_length(state), rel=0.01)


def test_the_clap_falls_on_the_slate_frame(truth: dict[str, Any]) -> None:
    import wave

    for name, said in truth["sound"].items():
        with wave.open(str(MATERIAL / "sound" / name)) as file:
            boom = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 0]
        assert abs(int(np.argmax(np.abs(boom) > 20_000)) - said["clap_sample"]) < 48  # a millisecond
        assert said["clap_sample"] == (said["starts_frames_before"] + said["slate_frame"]) * 2000


def test_light_passes_add_up_to_the_picture_within_the_sensors_noise() -> None:
    lights = json.loads((STAGE / "passes" / "21C" / "lights.json").read_text())["lights"]
    clean = sum(_picture(REFERENCE / "passes" / light["id"]) for light in lights)
    plate = _picture(STAGE / "frames", "A003C001_21C_T1")
    difference = (plate - clean)[20:-20, 20:-20]
    assert abs(float(difference.mean())) < 0.002
    assert float(difference.std()) < 0.02


def _picture(folder: Path, name: str = "") -> np.ndarray:
    planes = read_exr(next(folder.glob(f"{name}*.exr"))).planes
    return np.stack([np.asarray(planes[c], dtype=np.float32) for c in "RGB"], axis=-1)


def test_only_the_lines_part_the_plate_from_its_clean_reference() -> None:
    plate, clean = _picture(STAGE / "frames", "A001C001_21A_T1"), _picture(REFERENCE / "frames", "A001C001-clean")
    matte = open_sequence(MATERIAL / "camera" / "21A" / "A001C001_21A_T1_matte").read(7).planes["Y"] > 100
    apart = np.abs(np.asarray(display(plate, "srgb")) - np.asarray(display(clean, "srgb"))).mean(axis=-1)
    assert apart[matte].mean() > 3 * apart[~matte].mean()


def test_the_jumper_changes_only_in_take_two(truth: dict[str, Any]) -> None:
    assert truth["planted"]["continuity_error"]["clips"] == ["A001C002_21A_T2", "B001C002_21A_T2"]
    tops = {name: next(p for p in stage.performers if p.name == "Mara").wardrobe.top_colour for name, stage in stages().items()}
    assert tops["21A-1"] == tops["21B-1"] == tops["21C-1"] != tops["21A-2"]


def test_it_weighs_less_than_twenty_megabytes() -> None:
    assert sum(p.stat().st_size for p in STAGE.rglob("*") if p.is_file()) < 20e6


def test_without_a_render_the_demonstration_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from answerprint.production import BadInput

    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match="make stage"):
        ready_production()


@pytest.mark.slow
def test_a_shot_of_the_production_renders_and_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    from answerprint.sample.stage_production.film import finished, render_production
    from answerprint.simulation.renderer import interpreter

    try:
        interpreter()
    except Exception as error:
        pytest.skip(str(error))
    whole = stages()["21A-2"]
    shot = whole.model_copy(update={"frame_count": 2, "render": whole.render.model_copy(update={"samples": 1})})
    assert render_production(tmp_path, shots={"21A-2": shot}) > 0
    assert finished(tmp_path / "21A-2", shot)
    assert render_production(tmp_path, shots={"21A-2": shot}) == 0
    (tmp_path / "21A-2" / "contact-sheet.png").unlink()
    next((tmp_path / "21A-2" / "A" / "records").glob("*.json")).unlink()
    told: list[tuple[int, int]] = []
    render_production(tmp_path, lambda done, total, _: told.append((done, total)), {"21A-2": shot})
    assert told[0] == (3, 4)  # three of the four pictures were kept
