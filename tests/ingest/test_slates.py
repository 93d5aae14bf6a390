"""Slates at ingest: an estimate where nothing is recorded, and never more than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from answerprint.ingest.into_catalogue import IngestReport, ingest
from answerprint.media.movie import write_proxy
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip
from tests.drawn_slate import board, held, need_text_networks

REPORT = "Clip,Reel,Camera,Scene,Setup,Take,Start TC,FPS,Circled\n"


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    with Production.create(tmp_path / "production", "Nachtzug", 24) as made:
        yield made


def slated(path: Path) -> Path:
    """Half a second of a slate of scene 21A take 3, 960 x 540."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = cv2.resize(held(board(), tilt=6, light=0.4), (960, 540), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    write_proxy(path, (picture for _ in range(6)), 24)
    return path


def kept(production: Production, report: IngestReport) -> tuple[Clip, dict[str, object], str]:
    with production.reading() as session:
        clip = session.scalars(select(Clip)).one()
        asset = session.scalars(select(Asset).where(Asset.kind == "camera")).one()
        return clip, dict(asset.details), "\n".join(report.problems)


def test_a_clip_nothing_is_recorded_of_gets_scene_and_take_from_its_slate(production: Production, tmp_path: Path) -> None:
    need_text_networks()
    clip, details, problems = kept(production, ingest(production, [slated(tmp_path / "m" / "A001C004.mp4")]))
    assert (clip.scene, clip.setup, clip.take) == ("21", "A", "3")
    assert details["slate_source"] == "estimated"
    read = details["slate_read"]
    assert isinstance(read, dict)
    assert (read["source"], read["roll"], len(read["models"])) == ("estimated", "A007", 2)
    assert "scene 21A take 3 is read off the slate" in problems


def test_what_the_camera_report_says_holds_and_the_slate_that_differs_is_named(production: Production, tmp_path: Path) -> None:
    need_text_networks()
    slated(tmp_path / "m" / "A001C004.mp4")
    (tmp_path / "m" / "report.csv").write_text(REPORT + "A001C004,A001,A,21,A,4,01:00:00:00,24,yes\n")
    clip, details, problems = kept(production, ingest(production, [tmp_path / "m"]))
    assert (clip.scene, clip.setup, clip.take) == ("21", "A", "4")
    assert "slate_source" not in details
    assert "recorded as scene 21A take 4, and the slate reads scene 21A take 3" in problems


def test_a_clip_whose_name_says_scene_and_take_is_not_read(production: Production, tmp_path: Path) -> None:
    clip, details, _ = kept(production, ingest(production, [slated(tmp_path / "m" / "A001C004_7B_T2.mp4")]))
    assert (clip.scene, clip.setup, clip.take) == ("7", "B", "2")
    assert "slate_read" not in details


def test_without_the_text_networks_ingest_goes_on(production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerprint.perception.models.model_folder", lambda: tmp_path / "nothing")
    clip, details, _ = kept(production, ingest(production, [slated(tmp_path / "m" / "A001C004.mp4")]))
    assert (clip.scene, clip.take) == ("", "")
    assert "slate_read" not in details
