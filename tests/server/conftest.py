"""A small production with a shot, a finished version and pictures whose frame numbers can be read back by a machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from answerprint.colour.cdl import CDL
from answerprint.jobs.work import WorkOrder
from answerprint.media.movie import write_proxy
from answerprint.passes.viewing_copies import DailiesSettings, work_on_dailies
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, JobChunk, Permission, Shot, Version
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import FrameRow
from answerprint.server.access import first_token
from answerprint.server.app import create_app

WIDTH, HEIGHT, BITS, CELL = 512, 288, 8, 64
INVENTED_TOP = 240
"""Row from which the made version's matte was seen by no frame."""
CLIP_FRAMES, SHOT_START, SHOT_END = 96, 12, 84
PLATE_GREY, VERSION_GREY = 0.25, 0.65
MATTE_LEFT, MATTE_RIGHT = 128, 256
RATE = "24"


def numbered(frame: int, grey: float) -> npt.NDArray[np.float32]:
    """A grey picture whose top row of ``CELL``-pixel squares spells ``frame`` in bits, most significant left."""
    picture = np.full((HEIGHT, WIDTH, 3), grey, np.float32)
    for bit in range(BITS):
        picture[:CELL, bit * CELL : (bit + 1) * CELL] = (frame >> (BITS - 1 - bit)) & 1
    return picture


def _matte() -> npt.NDArray[np.float32]:
    matte = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    matte[CELL:, MATTE_LEFT:MATTE_RIGHT] = 1
    return matte


def _support() -> npt.NDArray[np.float32]:
    """Many frames saw the matte, none its lower edge: the grey that review copies have for it."""
    support = _matte()
    support[INVENTED_TOP:] *= 0.15
    return support


def frame_class(frame: int) -> tuple[str, bool]:
    """The class of each frame of the made version, and whether it was refused."""
    if frame < 30:
        return "A", False
    if frame < 45:
        return "B", False
    if frame in (50, 51):
        return "R", False
    return ("D", True) if frame >= 70 else ("A", False)


def _record(frame: int) -> dict[str, Any]:
    letter, refused = frame_class(frame)
    return {
        "frame": frame, "timecode": "", "output": f"{frame:06d}.png", "layers": "", "class": letter, "refused": refused,
        "reason": "the fill would enter a performer" if refused else "",
        "pixel_digest": hashlib.sha256(b"made%d" % frame).hexdigest(), "source_digest": hashlib.sha256(b"shot%d" % frame).hexdigest(),
        "sources": [{"clip": "A001_C001", "digest": "0" * 64, "frame": frame}], "changed": 0 if refused else 3000,
        "changed_share": 0.0 if refused else 0.02, "support_share": 0.97, "restored": 120 if letter == "R" else 0, "unreached": 0,
        "figures": {},
    }  # fmt: skip


