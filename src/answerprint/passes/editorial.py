"""The editorial pass: synced bins, the string-out of circled takes, the coverage map and the list of what was never shot.

It reads what the papers and the clips say, changes no picture, and writes ``editorial/`` in the production anew each time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from answerprint.deliver.naming import legal
from answerprint.editorial.ale import write_ale
from answerprint.editorial.bins import BinClip, bin_log, string_out, synced_bin
from answerprint.editorial.coverage import Coverage, Take, coverage, take_order
from answerprint.editorial.coverage_pages import as_csv, as_html, as_text, missing_csv
from answerprint.editorial.events import Cut, Lost
from answerprint.editorial.otio_frames import NumberedFrames, point_at_frames
from answerprint.editorial.timeline import write_timeline
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.media.sequence import open_sequence
from answerprint.passes.papers import Papers, bin_clips, papers_of
from answerprint.passes.sound import marry
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot

INDEX = "editorial.json"
Tell = Callable[[int, int, str], None]


class EditorialSettings(BaseModel):
    """What a person may choose for the editorial pass."""

    model_config = ConfigDict(extra="forbid")

    without_circles: Literal["last take", "leave out"] = Field(
        default="last take", description="what stands in the string-out for a setup of which nobody circled a take"
    )
    sync: bool = Field(default=True, description="look for the recording of clips that have none yet")


def submit_editorial(production: Production, shots: list[Shot], settings: EditorialSettings, requested_by: str) -> list[str]:
    """Queue the pass: one job for the whole production, whatever the shots."""
    order = settings.model_dump()
    return [submit(production, "editorial", "bins, string-out and coverage", order, [ChunkOrder({})], requested_by=requested_by)]


def work_on_editorial(order: WorkOrder) -> dict[str, Any]:
    """Do the pass and return what was made, in numbers."""
    with Production.open(order.production_dir) as production:
        settings = EditorialSettings.model_validate({k: order.job_order[k] for k in EditorialSettings.model_fields})
        document = write_editorial(production, settings, order.report)
    return {key: document[key] for key in ("bins", "string_out", "missing", "attention")}


def editorial_index(production: Production) -> dict[str, Any]:
    """What the last pass wrote (``editorial.json``); nothing where there was none."""
    try:
        document = json.loads((production.root / "editorial" / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def write_editorial(production: Production, settings: EditorialSettings, tell: Tell) -> dict[str, Any]:
    """Write the folder anew and return its index. Raises BadInput for a production without clips."""
    papers = papers_of(production)
    if not papers.clips:
        raise BadInput(production.root, "there is no clip to make bins of", "ingest the camera originals first")
    problems: list[str] = []
    if settings.sync:
        _, problems = marry(production, [name for take in papers.takes for name in take.clips], tell, anew=False)
    clips = bin_clips(production, papers)
    covered = coverage(papers.scenes, papers.planned, papers.takes)
    covered.attention += problems
    place = production.path("editorial")
    building = place.with_name(".editorial.part")
    shutil.rmtree(building, ignore_errors=True)
    (building / "bins").mkdir(parents=True)
    (building / "string-out").mkdir()
    frames = _numbered(clips)
    bins = _write_bins(production, building, papers, clips, frames, tell)
    strung = _write_string_out(production, building, covered, papers, clips, frames, settings)
    title = production.name
    write_atomically(building / "coverage.txt", as_text(covered, title))
    write_atomically(building / "coverage.html", as_html(covered, title))
    write_atomically(building / "coverage.csv", as_csv(covered))
    write_atomically(building / "missing.csv", missing_csv(covered))
    write_atomically(building / "coverage.json", json.dumps(covered.document(), ensure_ascii=False, indent=1) + "\n")
    document = {
        "production": title,
        "bins": bins,
        "string_out": strung,
        "coverage": ["coverage.html", "coverage.txt", "coverage.csv", "coverage.json", "missing.csv"],
        "missing": len(covered.missing),
        "grave": sum(gap.grave for gap in covered.missing),
        "attention": covered.attention,
    }
    write_atomically(building / INDEX, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    _in_place(building, place)
    return document


def _in_place(building: Path, place: Path) -> None:
    """What was written takes the place of what the last pass wrote; what others keep in the folder stays."""
    for child in sorted(building.iterdir()):
        target = place / child.name
        if child.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        child.replace(target)
    building.rmdir()


def editorial_files(production: Production) -> dict[str, Path]:
    """The files of the last pass by their place in ``editorial/``."""
    index = editorial_index(production)
    if not index:
        return {}
    names = [INDEX, *index["coverage"], *index["string_out"]["files"], *(file for one in index["bins"] for file in one["files"])]
    places = {name: production.root / "editorial" / name for name in names}
    return {name: path for name, path in sorted(places.items()) if path.is_file()}


def _numbered(clips: Sequence[BinClip]) -> dict[str, NumberedFrames]:
    """The clips that are numbered frames, by their path: an OTIO reader must be told how the files are named."""
    found = {}
    for clip in clips:
        if Path(clip.path).is_dir():
            sequence = open_sequence(clip.path, clip.start.rate)
            name, number = Path(sequence.names[0]), sequence.number(0)
            digits = len(name.stem) - len(name.stem.rstrip("0123456789"))
            prefix = name.stem[: len(name.stem) - digits]
            found[clip.path] = NumberedFrames(f"{clip.path}/", prefix, name.suffix, number, digits)
            sequence.close()
    return found


def _write_bins(
    production: Production, building: Path, papers: Papers, clips: Sequence[BinClip], frames: dict[str, NumberedFrames], tell: Tell
) -> list[dict[str, Any]]:
    """A bin for each scene, in the order of the script, and one for each day of which the papers know the date."""
    scenes = list(dict.fromkeys([scene.number for scene in papers.scenes] + sorted({clip.scene for clip in clips})))
    wanted = [(f"scene-{legal(scene) or 'none'}", f"Scene {scene}" if scene else "No slate", "scene", scene) for scene in scenes]
    wanted += [(f"day-{legal_date(day)}", f"Day {day}", "date", day) for day in sorted({c.date for c in clips if c.date})]
    made = []
    for done, (name, title, field, value) in enumerate(wanted):
        tell(done, len(wanted), f"bin {title}")
        members = [clip for clip in clips if getattr(clip, field) == value]
        if not members:
            continue
        cut = synced_bin(f"{production.name}, {title}", production.rate, members)
        table, lost = bin_log(cut, members) if cut.events else (None, [])
        files = [f"bins/{name}.otio"]
        lost += _write(building / files[0], cut, frames)
        if table is not None:
            write_ale(building / "bins" / f"{name}.ale", table)
            files.append(f"bins/{name}.ale")
        made.append(
            {
                "title": title,
                "files": files,
                "clips": len(members),
                "with_sound": sum(clip.sound is not None for clip in members),
                "circled": sum(clip.circled for clip in members),
                "lost": [vars(item) for item in [*cut.lost, *lost]],
            }
        )
    return made


def legal_date(text: str) -> str:
    """A date or day as part of a file's name.

    >>> legal_date("2026-11-20"), legal_date("Day 3/A")
    ('2026-11-20', 'Day-3-A')
    """
    return (
        "-".join(part for part in (legal(word) for word in text.replace("/", " ").replace("-", " ").split()) if part) or "unknown"
    )


def _write_string_out(
    production: Production, building: Path, covered: Coverage, papers: Papers, clips: Sequence[BinClip],
    frames: dict[str, NumberedFrames], settings: EditorialSettings,
) -> dict[str, Any]:  # fmt: skip
    """Circled takes in the order of the script: by scene, then by the first line they cover, then by setup and take."""
    chosen, stand_ins = _chosen(covered, clips, settings)
    cut = string_out(f"{production.name} circled takes", production.rate, chosen)
    if not cut.events:
        return {"files": [], "clips": 0, "seconds": 0.0, "stand_ins": stand_ins, "lost": []}
    files, lost = [], dict[str, list[dict[str, Any]]]()
    for suffix in (".otio", ".edl"):
        name = f"string-out/{legal(production.name) or 'production'}_circled{suffix}"
        lost[name] = [vars(item) for item in _write(building / name, cut, frames)]
        files.append(name)
    seconds = sum(clip.frames for clip in chosen) / float(production.rate)
    return {"files": files, "clips": len(chosen), "seconds": round(seconds, 3), "stand_ins": stand_ins, "lost": lost}


def _chosen(covered: Coverage, clips: Sequence[BinClip], settings: EditorialSettings) -> tuple[list[BinClip], list[str]]:
    """The clips of the string-out, and the takes among them that nobody circled."""
    by_slate: dict[tuple[str, str, str], list[BinClip]] = {}
    for clip in clips:
        by_slate.setdefault(clip.slate, []).append(clip)
    chosen, stand_ins = list[BinClip](), list[str]()
    for scene in covered.scenes:
        shot = [take for take in scene.takes if take.clips]
        wanted = [take for take in shot if take.circled]
        for setup in dict.fromkeys(take.setup for take in shot):
            own = [take for take in shot if take.setup == setup]
            if settings.without_circles == "last take" and not any(take.circled for take in own):
                wanted.append(own[-1])
                stand_ins.append(f"{own[-1].name} is not circled; it is the last of its setup")
        first = {
            id(take): min((n for n, all_ in scene.covered.items() if any(c.take is take for c in all_)), default=1 << 20)
            for take in wanted
        }
        for take in sorted(wanted, key=lambda take: (first[id(take)], take_order(take))):
            chosen += _cameras(take, by_slate)
    return chosen, stand_ins


def _cameras(take: Take, by_slate: dict[tuple[str, str, str], list[BinClip]]) -> list[BinClip]:
    """The circled cameras of a take, all of them where the log circles the take and no camera of it."""
    own = by_slate.get((take.scene, take.setup, take.take), [])
    return [clip for clip in own if clip.circled] or own


def _write(path: Path, cut: Cut, frames: dict[str, NumberedFrames]) -> list[Lost]:
    lost = write_timeline(path, cut)
    if path.suffix == ".otio" and frames:
        point_at_frames(path, frames, Fraction(cut.rate))
    return lost
