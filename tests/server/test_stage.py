"""The stage over the wire: its report and drawings, and nothing else of the folder."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from answerprint.spatial.stage_report import Material, write_stage_report

from .conftest import House, body


@pytest.fixture
def drawn(house: House) -> House:
    """A house whose spatial pass has run: a survey and the tracker's marks."""
    marks = {"M1": [0.0, 0, 0], "M2": [4.0, 0, 0], "M3": [0, 3.0, 0], "M4": [0, 0, 2.0]}
    off = {name: [x, y, z + (0.09 if name == "M4" else 0)] for name, (x, y, z) in marks.items()}
    write_stage_report(Material("Stage", surveys={"station": marks, "tracker": off}), house.production.path("spatial"))
    return house


def test_before_the_pass_there_is_no_report(client: TestClient, house: House) -> None:
    assert body(client.get("/api/stage")) == {"report": None}


def test_nothing_to_track_is_said_in_one_line(client: TestClient, house: House) -> None:
    assert client.post("/api/stage", json={}).status_code == 422


def test_the_report_names_its_faults_and_its_drawings(client: TestClient, drawn: House) -> None:
    report = body(client.get("/api/stage"))["report"]
    assert "over 10 mm" in report["faults"][0]
    picture = client.get(f"/media/stage/{report['files']['stage']}")
    assert picture.status_code == 200 and picture.content[:4] == b"\x89PNG"


def test_only_drawings_leave_the_folder(client: TestClient, drawn: House) -> None:
    assert client.get("/media/stage/report.json").status_code == 404
