"""Class D from the request to the delivery: refused, agreed to, signed off, made, withdrawn, held, let go by a named person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.passes.catalogue import dispatch
from answerprint.passes.gates import ledger_of_overrides, override, require_open
from answerprint.passes.picture_job import sign_off
from answerprint.passes.work import perform
from answerprint.perception.models import find_model
from answerprint.perception.pose import DETECTOR
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, Asset, Clip, Job, Performer, Permission, Shot, Version
from answerprint.provenance.chain import read_ledger
from answerprint.rights.consent import ConsentRecord

WIDTH, HEIGHT, COUNT = 96, 54, 3
ASKS: dict[str, dict[str, Any]] = {
    "retime": {"speed": 0.5},
    "background": {"scene_from": "behind", "screen": "green", "matte_from": "none"},
}
"""The picture shows nobody that could be found, the log names Ines: a new timing and a new background both ask."""


def _frames(folder: Path, colour: tuple[float, float, float]) -> None:
    folder.mkdir()
    wave = 0.02 * np.sin(np.arange(WIDTH, dtype=np.float32) / 5)
    for number in range(COUNT):
        header = FrameHeader(
            WIDTH, HEIGHT, storage="float", file_format="exr", compression="zip", timecode=f"01:00:00:{number:02d}"
        )
        planes = {c: np.tile(np.roll(wave, number) + v, (HEIGHT, 1)).astype(np.float32) for c, v in zip("RGB", colour, strict=True)}
        write_frame(folder / f"{folder.name}.{1001 + number}.exr", SourceFrame(planes, header))


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """A shot of the cut with Ines in its log, and a picture to stand behind her."""
    try:
        find_model(DETECTOR)
    except BadInput as missing:
        pytest.skip(str(missing))
    _frames(tmp_path / "A001", (0.06, 0.4, 0.06))
    _frames(tmp_path / "behind", (0.3, 0.2, 0.1))
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        with made.session() as session:
            rows = [{"scene": "4", "setup": "A", "take": "1", "performers": "Ines"}]
            session.add(Asset(path="log.csv", kind="notes", details={"paper": "continuity log", "rows": rows}))
            for name in ("A001", "behind"):
                asset = Asset(path=str(tmp_path / name), kind="camera", sha256=name[0].lower() * 64, role="material")
                asset.permissions = [Permission(purpose=p, allowed=True) for p in ("retrieve", "generate_from", "index")]
                clip = Clip(asset=asset, name=name, scene="4", setup="A", take="1" if name == "A001" else "", rate="24", width=WIDTH,
                            height=HEIGHT, frame_count=COUNT, start_timecode="01:00:00:00", input_space="ACEScg", camera_label="")  # fmt: skip
                session.add(clip)
                if name == "A001":
                    session.add(Shot(name="4A_0010", clip=clip, start=0, end=COUNT, cut_in=0, cut_out=COUNT, event=1))
        yield made


def _agrees(production: Production, **facts: Any) -> None:
    record = ConsentRecord(performer="Ines", classes=("D",), scenes=("4",), agreed=date(2024, 1, 1), signed_by="Ines", **facts)
    with production.session() as session:
        held = session.query(Performer).one_or_none() or Performer(name="Ines")
        held.consent = {"records": [record.model_dump(mode="json")]}
        session.add(held)


def _worked(production: Production, job: str) -> tuple[str, str]:
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=[job])
    with production.reading() as session:
        done = session.get_one(Job, job)
        return done.state, done.error or ""


@pytest.mark.parametrize("operation", list(ASKS))
def test_it_is_refused_agreed_to_signed_off_made_withdrawn_held_and_let_go(production: Production, operation: str) -> None:
    job = dispatch(production, operation, ["4A_0010"], ASKS[operation], "Kim")[0]
    state, error = _worked(production, job)
    assert state == "failed" and "no consent record of Ines" in error
    assert not list((production.root / "versions").rglob("*.exr"))
    _agrees(production)
    with pytest.raises(Refused, match="another person"):
        sign_off(production, job, "Kim")
    sign_off(production, job, "Ana")
    assert _worked(production, job) == ("done", "")
    events = [line.body for line in read_ledger(production.path("ledger") / f"{job}.ledger.jsonl").lines if line.kind == "event"]
    assert [(e["who"], e["detail"]["performers"]) for e in events if e["event"] == "approval"] == [("Ana", ["Ines"])]
    with production.session() as session:
        version = session.query(Version).one()
        assert any(r.get("asked_as") == "D" for r in version.figures["frames"])
        version.status = "approved"
        version.approvals.append(Approval(who="Ana", decision="approved"))
    require_open(production)
    _agrees(production, revoked=date(2024, 2, 1))
    with pytest.raises(Refused, match="taken back"):
        require_open(production)
    override(production, "Ana", "her agent confirmed in writing")
    require_open(production)
    words = [line.body for line in read_ledger(ledger_of_overrides(production)).lines if line.kind == "event"]
    assert [(w["who"], w["note"]) for w in words if w["event"] == "override"] == [("Ana", "her agent confirmed in writing")]
