"""The main job on a small made production: ingest, lock, clean-up, approval, delivery, verification, and what must be refused."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from answerprint.deliver.package import write_package
from answerprint.ingest.into_catalogue import ingest
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.exr import write_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.catalogue import dispatch
from answerprint.passes.delivery import delivery_of
from answerprint.passes.footage import located, plate_of, simultaneous
from answerprint.passes.review import decide
from answerprint.passes.shots import ensure_shots, named_shots
from answerprint.passes.work import perform
from answerprint.perception.models import find_model
from answerprint.perception.pose import DETECTOR
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot, Version
from answerprint.provenance.audit import audit_frame, ledgers_for
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.credentials import ANCHOR, read_credentials
from answerprint.provenance.keys import own_signer
from answerprint.provenance.verify import verify

WIDTH, HEIGHT, COUNT = 160, 120, 20
AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
REPORT = "Clip,Reel,Camera,Scene,Setup,Take,Start TC,FPS\n"
EDL = """TITLE: Pier
FCM: NON-DROP FRAME

001  A001     V     C        01:00:00:08 01:00:00:12 01:00:00:00 01:00:00:04
* FROM CLIP NAME: A001C002_7A_T2
002  D999     V     C        01:00:00:08 01:00:00:12 01:00:00:04 01:00:00:08
* FROM CLIP NAME: D999C001_7D_T1
"""


def _silent(done: int, total: int, what: str) -> None:
    """Nobody is watching."""


def _set_of(x: float) -> np.ndarray:
    """A textured wall, scene-linear, a little noisy differently at each x."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = 0.25 + 0.12 * np.sin(columns / 7) * np.cos(rows / 9) + 0.05 * ((columns // 20 + rows // 15) % 2)
    return np.stack([wall, wall * 0.9, wall * 0.8], axis=2) + np.random.default_rng(int(x)).normal(
        0, 0.002, (HEIGHT, WIDTH, 3)
    ).astype(np.float32)


def _shoot(folder: Path, name: str, wire: bool) -> None:
    plates, mattes = folder / name, folder / f"{name}_matte"
    for number in range(COUNT):
        picture = _set_of(number).astype(np.float32)
        alpha = np.zeros((HEIGHT, WIDTH), np.float32)
        if wire:
            cv2.line(alpha, (40 + number, 0), (60 + number, HEIGHT), 1.0, 2, cv2.LINE_AA)
            picture = picture * (1 - alpha[..., None]) + 0.02 * alpha[..., None]
            grey = np.where(cv2.dilate(alpha, np.ones((3, 3), np.uint8)) > 0, 255, 0).astype(np.uint8)
            mattes.mkdir(parents=True, exist_ok=True)
            write_frame(
                mattes / f"{name}_matte.{number:04d}.png",
                SourceFrame({"Y": grey}, FrameHeader(WIDTH, HEIGHT, storage="uint8", file_format="png")),
            )
        plates.mkdir(parents=True, exist_ok=True)
        write_exr(
            plates / f"{name}.{number:04d}.exr",
            {c: picture[..., i].astype(np.float16) for i, c in enumerate("RGB")},
            attributes={"chromaticities": AP1},
            timecode=f"01:00:00:{number:02d}",
            rate=24,
        )


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Höhe") / "material"
    _shoot(folder, "A001C002_7A_T2", wire=True)
    _shoot(folder, "A001C001_7A_T1", wire=False)
    (folder / "report.csv").write_text(
        REPORT + "A001C002_7A_T2,A001,A,7,A,2,01:00:00:00,24\nA001C001_7A_T1,A001,A,7,A,1,00:30:00:00,24\n"
    )
    (folder / "rights.json").write_text(
        json.dumps(
            {
                "document": "rights",
                "reference": ["A001C001_7A_T1"],
                "lines": [
                    {"asset": "A001C001_7A_T1", "deny": ["retrieve", "deliver", "train", "generate_from"], "why": "evaluation only"}
                ],
            }
        )
    )
    (folder / "pier.edl").write_text(EDL)
    return folder


@pytest.fixture
def production(tmp_path: Path, material: Path) -> Iterator[Production]:
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        ingest(made, [material], hash_list=False)
        ensure_shots(made)
        yield made


def _worked(production: Production, jobs: list[str]) -> None:
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=jobs)


