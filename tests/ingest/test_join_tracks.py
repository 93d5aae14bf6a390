"""Tracks and lens tables find the clip they were recorded with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.ingest.join import join
from answerprint.ingest.material import IngestedFile


def clip(name: str, camera: str, timecode: str, **facts: Any) -> IngestedFile:
    metadata = {"clip": name, "camera": camera, "rate": "24", "frames": 48, "width": 64, "height": 36, "reel": name[:4], **facts}
    return IngestedFile(Path(f"{name}.mov"), "camera", "21", "A", "2", timecode, metadata, digest=name)


def track(name: str, start: str = "", label: str = "", seconds: float = 2.0, **metadata: Any) -> IngestedFile:
    said = {"samples": 48, "rate": "24", "start": start, "label": label, "duration": {"value": seconds, "unit": "s"}, "device": "x"}
    return IngestedFile(Path(name), "tracking", timecode=start, metadata={"track": said, **metadata}, digest=name)


def joined(file: IngestedFile, *clips: IngestedFile) -> tuple[list[str], list[str]]:
    """The names of clips that got the file, and how."""
    join([*clips, file])
    got = [(c.metadata["clip"], t["by"]) for c in clips for t in c.metadata.get("tracking", [])]
    return [g[0] for g in got], [g[1] for g in got]


A, B = ("A001C001", "A", "10:00:00:00"), ("B001C001", "B", "10:00:00:00")


def test_a_file_named_after_its_clip_belongs_to_it():
    assert joined(track("A001C001.freed"), clip(*A), clip(*B)) == (["A001C001"], ["name"])


def test_the_longest_name_is_meant():
    assert joined(track("A001C0012.chan"), clip(*A), clip("A001C0012", "A", "11:00:00:00"))[0] == ["A001C0012"]


def test_a_slate_as_people_write_it_is_understood_and_the_label_says_which_camera():
    file = track("stream7.otrk", label="B", slate="21A / T2")
    assert joined(file, clip(*A), clip(*B)) == (["B001C001"], ["slate"])


def test_timecode_that_overlaps_joins_what_has_no_name():
    file = track("stream7.otrk", start="10:00:01:00")
    assert joined(file, clip(*A), clip("A001C002", "A", "10:05:00:00")) == (["A001C001"], ["timecode"])


def test_a_reel_decides_between_clips_of_one_moment():
    file = track("stream7.otrk", start="10:00:00:12", reel="B001")
    assert joined(file, clip(*A), clip(*B)) == (["B001C001"], ["reel and timecode"])


def test_what_could_be_either_is_joined_to_neither_and_said():
    file = track("stream7.otrk", start="10:00:00:12")
    assert joined(file, clip(*A), clip(*B)) == ([], []) and "overlaps A001C001, B001C001" in file.problems[0]


def test_a_track_of_another_day_is_said_to_belong_to_nothing():
    file = track("stream7.otrk", start="15:00:00:00")
    problems = join([clip(*A), file]).problems
    assert any("was recorded when no clip that was given ran" in p for p in problems)


def test_a_per_frame_camera_report_is_the_lens_table_of_its_clip():
    report = IngestedFile(
        Path("x.csv"), "report",
        metadata={"paper": "camera report", "rows": [{"clip": "A001C001", "camera": "A"}], "per_frame": {"frames": 48}}, digest="x",
    )  # fmt: skip
    own = clip(*A)
    join([own, report])
    assert own.metadata["lens_frames"][0]["name"] == "x.csv"


def test_poses_of_pictures_are_no_clip_s_track():
    solve = track("transforms.json")
    solve.metadata["track"]["clock"] = "place in the file"
    assert joined(solve, clip(*A)) == ([], []) and not solve.problems
