"""What an operation's analysis found reaches the person who ran it, as lines and in the document."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.cli.main import main


def test_apply_prints_the_candidates_of_find_wires_and_gives_them_in_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = cv2.GaussianBlur(np.random.default_rng(1).integers(60, 200, (120, 160, 3)).astype(np.uint8), (0, 0), 5)
    (tmp_path / "plate").mkdir()
    for frame in range(3):
        drawn = cv2.line(ground.copy(), (60 + frame, 0), (90 + frame, 119), (8, 8, 8), 2, cv2.LINE_AA)
        cv2.imwrite(str(tmp_path / "plate" / f"{frame:04d}.png"), drawn)
    asked = ["apply", "find-wires", "--plate", str(tmp_path / "plate"), "--fps", "24", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    offered = document["found"]["candidates"]
    assert offered and printed.count("--set candidate=") == len(offered)
