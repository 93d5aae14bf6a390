"""The main job on the sample production, end to end: what a studio would do in its first hour, told as it happens."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sqlalchemy import select

from answerprint.dataset.of_production import lock_production
from answerprint.deliver.package import Naming
from answerprint.ingest.into_catalogue import ingest
from answerprint.ingest.proxies import submit_proxies
from answerprint.passes.catalogue import dispatch
from answerprint.passes.delivered import deliver
from answerprint.passes.editorial import editorial_index
from answerprint.passes.review import decide, restored_frames
from answerprint.passes.shots import current_cut, shots_from_cut
from answerprint.production import FaultFound
from answerprint.production.catalogue import MARKER, Production
from answerprint.production.tables import Clip, Shot, Version
from answerprint.provenance.audit import audit_frame, ledgers_for
from answerprint.provenance.verify import verify
from answerprint.sample.builder import build_material
from answerprint.sample.footage import fetch_models
from answerprint.sample.score import score_wires, score_woman

TITLE = "Der Prüfstand"
REVIEWER = "demo reviewer"


class Shown(Protocol):
    """Where progress and words go."""

    def step(self, done: int, total: int, what: str) -> None: ...
    def say(self, line: str) -> None: ...


RunJobs = Callable[[Production, list[str]], list[dict[str, Any]]]


@dataclass
class Demo:
    """A run of the demonstration in ``folder``: material/, production/ and delivery/ below it."""

    folder: Path
    shown: Shown
    run_jobs: RunJobs
    wheel: Path | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    title: ClassVar[str] = TITLE
    rate: ClassVar[int] = 60
    reference: ClassVar[str] = (
        "the room's reference take is opened here for the first time, and only to score; "
        "the two takes agree to 31 to 37 dB where nothing changed"
    )
    _seconds: dict[str, float] = field(default_factory=dict)

    def run(self, fresh: bool = False) -> dict[str, Any]:
        """Everything, in order. Finished work is reused unless ``fresh``."""
        if fresh:
            for part in ("production", "delivery"):
                shutil.rmtree(self.folder / part, ignore_errors=True)
        fetch_models()
        self._stage("sample", self._material)
        with self._production() as production:
            for name, stage in self.stages():
                self._stage(name, lambda stage=stage: stage(production))  # type: ignore[misc]
        self.facts["seconds"] = {k: round(v, 1) for k, v in self._seconds.items()}
        self.facts["total_seconds"] = round(sum(self._seconds.values()), 1)
        self.shown.say(
            f"\ndone in {self.facts['total_seconds']:.0f} s: " + ", ".join(f"{k} {v:.0f}" for k, v in self._seconds.items())
        )
        return self.facts

    def stages(self) -> list[tuple[str, Callable[[Production], None]]]:
        """What is done with the production, in order."""
        return [
            ("ingest", self._ingest),
            ("lock", self._lock),
            ("caption", self._captions),
            ("grade", self._grade),
            ("editorial", self._editorial),
            ("cut", self._cut),
            ("clean-up", self._cleanup),
            ("score", self._score),
            ("approve", self._approve),
            ("deliver", self._deliver),
            ("verify", self._verify),
        ]

    def sources(self) -> list[Path]:
        """The folders that are ingested."""
        return [self.folder / "material"]

    def cleans(self, shot: Shot) -> bool:
        """Whether anything is to be taken out of a shot."""
        return True

    def score_of(self, production: Production, shot: Shot, version: Version) -> dict[str, Any] | None:
        """How near a clean-up came to its truth."""
        return (score_wires if "12B" in shot.clip.name else score_woman)(production, shot, version, self.wheel)

    def _stage(self, name: str, work: Callable[[], None]) -> None:
        self.shown.say(f"\n== {name}")
        started = time.monotonic()
        work()
        self._seconds[name] = time.monotonic() - started

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.shown.say(f"   {line}")

    def _material(self) -> None:
        build_material(self.folder / "material", self.shown.step, self.wheel)
        self._say(
            f"material in {self.folder / 'material'}: four cameras, two takes, one wire plate, and the paper that goes with them"
        )

    def _production(self) -> Production:
        place = self.folder / "production"
        return Production.open(place) if (place / MARKER).exists() else Production.create(place, self.title, self.rate)

    def _ingest(self, production: Production) -> None:
        with production.session() as session:
            known = session.scalar(select(Clip.id).limit(1)) is not None
        if not known:
            report = ingest(production, self.sources(), tell=self.shown.step)
            kinds: dict[str, int] = {}
            for file in report.files:
                kinds[file.kind] = kinds.get(file.kind, 0) + 1
            self._say(f"{len(report.files)} files: " + ", ".join(f"{n} {k}" for k, n in sorted(kinds.items())))
            for group in report.groups:
                self._say(f"scene {group['scene']}{group['setup']} take {group['take']}: cameras {', '.join(group['cameras'])}")
            for problem in report.problems:
                self._say(f"! {problem}")
            self.facts["ingest"] = {"files": kinds, "problems": report.problems, "groups": report.groups}
        self._finish(production, submit_proxies(production, REVIEWER))

    def _lock(self, production: Production) -> None:
        locked = lock_production(production, REVIEWER)
        document = locked.document()
        self._say(f"locked {len(document['assets'])} files under {document['root'][:16]}…, signed by {document['signer'][:16]}…")
        self.facts["lock"] = {"root": document["root"], "assets": len(document["assets"])}

    def _captions(self, production: Production) -> None:
        todo = [clip for clip in self._clips(production) if not clip.caption]
        from answerprint.passes.captions import submit_clip_caption

        jobs = []
        self._shots(production)
        if not any(clip.grade.get("cdl") for clip in self._clips(production)):
            # In one queue with the captions: grading a setup keeps one processor busy, captions fill the others.
            jobs += dispatch(production, "grade", [], {}, REVIEWER)
        jobs += [submit_clip_caption(production, clip, REVIEWER) for clip in todo]
        self._finish(production, jobs)
        for clip in self._clips(production):
            self._say(f"{clip.name}: {clip.caption['shots'][0]['text']}")

    def _grade(self, production: Production) -> None:
        for clip in self._clips(production):
            if clip.grade.get("cdl"):
                g = clip.grade
                self._say(
                    f"{clip.name} to {g['hero']}: dE2000 {g['delta_e_before']:.2f} before, {g['delta_e_after']:.2f} after. {g['why']}"
                )
        self.facts["grade"] = {
            c.name: {k: c.grade[k] for k in ("delta_e_before", "delta_e_after") if k in c.grade} for c in self._clips(production)
        }

    def _editorial(self, production: Production) -> None:
        if not editorial_index(production):
            self._finish(production, dispatch(production, "editorial", [], {}, REVIEWER))
        found, place = editorial_index(production), production.root / "editorial"
        for one in found["bins"]:
            self._say(f"bin {one['title']}: {one['clips']} clips, {one['with_sound']} with sound, {one['circled']} circled")
        strung = found["string_out"]
        self._say(f"string-out of circled takes: {strung['clips']} clips, {strung['seconds']:.1f} s", *strung["stand_ins"])
        missing = json.loads((place / "coverage.json").read_text(encoding="utf-8"))["missing"]
        self._say(*(f"! {gap['gap']}: {gap['what']}" for gap in missing if gap["grave"]), f"coverage map {place / 'coverage.html'}")
        self.facts["editorial"] = {"missing": found["missing"], "grave": found["grave"], "bins": len(found["bins"])}

    def _clips(self, production: Production) -> list[Clip]:
        with production.session() as session:
            clips = list(session.scalars(select(Clip).order_by(Clip.id)))
            return [c for c in clips if any(p.purpose == "retrieve" and p.allowed for p in c.asset.permissions)]

    def _shots(self, production: Production) -> tuple[list[Shot], Any]:
        cut = current_cut(production)
        assert cut is not None, "the sample has a cut"
        return shots_from_cut(production, cut)

    def _cut(self, production: Production) -> None:
        shots, result = self._shots(production)
        for event in result.events:
            e = event.event
            found = f"{event.item.name}, handles {event.handle_in}+{event.handle_out}" if event.item else event.reason
            self._say(f"event {e.number}  {e.reel}  {e.source_in} to {e.source_out}  {event.status}: {found}")
        self.facts["conform"] = {"matched": len(shots), "missing": len(result.events) - len(shots)}

    def _cleanup(self, production: Production) -> None:
        with production.session() as session:
            done = {v.shot_id for v in session.scalars(select(Version)) if v.status in ("to review", "approved")}
        shots, _ = self._shots(production)
        todo = [s.name for s in shots if s.id not in done and self.cleans(s)]
        self._finish(production, dispatch(production, "cleanup", todo, {}, REVIEWER) if todo else [])
        self.facts["clean-up"] = {}
        for shot, version in self._versions(production):
            figures = version.figures
            classes = ", ".join(f"{n} {k}" for k, n in figures["class"].items() if n)
            self._say(
                f"{shot.name} ({shot.clip.name}): class {classes}; seen elsewhere {figures['support_share']:.0%} of what changed"
            )
            if figures["refused"]:
                self._say(
                    f"   {len(figures['refused'])} frames refused (class D): the fill would enter a performer; they stay as they were"
                )
            if figures["restored"]:
                pixels = sum(r["pixels"] for r in figures["restored"])
                left = sum(r["pixels"] for r in figures["unreached"])
                self._say(f"   {pixels} pixels of the performer restored from near frames (class R), {left} stay source")
            self.facts["clean-up"][shot.name] = {k: v for k, v in figures.items() if k != "frames"}

    def _versions(self, production: Production) -> list[tuple[Shot, Version]]:
        with production.session() as session:
            found = []
            for shot in session.scalars(select(Shot).order_by(Shot.event)):
                made = [v for v in shot.versions if v.status != "working"]
                if made:
                    _ = shot.clip.asset.path
                    found.append((shot, made[-1]))
            return found

    def _score(self, production: Production) -> None:
        self._say(self.reference)
        self.facts["score"] = {}
        for shot, version in self._versions(production):
            score = self.score_of(production, shot, version)
            if score:
                self._say(
                    f"{shot.name}: {score['psnr_in_matte']:.1f} dB inside the matte, Telea {score['psnr_telea']:.1f} dB ({score['frames']} frames); "
                    f"untouched surroundings agree to {score['psnr_agreement']:.1f} dB"
                )
                self.facts["score"][shot.name] = score

    def _approve(self, production: Production) -> None:
        for shot, version in self._versions(production):
            if version.status != "approved":
                restored = restored_frames(version.figures["frames"])
                decide(
                    production, version.id, REVIEWER, "approved", "first pass, approved in the demonstration", looked_at=restored
                )
            self._say(f"{shot.name} v{version.number:03d} approved by {REVIEWER}")

    def _deliver(self, production: Production) -> None:
        out = self.folder / "delivery"
        if not (out / "answerprint-package.json").exists():
            shutil.rmtree(out, ignore_errors=True)
            self.facts["deliver"] = deliver(production, "generic", out, self.shown.step, Naming())
        self._say(f"package {out}", f"audit report {out / 'report' / 'index.html'}")

    def _verify(self, production: Production) -> None:
        out = self.folder / "delivery"
        found = verify(out)
        self._say(f"verified {found.checked} things offline: intact {found.intact}, trusted {found.trusted}")
        if not found.intact:
            raise FaultFound(f"{found.faults[0].path}: {found.faults[0].detail}; the delivery was altered.")
        frame = next(p for p in sorted(out.glob("frames/*/*")) if p.suffix in (".tif", ".exr"))
        told = audit_frame(ledgers_for(frame), frame)
        self._say(
            f"audit {frame.relative_to(out)}: class {told['class']}, {len(told['sources'])} sources, asked for by {told['requested_by']}, "
            f"approved by {', '.join(a['who'] for a in told['approvals']) or 'nobody'}"
        )
        self.facts["verify"] = {"intact": found.intact, "trusted": found.trusted, "checked": found.checked}

    def _finish(self, production: Production, jobs: list[str]) -> None:
        if not jobs:
            self._say("done already")
            return
        views = self.run_jobs(production, jobs)
        failed = [v for v in views if v["state"] != "done"]
        if failed:
            raise FaultFound(f"{failed[0]['title']}: {failed[0]['error']}")
