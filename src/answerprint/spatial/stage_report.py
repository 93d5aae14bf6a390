"""What the stage's instruments add up to: cameras and their lags, how well scans and marks agree, what more angles there are.

One report from whatever there is: drawings from above and from a corner, a plan of the angles each setup's cameras allow, and
figures with their faults. The same for a production and for loose files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.ingest.lights.record import LightRecord
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.spatial.capture import ClipCameras
from answerprint.spatial.planner import LIMIT_DEG, Plan, plan
from answerprint.spatial.registration import Registration, register_points, register_scan
from answerprint.spatial.stage_view import Stage, write_stage_view

Real = NDArray[np.float64]
_DRAWN, _PLANNED_ON = 200_000, 20_000
"""Points of a scan that are drawn, and that a plan looks at."""
_STILL_M = 0.05
_STEP_DEG = 2


@dataclass(frozen=True)
class Material:
    """Everything that is known of a stage. ``setups`` names the clips of each slate; ``scans`` are points on the stage by station."""

    title: str
    clips: Sequence[ClipCameras] = ()
    setups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    loose_tracks: Sequence[CameraTrack] = ()
    scans: Mapping[str, Real] = field(default_factory=dict)
    surveys: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    lights: Sequence[LightRecord] = ()


@dataclass(frozen=True)
class Wishes:
    """What a person may ask of the plan: the parallax limit, and the subject where the cameras' own aim is not it."""

    limit_deg: float = LIMIT_DEG
    subject: tuple[float, float, float] | None = None
    distance_m: float | None = None


