"""Other takes of the catalogue: the same camera's, of the same setup and size, and only those that may lend pixels."""

from __future__ import annotations

import pytest

from answerprint.generator.removal import Removal
from answerprint.passes.cleanup import CleanupSettings, cleanup_graph
from answerprint.passes.footage import other_takes
from answerprint.passes.operation_pass import operation_graph, settings_of
from answerprint.passes.operation_sources import take_sources
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Permission, Shot

ROWS = [
    ("A1", "21", "A", "1", "A", 480, True),
    ("A2", "21", "A", "2", "A", 480, True),
    ("A3", "21", "A", "3", "A", 480, False),
    ("A4", "21", "A", "4", "A", 960, True),
    ("B2", "21", "A", "2", "B", 480, True),
    ("C2", "21", "C", "2", "A", 480, True),
]


@pytest.fixture
def session(tmp_path):
    with Production.create(tmp_path / "production", "Takes", 24) as production, production.session() as session:
        for number, (name, scene, setup, take, camera, width, lent) in enumerate(ROWS):
            asset = Asset(path=f"/nowhere/{name}.mov", kind="camera", sha256=f"{number:064d}", role="material")
            asset.permissions = [Permission(purpose="retrieve", allowed=True), Permission(purpose="generate_from", allowed=lent)]
            clip = Clip(asset=asset, name=name, scene=scene, setup=setup, take=take, camera_label=camera, rate="24",
                        start_timecode="", frame_count=12, width=width, height=270, input_space="")  # fmt: skip
            clip.shots = [Shot(name=name, start=0, end=12, cut_in=0, cut_out=12)]
            session.add(clip)
        matte = Asset(path="/nowhere/A1_matte", kind="matte", sha256="f" * 64, details={"clip": "A1"})
        session.add(matte)
        session.flush()
        yield production, session


def clip(session, name):
    return session.query(Clip).filter_by(name=name).one()


def test_only_the_same_cameras_takes_of_the_setup_that_may_lend_pixels_are_offered(session):
    _, held = session
    assert [found.name for found in other_takes(held, clip(held, "A1"))] == ["A2"]


def test_a_clip_that_belongs_to_no_setup_has_no_other_takes(session):
    _, held = session
    for found in held.query(Clip):
        found.scene = found.setup = ""
    assert other_takes(held, clip(held, "A1")) == []


def test_a_removal_is_given_the_other_take_unless_told_not_to(session):
    production, held = session
    shot = clip(held, "A1").shots[0]
    settings = settings_of(Removal)
    graph, bound = operation_graph(production, held, shot, "removal", settings())
    assert graph.node("result").inputs["takes"] == ["@take0"]
    assert bound["sources"]["@take0"] == {"take": clip(held, "A2").asset_id}
    graph, bound = operation_graph(production, held, shot, "removal", settings(other_takes=False))
    assert "takes" not in graph.node("result").inputs


def test_the_clean_up_is_given_the_other_take(session):
    _, held = session
    graph, bound = cleanup_graph(held, clip(held, "A1").shots[0], CleanupSettings())
    assert graph.node("clean").inputs["takes"] == ["@take0"]
    assert bound["sources"] == take_sources(held, clip(held, "A1"))
