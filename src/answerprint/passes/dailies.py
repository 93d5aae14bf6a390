"""Dailies, unattended: each complete card is verified, taken in, put in sync, graded and proxied, and reported on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import select

from answerprint.ingest.card_copy import copy_and_verify, hashing
from answerprint.ingest.cards import Card, verify
from answerprint.ingest.into_catalogue import IngestReport, ingest, refuse_when_locked
from answerprint.ingest.proxies import submit_proxies
from answerprint.passes.grade import GradeSettings, submit_takes
from answerprint.passes.sound import marry
from answerprint.passes.viewing_copies import DailiesSettings, submit_copies
from answerprint.production import AnswerprintError
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip
from answerprint.provenance.digests import FileDigests

RunJobs = Callable[[Production, list[str]], list[dict[str, Any]]]
Tell = Callable[[int, int, str], None]


@dataclass
class CardReport:
    """What became of one card. ``failures`` is empty when the night went well; ``attention`` is for the morning's first coffee."""

    card: str
    path: str
    signature: str
    began: str
    files: int = 0
    gigabytes: float = 0.0
    verified: int = 0
    clips: list[dict[str, Any]] = field(default_factory=list)
    sounds: int = 0
    proxies: int = 0
    grades: int = 0
    dailies: int = 0
    seconds: float = 0.0
    x_realtime: float | None = None
    attention: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As it is kept and printed."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The report for a person, failures first."""
        state = "FAILED" if self.failures else "done"
        head = (
            f"{self.card}: {state}; {len(self.clips)} clips, {self.sounds} sound files, {self.files} files, {self.gigabytes:.2f} GB"
        )
        wrong = sum(line.startswith("verify: ") for line in self.failures)
        checked = f"{self.verified} files agree with their hash list" if self.verified else "no hash list: nothing to compare with"
        if wrong:
            checked = (
                f"{self.verified} files were compared with their hash list, {wrong} do not agree; nothing of the card was taken in"
            )
        speed = f", {self.x_realtime:.2f} x realtime" if self.x_realtime else ""
        out = [head, *(f"  FAILED     {line}" for line in self.failures)]
        out += [
            f"  verified   {checked}",
            f"  made       {self.proxies} proxies, {self.grades} grades, {self.dailies} dailies in {self.seconds:.0f} s{speed}",
        ]
        for clip in self.clips:
            slate = f"{clip['scene']}{clip['setup']} take {clip['take']}" if clip["scene"] else "no slate"
            found = clip["sync"]
            heard = f"{found['sound']} at {found['offset_s']:+.3f} s ({found['why']})" if found else "no sound"
            out.append(
                f"  clip       {clip['name']}  {slate}  {clip['timecode'] or 'no timecode'}  {clip['frames']} frames  {heard}"
            )
        return out + [f"  attention  {line}" for line in self.attention]


def take_in(production: Production, card: Card, run: RunJobs, requested_by: str, copy: bool, tell: Tell) -> CardReport:
    """Do everything for one card; what goes wrong is in the report, and what does not depend on it goes on.

    A card whose files do not agree with its hash list is not taken in at all.
    """
    report = CardReport(card.name, str(card.path), card.signature, datetime.now().astimezone().isoformat(timespec="seconds"))
    report.files, report.gigabytes = card.files, round(card.size / 1e9, 6)
    night = _Night(production, card, report, run, requested_by, copy, tell)
    began = time.monotonic()
    for step in (_verify, _ingest, _sync, _make):
        try:
            step(night)
        except AnswerprintError as error:
            report.failures.append(f"{step.__name__.strip('_')}: {error}")
        except Exception as error:  # unattended: the night's other cards must not wait for this one
            report.failures.append(f"{step.__name__.strip('_')}: a fault of ours ({type(error).__name__}: {str(error)[:200]})")
        if report.failures and step in (_verify, _ingest):
            break
    report.seconds = round(time.monotonic() - began, 2)
    shot = sum(clip["seconds"] for clip in report.clips)
    report.x_realtime = round(shot / report.seconds, 3) if shot and report.seconds else None
    return report