def write_stage_report(material: Material, out: Path, wishes: Wishes | None = None) -> dict[str, Any]:
    """Everything into ``out``: ``report.json``, ``report.md``, ``stage.png`` and a plan for each setup. Returns the report.

    Faults (a registration over 10 mm) are in its ``faults``; the rest is written all the same.
    Raises BadInput where there is nothing to report on.
    """
    wishes = wishes or Wishes()
    out.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    registrations = dict(_registrations(material, problems))
    scan = np.concatenate(list(material.scans.values())) if material.scans else None
    tracks = [*(track_of(clip) for clip in material.clips if clip.posed), *material.loose_tracks]
    marks = {name: place for survey in material.surveys.values() for name, place in survey.items()}
    drawn = Stage(tracks, _thinned(scan, _DRAWN), material.lights, marks, title=material.title)
    files = {"stage": write_stage_view(out / "stage.png", drawn).name}
    plans = {}
    for name, found, lens in _plans(material, scan, wishes, problems):
        plans[name] = found.document() | {"lens_mm": round(lens.pinhole_focal_length, 3)}
        cameras = [track_of(c) for c in material.clips if c.clip in material.setups[name] and c.posed]
        planned = [(a.position, a.verdict == "allowed") for a in found.angles if a.verdict != "beyond the walls"]
        view = Stage(cameras, _thinned(scan, _DRAWN), material.lights, {}, planned, f"{material.title}: angles of {name}")
        place = out / f"plan-{_plain(name)}.png"
        files[f"plan {name}"] = write_stage_view(place, view).name
    report = {
        "document": "spatial report", "title": material.title, "clips": [{"clip": c.clip} | c.facts() for c in material.clips],
        "tracks": [t.document() for t in material.loose_tracks], "scans": {n: len(p) for n, p in material.scans.items()},
        "marks": {n: list(p) for n, p in marks.items()}, "lights": len(material.lights),
        "registrations": {n: r.document() for n, r in registrations.items()}, "plans": plans, "files": files, "problems": problems,
        "faults": [f"{name}: {fault}" for name, r in registrations.items() for fault in r.faults()],
    }  # fmt: skip
    write_atomically(out / "report.md", "\n".join(report_lines(report)) + "\n")
    write_atomically(out / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return report


def report_lines(report: dict[str, Any]) -> list[str]:
    """The report for a person, a line for each thing that is known."""
    lines = [f"# {report['title']}", ""]
    for clip in report["clips"]:
        lines.append(f"- {clip['clip']}: {clip['posed']} of {clip['frames']} frames have a camera ({clip['device']}). {_lag(clip)}")
        lines += [f"  - {problem}" for problem in clip["problems"]]
    for name, points in report["scans"].items():
        lines.append(f"- scan {name}: {points} points")
    for name, found in report["registrations"].items():
        rms = found["rms"]["value"]
        lines.append(
            f"- {name}: {rms:.1f} mm root mean square over {found['pairs']} ({'over the limit' if found['faults'] else 'holds'})"
        )
    for name, found in report["plans"].items():
        extra = found["extra_cameras"]
        more = f"; one more camera at {_place(extra[0]['position'])} would allow the most of the others" if extra else ""
        limit, open_ = found["limit"]["value"], sum(a["verdict"] != "beyond the walls" for a in found["angles"])
        lines.append(f"- angles of {name}: {found['allowed']} of {open_} within {limit:g} degrees of a camera{more}")
    lines += [f"- attention: {problem}" for problem in report["problems"]]
    lines += [f"- FAULT: {fault}" for fault in report["faults"]]
    return lines


def track_of(clip: ClipCameras) -> CameraTrack:
    """A clip's cameras as a track, one sample a frame."""
    known = [c for c in clip.cameras if c is not None]
    nothing = (np.nan, np.nan, np.nan)
    return CameraTrack.of(
        [Fraction(i) / clip.rate for i in range(len(clip.cameras))], [nothing if c is None else c.translation for c in clip.cameras],
        [nothing if c is None else c.rotation for c in clip.cameras],
        focal_length_mm=[np.nan if c is None else c.pinhole_focal_length for c in clip.cameras], device=clip.device, label=clip.clip,
        sensor_mm=known[0].active_sensor_physical_dimensions if known else None, rate=clip.rate,
    )  # fmt: skip


def aimed_at(cameras: Sequence[Camera]) -> Real | None:
    """The point (3,) in metres that the cameras' optical axes pass nearest to; None where they are parallel or it lies behind.

    Least squared distance from lines: the sum over cameras of (1 - d d') x = (1 - d d') o.
    """
    axes = np.array([c.world_to_camera[2] for c in cameras])
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    total = across.sum(axis=0)
    if np.linalg.cond(total) > 1e4:
        return None
    point = np.linalg.solve(total, np.einsum("nij,nj->i", across, np.array([c.position for c in cameras])))
    return np.asarray(point) if all(c.depth(point) > 0.2 for c in cameras) else None


def _registrations(material: Material, problems: list[str]) -> Iterator[tuple[str, Registration]]:
    """Surveys onto the first of them by their names, scans onto the first of them."""
    surveys = list(material.surveys.items())
    for name, points in surveys[1:]:
        first, stage = surveys[0]
        try:
            yield f"{name} on {first}", register_points(_arrays(points), _arrays(stage))
        except BadInput as error:
            problems.append(f"{name} on {first}: {error.reason}; {error.remedy}")
    scans = list(material.scans.items())
    for name, scan in scans[1:]:
        try:
            yield f"scan {name} on scan {scans[0][0]}", register_scan(scan, scans[0][1])
        except BadInput as error:
            problems.append(f"scan {name} on scan {scans[0][0]}: {error.reason}; {error.remedy}")


def _plans(material: Material, scan: Real | None, wishes: Wishes, problems: list[str]) -> Iterator[tuple[str, Plan, Camera]]:
    known = {c.clip: c for c in material.clips}
    for name, members in material.setups.items():
        clips = [known[m] for m in members if m in known and known[m].posed == len(known[m].cameras) > 0]
        if not clips:
            continue
        count = min(len(c.cameras) for c in clips)
        middles = [camera for c in clips if (camera := c.cameras[count // 2]) is not None]
        subject = np.array(wishes.subject) if wishes.subject else _subject(clips, middles, count // 2)
        if subject is None:
            problems.append(f"angles of {name}: nothing says where the subject is; give it with subject=x,y,z")
            continue
        distance = wishes.distance_m or float(np.mean([np.linalg.norm(m.position - subject) for m in middles]))
        rig: dict[str, CameraTrack | Camera] = {c.clip: _moving(c, count) or m for c, m in zip(clips, middles, strict=True)}
        points = None if scan is None else _thinned(scan, _PLANNED_ON)
        found = plan(
            rig,
            [float(v) for v in subject],
            distance,
            limit_deg=wishes.limit_deg,
            azimuths=range(-180, 180, _STEP_DEG),
            scene=points,
            lens=middles[0],
        )
        yield name, found, middles[0]


def _subject(clips: Sequence[ClipCameras], middles: Sequence[Camera], moment: int) -> Real | None:
    """Where the cameras aim together; of one camera, what it is focused on."""
    found = aimed_at(middles) if len(middles) > 1 else None
    if found is not None:
        return found
    focus = float(clips[0].focus_distance_m[moment])
    return middles[0].position + focus * middles[0].world_to_camera[2] if 0 < focus < 100 else None


def _moving(clip: ClipCameras, count: int) -> CameraTrack | None:
    """A clip's track where its camera travels; the planner takes one that stands as it is."""
    places = np.array([c.translation for c in clip.cameras[:count] if c is not None])
    if np.ptp(places, axis=0).max() < _STILL_M:
        return None
    track = track_of(clip)
    return track.moved(valid=track.valid & (np.arange(len(track)) < count))


def _thinned(points: Real | None, most: int) -> Real | None:
    return None if points is None else points[:: max(1, -(-len(points) // most))]


def _arrays(points: Mapping[str, Sequence[float]]) -> dict[str, Real]:
    return {name: np.asarray(place, dtype=np.float64) for name, place in points.items()}


def _lag(clip: dict[str, Any]) -> str:
    latency = clip["latency"]
    if latency.get("used") == "solved":
        frames, error = latency["solved"]["frames"], latency["solved"]["error_px"]
        side = "behind" if frames >= 0 else "ahead of"
        return f"Its tracker is {abs(frames):.2f} frames {side} the picture (solved, {error:.2f} px left over)."
    why = str(latency.get("why", ""))
    return f"{why[:1].upper()}{why[1:]}."


def _place(position: Sequence[float]) -> str:
    return "(" + ", ".join(f"{v:.2f}" for v in position) + ") m"


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)
