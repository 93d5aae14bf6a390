"""Pan and scan from the queue: a framing decision of the catalogue's FDL, asked for by its label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.ingest.looks import read_framing
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.framing import Framing, write_fdl
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.catalogue import dispatch, passes
from answerprint.passes.operation_pass import choices_for
from answerprint.passes.work import perform
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, Permission, Shot

WIDTH, HEIGHT = 96, 54


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """A still of one bright column, a third from the left, and an FDL with two framings of its canvas."""
    picture = np.full((HEIGHT, WIDTH), 0.1, np.float32)
    picture[:, 32] = 0.9
    header = FrameHeader(WIDTH, HEIGHT, storage="float", file_format="exr", compression="zip", timecode="01:00:00:00")
    write_frame(tmp_path / "A001" / "A001.1001.exr", SourceFrame(dict.fromkeys("RGB", picture), header))
    canvas = (2 * WIDTH, 2 * HEIGHT)
    wide = Framing("A001", canvas, (239, 100), (0.0, 14.0, 192.0, 80.0), "2.39")
    left = Framing("A001", canvas, (16, 9), (17.0, 27.0, 96.0, 54.0), "tight")
    write_fdl(tmp_path / "show.fdl", [wide, left], "test", "00000000-0000-4000-8000-000000000001")
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        with made.session() as session:
            paper = read_framing(tmp_path / "show.fdl")
            listed = Asset(path=str(paper.path), kind=paper.kind, sha256="f" * 64, role="material", details=paper.metadata)
            listed.permissions = [Permission(purpose="retrieve", allowed=True)]
            session.add(listed)
            asset = Asset(path=str(tmp_path / "A001"), kind="camera", sha256="1" * 64, role="material")
            asset.permissions = [Permission(purpose=p, allowed=True) for p in ("retrieve", "generate_from", "index")]
            clip = Clip(asset=asset, name="A001", scene="4", setup="A", take="1", rate="24", start_timecode="01:00:00:00",
                        frame_count=1, width=WIDTH, height=HEIGHT, input_space="ACEScg", camera_label="")  # fmt: skip
            session.add(clip)
            session.add(Shot(name="4A_0010", clip=clip, start=0, end=1, cut_in=0, cut_out=1, event=1))
        yield made


def reframed(production: Production, **settings: str) -> np.ndarray:
    """The one frame (h, w), grey, as the queue made it."""
    jobs = dispatch(production, "reframe", ["4A_0010"], settings, "Kim")
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=jobs)
    with production.reading() as session:
        job = session.get_one(Job, jobs[0])
        assert job.state == "done", job.error
    return np.asarray(open_sequence(production.root / "versions" / "4A_0010" / "v001", 24).read(0).rgb()[..., 1])


def test_the_form_offers_the_labels_that_the_lists_have(production: Production) -> None:
    assert "framing_from" in passes()["reframe"].schema()["properties"]
    assert choices_for(production)["framing_from"] == ["2.39", "tight"]


def test_a_framing_is_shown_as_large_as_the_frame_holds_it(production: Production) -> None:
    made = reframed(production, framing_from="tight")
    # The column's middle, 32.5, stands (32.5 - 8.5) / 48 of the framing's width from its left: in the middle.
    assert made[HEIGHT // 2].argmax() in (47, 48)
    assert made.min() > 0


def test_beyond_a_wider_framing_it_is_black_unless_asked_for(production: Production) -> None:
    made = reframed(production, framing_from="2.39")
    assert not made[:7].any() and not made[47:].any()
    assert made[8:46].min() > 0


def test_what_lies_round_it_is_shown_when_asked_for(production: Production) -> None:
    assert reframed(production, framing_from="2.39", aspect="0").astype(bool).mean() > 0.85


def test_an_unknown_label_is_refused_with_those_there_are(production: Production) -> None:
    with pytest.raises(BadInput, match=r"no framing is called 1\.66.*name one of: 2\.39, tight"):
        dispatch(production, "reframe", ["4A_0010"], {"framing_from": "1.66"}, "Kim")


def test_a_list_that_may_not_be_read_offers_nothing(production: Production) -> None:
    with production.session() as session:
        (permission,) = session.scalars(select(Permission).join(Asset).where(Asset.kind == "notes"))
        permission.allowed = False
    assert choices_for(production)["framing_from"] == []