def _version(production: Production) -> Version:
    with production.session() as session:
        version = session.scalars(select(Version)).one()
        _ = version.shot.clip.asset.path
        return version


def _cleaned(production: Production) -> Version:
    try:
        find_model(DETECTOR)
    except BadInput as missing:
        pytest.skip(str(missing))
    _worked(production, dispatch(production, "cleanup", [], {}, "Ada"))
    return _version(production)


@pytest.fixture
def cleaned(production: Production) -> tuple[Production, Version]:
    return production, _cleaned(production)


def test_the_cut_gives_one_shot_with_the_handles_its_original_has(production: Production) -> None:
    shot = named_shots(production, [])[0]
    assert (shot.start, shot.cut_in, shot.cut_out, shot.end) == (0, 8, 12, 20)


def test_the_wire_is_gone_the_rest_is_untouched_and_every_frame_has_its_row(cleaned: tuple[Production, Version]) -> None:
    production, version = cleaned
    assert version.status == "to review", version.figures
    made, plate = open_sequence(production.root / version.path, 24), open_sequence(located(production, version.shot.clip.asset), 24)
    for number in (0, 9, 19):
        before, after = plate.read(number).rgb(), made.read(number).rgb()
        truth = _set_of(number)
        matte = np.abs(before.astype(np.float32) - truth).max(axis=2) > 0.02
        assert (
            np.abs(after.astype(np.float32) - truth)[matte].mean() < 0.25 * np.abs(before.astype(np.float32) - truth)[matte].mean()
        )
        far = cv2.dilate(matte.astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
        assert before[far].tobytes() == after[far].tobytes()
    ledger = read_ledger(production.path("ledger") / f"{version.job_id}.ledger.jsonl")
    assert ledger.sealed and [row["frame"] for row in ledger.frames] == list(range(COUNT))


def test_a_take_kept_for_evaluation_is_in_no_lineage(cleaned: tuple[Production, Version]) -> None:
    production, version = cleaned
    with production.session() as session:
        reference = session.scalars(select(Clip).where(Clip.name == "A001C001_7A_T1")).one()
        with pytest.raises(Refused, match="evaluation only"):
            plate_of(production, reference)
        assert reference.name not in {c.name for c in simultaneous(session, version.shot.clip)}
        digest = reference.asset.sha256
    text = (production.path("ledger") / f"{version.job_id}.ledger.jsonl").read_text()
    assert digest not in text and "A001C001_7A_T1" not in text


def test_a_delivery_verifies_audits_and_names_what_was_altered(cleaned: tuple[Production, Version], tmp_path: Path) -> None:
    production, version = cleaned
    decide(production, version.id, "Ada", "approved")
    out = tmp_path / "delivery"
    told = write_package(delivery_of(production), "generic", out, own_signer(), _silent)
    found = verify(out)
    assert found.intact and found.trusted and told["root"]
    frames = sorted(out.glob("frames/*/*.exr"))
    history = audit_frame(ledgers_for(frames[5]), frames[5])
    assert history["requested_by"] == "Ada" and history["approvals"][0]["who"] == "Ada" and history["class"] == "A"
    assert read_credentials(Path(told["movie"]), (out / ANCHOR).read_bytes()).state == "Trusted"
    movie = open_sequence(told["movie"])
    assert movie.count == 4 and movie.start_timecode == "01:00:00:00"
    assert "D999" in (out / "report" / "index.html").read_text()
    data = bytearray(frames[3].read_bytes())
    data[-20] ^= 1
    frames[3].write_bytes(bytes(data))
    broken = verify(out)
    assert not broken.intact and broken.faults[0].path.endswith(frames[3].name)


def test_an_event_without_a_version_is_delivered_as_it_was_shot(production: Production, tmp_path: Path) -> None:
    write_package(delivery_of(production), "generic", tmp_path / "out", own_signer(), _silent)
    pulled = open_sequence(next((tmp_path / "out" / "frames").iterdir()), 24)
    plate = open_sequence(located(production, named_shots(production, [])[0].clip.asset), 24)
    assert pulled.count == COUNT and pulled.read(4).rgb().tobytes() == plate.read(4).rgb().tobytes()
    assert verify(tmp_path / "out").intact


def test_a_second_run_makes_nothing_again(cleaned: tuple[Production, Version], monkeypatch: pytest.MonkeyPatch) -> None:
    production, _ = cleaned
    from answerprint.generator.removal import Removal

    def never(*args: Any) -> Any:
        raise AssertionError("rendered again")

    monkeypatch.setattr(Removal, "render", never)
    _worked(production, dispatch(production, "cleanup", [], {}, "Ada"))
    with production.session() as session:
        versions = list(session.scalars(select(Version).order_by(Version.number)))
    digests = [[r["pixel_digest"] for r in v.figures["frames"]] for v in versions]
    assert versions[1].status == "to review" and digests[0] == digests[1]


def test_a_shot_with_nothing_to_remove_is_one_clear_line(production: Production) -> None:
    with production.session() as session:
        clip = session.scalars(select(Clip).where(Clip.name == "A001C002_7A_T2")).one()
        session.add(Shot(name="bare", clip_id=clip.id, start=0, end=4, cut_in=0, cut_out=4, details={}))
        for asset in session.scalars(select(type(clip.asset)).where(type(clip.asset).kind == "matte")):
            asset.details = {**asset.details, "clip": "another"}
    with pytest.raises(BadInput, match="nothing says what to remove"):
        dispatch(production, "cleanup", ["bare"], {}, "Ada")


def test_a_setting_that_does_not_exist_is_refused_by_name(production: Production) -> None:
    with pytest.raises(BadInput, match="sparkle"):
        dispatch(production, "cleanup", [], {"sparkle": 1}, "Ada")


_WORKING = (
    "import sys\nfrom answerprint.jobs.dispatcher import Dispatcher\nfrom answerprint.jobs.executor import ProcessExecutor\n"
    "from answerprint.passes.work import perform\nfrom answerprint.production.catalogue import Production\n"
    "if __name__ == '__main__':\n    with Production.open(sys.argv[1]) as production:\n"
    "        Dispatcher(production, perform, ProcessExecutor(2)).run_until_idle()\n"
)


def _digests(production: Production) -> dict[int, list[str]]:
    with production.session() as session:
        versions = session.scalars(select(Version).order_by(Version.number)).all()
        return {v.number: [record["pixel_digest"] for record in v.figures.get("frames", [])] for v in versions}


def _records(production: Production) -> list[Path]:
    return list(production.path("cache").rglob("[!.]*.json"))


def _wait_for_the_end_of(session: int) -> None:
    """Workers notice that their dispatcher is gone, and end; until then they may finish what they were at."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("workers outlived their dispatcher by a minute")


@pytest.mark.slow
def test_a_clean_up_killed_twenty_times_redoes_nothing_and_ends_with_the_same_frames(tmp_path: Path, material: Path) -> None:
    moments = random.Random(20)
    made = []
    for name in ("calm", "storm"):
        production = Production.create(tmp_path / name, "Pier", 24)
        ingest(production, [material], hash_list=False)
        ensure_shots(production)
        for preset, crossing in product(("gentle", "standard", "thorough"), ("refuse", "subtract")):
            dispatch(production, "cleanup", [], {"preset": preset, "crossing": crossing}, "Ada")
        made.append(production)
    calm, storm = made
    Dispatcher(calm, perform, InlineExecutor()).run_until_idle()
    script = tmp_path / "working.py"
    script.write_text(_WORKING)
    finished: dict[Path, int] = {}
    for kill in range(20):
        process = subprocess.Popen(
            [sys.executable, str(script), str(storm.root)], stderr=subprocess.DEVNULL, start_new_session=True
        )
        before, until = len(_records(storm)), time.monotonic() + 60
        # Every third dies at a moment of its start, the others at one of the tenth of a second after something more is finished.
        while kill % 3 and len(_records(storm)) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(moments.uniform(0.0, 0.1 if kill % 3 else 0.5))
        assert process.poll() is None, "the work was over before all kills; give it more"
        process.kill()
        process.wait()
        _wait_for_the_end_of(process.pid)
        for record in _records(storm):
            finished.setdefault(record, record.stat().st_mtime_ns)
    assert subprocess.run([sys.executable, str(script), str(storm.root)], timeout=300).returncode == 0
    assert finished and all(record.stat().st_mtime_ns == when for record, when in finished.items())
    assert _digests(storm) == _digests(calm) and len(_digests(storm)) == 6 and all(_digests(storm).values())
    assert not list(storm.root.rglob(".part-*"))
    for production in made:
        production.close()
