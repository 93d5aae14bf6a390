"""What a package says of colour and framing is opened before it leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from answerprint.colour import cdl
from answerprint.colour.cdl import CDL
from answerprint.media.exr import write_exr
from answerprint.media.framing import framed, write_fdl
from answerprint.quality.delivery import check_delivery
from answerprint.quality.documents import check_documents


def test_sound_documents_are_not_complained_of(footage: Path, tmp_path: Path) -> None:
    cdl.write(tmp_path / "a.ccc", CDL(id="a"))
    write_fdl(tmp_path / "a.fdl", [framed("A", (4608, 3164), (239, 100))], "Answerprint", "948e6925-2b2b-4825-8540-368304288a06")
    assert not list(check_documents(tmp_path))
    assert not [f for f in check_documents(footage / "grade" / "cdl_lut") if f.severity == "fail"]


@pytest.mark.parametrize("name", ["a.amf", "a.fdl", "a.cdl", "a.cc", "a.ccc", "a.cube", "a.3dl", "a.clf"])
def test_a_broken_document_fails_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / name).write_text("<broken")
    (found,) = check_documents(tmp_path)
    assert (found.code, found.severity) == ("document", "fail") and found.message.startswith(f"report/{name}: ")


def test_a_folder_of_grades_alone_can_be_checked(tmp_path: Path) -> None:
    cdl.write(tmp_path / "a.ccc", CDL(id="a"))
    assert check_delivery(tmp_path, None, lambda *told: None) == {"checked": [str(tmp_path)], "findings": []}


def test_a_package_is_checked_for_its_documents_too(tmp_path: Path) -> None:
    write_exr(tmp_path / "frames.1001.exr", {c: np.ones((32, 32), np.float16) for c in "RGB"})
    (tmp_path / "look.cube").write_text("LUT_3D_SIZE 2\n0 0 0\n")
    codes = {f["code"] for f in check_delivery(tmp_path, None, lambda *told: None)["findings"]}
    assert "document" in codes