@dataclass(frozen=True)
class House:
    """The production of these tests, open, with the ids a test needs."""

    production: Production
    root: Path
    token: str
    clip: int
    shot: int
    other_shot: int
    version: int
    job: str


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered movies and stills, made once for all tests of the session."""
    folder = tmp_path_factory.mktemp("pictures")
    write_proxy(folder / "plate.mp4", (numbered(n, PLATE_GREY) for n in range(CLIP_FRAMES)), RATE, "01:00:00:00")
    shot = range(SHOT_START, SHOT_END)
    write_proxy(folder / "picture.mp4", (numbered(n, VERSION_GREY) for n in shot), RATE, "01:00:00:12")
    write_proxy(folder / "matte.mp4", (_matte() for _ in shot), RATE)
    write_proxy(folder / "support.mp4", (_support() for _ in shot), RATE)
    for name, grey, frames in (("plate", PLATE_GREY, range(CLIP_FRAMES)), ("made", VERSION_GREY, shot)):
        (folder / name).mkdir()
        for number in frames:
            codes = np.rint(numbered(number, grey) * 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{number:06d}.png"), codes)
    return folder


@pytest.fixture
def house(tmp_path: Path, pictures: Path, own_home: Path) -> Iterator[House]:
    """A production with two shots of one clip; the first has a finished version."""
    made = furnished(tmp_path / "house", pictures)
    yield made
    made.production.close()


def furnished(root: Path, pictures: Path) -> House:
    """A new production at ``root`` with everything the page can show."""
    production = Production.create(root, "Nightjar", RATE)
    _copy(pictures / "plate.mp4", production.path("proxies") / "A001_C001.mp4")
    made = root / "versions" / "1A_0010" / "v001"
    (made / "review").mkdir(parents=True)
    for name in ("picture.mp4", "matte.mp4", "support.mp4"):
        _copy(pictures / name, made / "review" / name)
    for still in (pictures / "made").iterdir():
        _copy(still, made / still.name)
    records = [_record(frame) for frame in range(SHOT_START, SHOT_END)]
    with production.session() as session:
        asset = Asset(path=str(pictures / "plate"), kind="camera", sha256="0" * 64, details={"proxy": "proxies/A001_C001.mp4"})
        asset.permissions = [Permission(purpose="index", allowed=True), Permission(purpose="retrieve", allowed=True)]
        clip = Clip(asset=asset, name="A001_C001", reel="A001", scene="1", setup="A", take="1", camera_label="A", rate=RATE,
                    start_timecode="01:00:00:00", frame_count=CLIP_FRAMES, width=WIDTH, height=HEIGHT, input_space="sRGB - Texture")  # fmt: skip
        session.add(clip)
        session.flush()
        span = {"clip_id": clip.id, "start": SHOT_START, "end": SHOT_END, "cut_in": SHOT_START + 8, "cut_out": SHOT_END - 8}
        shot = Shot(name="1A_0010", event=1, status="to review", **span)
        other = Shot(name="1A_0020", event=2, **span)
        session.add_all([shot, other])
        session.flush()
        job = Job(id="ab" * 16, kind="frames", title="cleanup 1A_0010 v001", shot_id=shot.id, state="done", done=72, total=72,
                  requested_by="Ines", started=datetime.now(UTC), finished=datetime.now(UTC))  # fmt: skip
        job.chunks = [JobChunk(number=n, weight=8, state="done", seconds=1.0) for n in range(9)]
        session.add(job)
        session.flush()
        version = Version(shot_id=shot.id, job_id=job.id, number=1, operation="removal", path="versions/1A_0010/v001",
                          status="to review", figures={"frames": records})  # fmt: skip
        session.add(version)
        session.flush()
        ids = (clip.id, shot.id, other.id, version.id, job.id)
    _write_ledger(production, ids[4], records)
    token = first_token([production], "Ines")
    assert token is not None
    return House(production, root, token, *ids)


def make_graded_copy(house: House, gain: float = 1.5) -> None:
    """Grade the clip and write its viewing copy, as a worker would."""
    with house.production.session() as session:
        session.get_one(Clip, house.clip).grade = {"cdl": CDL(slope=(gain, gain, gain)).model_dump(mode="json"), "why": "brighter"}
    settings = DailiesSettings(sound=False).model_dump()
    work_on_dailies(WorkOrder(str(house.root), "cd" * 16, "dailies", {"clip": house.clip, "settings": settings}, {}, 0, 0))


def _write_ledger(production: Production, job: str, records: list[dict[str, Any]]) -> None:
    steps = [{"node": "clean", "operation": "removal", "version": "1", "parameters": {"preset": "standard"}, "key": "k"}]
    with Ledger.at(production.path("ledger") / f"{job}.ledger.jsonl", job) as ledger:
        ledger.append_many(
            FrameRow(
                job=job,
                node="clean",
                operation="removal",
                operation_version="1",
                frame=record["frame"],
                output=record["output"],
                output_digest=record["pixel_digest"],
                parameters={"steps": steps},
                performance_class="A" if record["refused"] else record["class"],
            )
            for record in records
        )
        ledger.seal(own_signer())


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


@pytest.fixture
def stranger(house: House) -> Iterator[TestClient]:
    """A browser that has not signed in."""
    with TestClient(create_app([house.root]), base_url="http://127.0.0.1:8770") as client:
        yield client


@pytest.fixture
def client(house: House, stranger: TestClient) -> TestClient:
    """A browser that has signed in, and names its origin as browsers do."""
    stranger.headers["origin"] = "http://127.0.0.1:8770"
    answer = stranger.post("/api/login", json={"token": house.token})
    assert answer.status_code == 200, answer.text
    return stranger


def body(answer: Any) -> Any:
    """The JSON of an answer that went well."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    return json.loads(answer.text)