@dataclass
class _Night:
    """One card on its way: what it is, what may be asked for, and what is known of its files so far."""

    production: Production
    card: Card
    report: CardReport
    run: RunJobs
    by: str
    copy: bool
    tell: Tell
    place: Path = Path()
    hashed: dict[Path, FileDigests] = field(default_factory=dict)


def _verify(night: _Night) -> None:
    refuse_when_locked(night.production, [night.card.path])
    night.tell(0, 1, f"verifying {night.card.name}")
    if night.copy:
        into = night.production.path("material")
        night.place, night.report.verified, faults = copy_and_verify(night.card, into, night.tell, night.hashed)
    else:
        night.place = night.card.path
        night.report.verified, faults = verify(night.card, hashing(night.hashed))
    night.report.failures += [f"verify: {fault}" for fault in faults]
    if not faults and not night.report.verified:
        night.report.attention.append("only a mark says that the copy is whole; its files were hashed as they are now")


def _ingest(night: _Night) -> None:
    production, report, copy = night.production, night.report, night.copy
    # The card keeps its own hash lists as they came; a copy in the production gets one there.
    taken = ingest(production, [night.place], hash_list=copy, tell=night.tell, hashed=night.hashed, copied=copy)
    report.failures += [f"ingest: {file.path.name}: {'; '.join(file.problems)}" for file in taken.unreadable]
    report.attention += taken.problems
    report.sounds = sum(file.kind == "sound" for file in taken.files)
    report.clips = [_clip(production, clip) for clip in _clips_of(production, taken)]


def _sync(night: _Night) -> None:
    production, report = night.production, night.report
    found, problems = marry(production, [clip["name"] for clip in report.clips], night.tell)
    report.attention += problems
    for clip in report.clips:
        clip["sync"] = found.get(clip["name"])
    with production.reading() as session:
        sounds = session.scalar(select(Asset.id).where(Asset.kind == "sound").limit(1)) is not None
    report.attention += [f"{clip['name']} has no sound that goes with it" for clip in report.clips if sounds and not clip["sync"]]


def _make(night: _Night) -> None:
    production = night.production
    with production.reading() as session:
        clips = list(session.scalars(select(Clip).where(Clip.name.in_([clip["name"] for clip in night.report.clips]))))
    ids = [clip.id for clip in clips]
    _worked(night, submit_takes(production, clips, GradeSettings(), night.by) + submit_proxies(production, night.by, ids))
    # What people watch carries the grade, so it waits for it.
    _worked(night, submit_copies(production, DailiesSettings(), night.by, ids))


def _worked(night: _Night, jobs: list[str]) -> None:
    report = night.report
    for view in night.run(night.production, jobs) if jobs else []:
        if view["state"] == "done":
            report.proxies += view["kind"] == "proxy"
            report.grades += view["kind"] == "grade"
            report.dailies += view["kind"] == "dailies"
        else:
            report.failures.append(f"{view['title']}: {view['error'] or view['state']}")


def _clips_of(production: Production, taken: IngestReport) -> Iterator[Clip]:
    digests = {file.digest for file in taken.files if file.kind == "camera"}
    with production.reading() as session:
        yield from session.scalars(select(Clip).join(Asset).where(Asset.sha256.in_(digests)).order_by(Clip.name)).all()


def _clip(production: Production, clip: Clip) -> dict[str, Any]:
    return {
        "name": clip.name,
        "scene": clip.scene,
        "setup": clip.setup,
        "take": clip.take,
        "camera": clip.camera_label,
        "timecode": clip.start_timecode,
        "frames": clip.frame_count,
        "rate": clip.rate,
        "seconds": float(clip.frame_count / Fraction(clip.rate)),
        "problems": list(clip.asset.problems),
        "sync": None,
    }
