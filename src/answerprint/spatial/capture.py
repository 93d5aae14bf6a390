"""One clip's cameras: for every frame where it stood, which way it looked, through what lens; kept as one small document.

The device's samples are resampled to mid-exposure. How late the device is, is found from the picture and kept as `solved`
beside what was recorded; poses follow the solved lag where the picture can tell it, the recorded one elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.lens import Lens
from answerprint.optics.table import LensState
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, Timecode
from answerprint.production.atomic import write_atomically
from answerprint.spatial.latency_sight import SightLag, follow, sight_lag
from answerprint.spatial.poses import mid_exposures, opening, per_frame

Real = NDArray[np.float64]
Read = Callable[[int], NDArray[np.floating]]
_MOST_LAG = 24
"""Frames either way that a lag is looked for."""
_MOST_FRAMES = 150
"""Frames of a clip that are looked at for it: five seconds of an uneven move say it as well as a minute."""
_ANALYSED_WIDTH = 960
_STILL_M, _STILL_DEG = 0.02, 0.3
"""A camera that travelled and turned less than this cannot tell a lag."""
FULL_FRAME_MM = 36.0


@dataclass(frozen=True)
class Recording:
    """What is known of a clip besides its track. ``shutter_deg`` is 180 where nobody said."""

    name: str
    rate: Fraction
    start: Timecode | None
    frames: int
    size: tuple[int, int]
    label: str = ""
    shutter_deg: float = 180.0
    readout_s: float | None = None
    """seconds from the first row's reading to the last one's, None where nobody said: see `spatial.rolling`"""


@dataclass(frozen=True)
class Latency:
    """A device's lag, in frames and seconds: as it was recorded, as the picture solved it, and which of them poses follow."""

    recorded_s: float | None = None
    solved: SightLag | None = None
    why: str = ""

    @property
    def used_s(self) -> float:
        """Seconds that poses follow."""
        if self.solved is not None and self.solved.believable:
            return self.solved.seconds
        return self.recorded_s or 0.0

    def document(self, rate: Fraction) -> dict[str, Any]:
        """As plain JSON; nothing is 0 that is unknown."""
        solved = None
        if self.solved is not None:
            solved = {
                "value": round(self.solved.seconds, 6), "unit": "s", "frames": round(self.solved.frames, 4), "source": "solved",
                "error_px": round(self.solved.error_px, 4), "believable": self.solved.believable,
            }  # fmt: skip
        recorded = None if self.recorded_s is None else {"value": self.recorded_s, "unit": "s", "source": "recorded"}
        used = "solved" if self.solved is not None and self.solved.believable else "recorded" if recorded else "none"
        return {
            "recorded": recorded,
            "solved": solved,
            "used": used,
            "used_frames": round(self.used_s * float(rate), 4),
            "why": self.why,
        }


@dataclass(frozen=True)
class ClipCameras:
    """A camera for every frame of a clip, None where nobody knows it; lens columns with NaN for unknown."""

    clip: str
    rate: Fraction
    start: str
    cameras: tuple[Camera | None, ...]
    focus_distance_m: Real
    t_stop: Real
    source: str
    device: str
    latency: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    readout_s: float | None = None
    """seconds from the first row's reading to the last one's; poses are those of the middle row"""

    @property
    def posed(self) -> int:
        return sum(camera is not None for camera in self.cameras)

    def facts(self) -> dict[str, Any]:
        """What the catalogue keeps of it; the cameras themselves stay in the document."""
        return {
            "frames": len(self.cameras), "posed": self.posed, "source": self.source, "device": self.device, "latency": self.latency,
            "problems": list(self.problems),
        }  # fmt: skip

    def write(self, path: Path) -> None:
        """The document, one camera a line."""
        head = {"document": "clip cameras", "clip": self.clip, "rate": str(self.rate), "start": self.start} | self.facts()
        head |= {} if self.readout_s is None else {"readout_s": self.readout_s}
        rows = [
            json.dumps({
                "camera": None if c is None else c.model_dump(mode="json", by_alias=True),
                "focusDistance": _known(self.focus_distance_m[i]), "tStop": _known(self.t_stop[i]),
            })
            for i, c in enumerate(self.cameras)
        ]  # fmt: skip
        body = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, body + ',\n "cameras": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n")


def read_clip_cameras(path: Path) -> ClipCameras:
    """A document of ``ClipCameras.write``. Raises BadInput for anything else."""
    try:
        said = json.loads(path.read_bytes())
        rows = said["cameras"]
        cameras = tuple(None if r["camera"] is None else Camera.model_validate(r["camera"]) for r in rows)
        columns = [
            np.array([np.nan if r[k] is None else float(r[k]) for r in rows], dtype=np.float64) for k in ("focusDistance", "tStop")
        ]
        return ClipCameras(
            said["clip"], Fraction(said["rate"]), said["start"], cameras, columns[0], columns[1], said["source"], said["device"],
            said["latency"], tuple(said["problems"]), None if said.get("readout_s") is None else float(said["readout_s"]),
        )  # fmt: skip
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "run the spatial pass again") from None
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(path, f"holds no cameras of a clip ({fault})", "run the spatial pass again") from None


def capture(
    recording: Recording, track: CameraTrack, lens_frames: CameraTrack | None = None, lens: Lens | None = None, read: Read | None = None,
    recorded_s: float | None = None,
) -> ClipCameras:  # fmt: skip
    """The cameras of a clip from its track, its lens table and its lens.

    ``read`` gives a frame, (h, w) or (h, w, 3) of 0 to 1, and is asked only for a camera that moves; without it the
    recorded lag holds. Focal length and focus come from the track, else from the table; distortion from ``lens``.
    Raises BadInput for a track without a pose or without a time that the clip's can be compared with.
    """
    start = _start(recording, track)
    columns = _lens_columns(recording, track, lens_frames, start)
    problems = list(track.problems)
    pinhole = columns["pinhole"]
    focal = np.where(np.isfinite(pinhole), pinhole, columns["ring"])
    if not np.isfinite(focal).any():
        raise BadInput(
            f"clip {recording.name}", "nobody says its focal length", "add a lens table or a lens file, then ingest again"
        )
    sensor = track.sensor_mm or (FULL_FRAME_MM, FULL_FRAME_MM * recording.size[1] / recording.size[0])
    if track.sensor_mm is None:
        problems.append(f"the track says no sensor: {FULL_FRAME_MM:g} mm wide is taken")
    latency = _latency(recording, track, start, float(np.nanmedian(focal)), sensor, read, recorded_s)
    frames = per_frame(
        track, range(recording.frames), recording.rate, shutter_deg=recording.shutter_deg, start=start, latency_s=latency.used_s
    )
    cameras = tuple(
        _camera(recording, frames, i, columns, sensor, lens) if frames.posed[i] and np.isfinite(focal[i]) else None
        for i in range(recording.frames)
    )
    problems += [p for p in frames.problems if p not in problems]
    return ClipCameras(
        recording.name, recording.rate, str(recording.start or ""), cameras, columns["focus_distance_m"], columns["t_stop"], track.source,
        track.device, latency.document(recording.rate), tuple(problems), recording.readout_s,
    )  # fmt: skip


def moves(track: CameraTrack) -> bool:
    """Whether the camera travels or turns enough for its lag to be told."""
    places, turns = track.translation[track.posed], track.rotation[track.posed]
    if len(places) < 4:
        return False
    wander = np.percentile(places, 98, axis=0) - np.percentile(places, 2, axis=0)
    turned = np.ptp(np.unwrap(turns, period=360.0, axis=0), axis=0)
    return bool(wander.max() > _STILL_M or turned.max() > _STILL_DEG)


def _start(recording: Recording, track: CameraTrack) -> Fraction:
    """When the clip's first frame opens on the track's clock."""
    if recording.start is not None and (track.start is not None or track.clock == "timecode from midnight"):
        return opening(track, recording.start)
    if track.start is None:
        # A track of as many samples as the clip has frames is one sample a frame.
        return track.times[0]
    raise BadInput(f"clip {recording.name}", "has no timecode and its track has", "give the clip its timecode")


def _latency(
    recording: Recording, track: CameraTrack, start: Fraction, focal: float, sensor: tuple[float, float], read: Read | None,
    recorded_s: float | None,
) -> Latency:  # fmt: skip
    if not moves(track):
        return Latency(recorded_s, None, "the camera stood still: its tracker's lag cannot be told, and does not matter")
    if read is None:
        return Latency(recorded_s, None, "the picture was not looked at")
    count = min(recording.frames, _MOST_FRAMES)
    scale = min(1.0, _ANALYSED_WIDTH / recording.size[0])
    size = (round(recording.size[0] * scale), round(recording.size[1] * scale))
    seen = Camera(active_sensor_resolution=size, active_sensor_physical_dimensions=sensor, pinhole_focal_length=focal)
    pictures = (_small(read(index), size) for index in range(count))
    moments = mid_exposures(range(count), recording.rate, recording.shutter_deg, start)
    before = float((moments[0] - track.times[0]) * recording.rate)
    after = float((track.times[-1] - moments[-1]) * recording.rate)
    most = float(np.clip(np.floor(max(before, after)) - 1, 1, _MOST_LAG))
    try:
        lag = sight_lag(track, moments, follow(pictures, seen), seen, recording.rate, most)
    except BadInput as error:
        return Latency(recorded_s, None, f"the lag could not be solved: {error.reason}")
    said = "found from the picture" if lag.believable else "the move was too even for the picture to tell: the recorded lag holds"
    return Latency(recorded_s, lag, said)


def _small(frame: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    picture = np.asarray(frame, dtype=np.float32)
    if (picture.shape[1], picture.shape[0]) != size:
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return picture


def _lens_columns(recording: Recording, track: CameraTrack, table: CameraTrack | None, start: Fraction) -> dict[str, Real]:
    """Focus, stop, ``ring`` and ``pinhole`` focal length at each frame, NaN where nobody knows.

    The table's rows are frames; a tracker's focal length is calibrated, breathing included, and the table's is what the
    ring says. The lens is not lagged with the poses: its motors report by another way.
    """
    moments = np.array([float(m) for m in mid_exposures(range(recording.frames), recording.rate, recording.shutter_deg, start)])
    found: dict[str, Real] = {}
    for name in ("focal_length_mm", "focus_distance_m", "t_stop"):
        rows, own = np.full(recording.frames, np.nan), np.full(recording.frames, np.nan)
        if table is not None:
            said = getattr(table, name)[: recording.frames]
            rows[: len(said)] = said
        samples = getattr(track, name)
        there = np.isfinite(samples)
        if there.any():
            own = np.interp(moments, track.seconds[there], samples[there])
        found[name] = np.where(np.isfinite(rows), rows, own)
        if name == "focal_length_mm":
            found["ring"], found["pinhole"] = found.pop(name), own
    return found


def _camera(
    recording: Recording, frames: CameraTrack, index: int, columns: dict[str, Real], sensor: tuple[float, float], lens: Lens | None
) -> Camera:
    x, y, z = (float(v) for v in frames.translation[index])
    pan, tilt, roll = (float(v) for v in frames.rotation[index])
    pinhole, ring, focus, stop = (float(columns[n][index]) for n in ("pinhole", "ring", "focus_distance_m", "t_stop"))
    focal, known = pinhole if np.isfinite(pinhole) else ring, {}
    if lens is not None:
        state = LensState(
            focal_length=ring if np.isfinite(ring) else focal, focus_distance=focus if focus > 0 else float("inf"),
            f_number=stop if stop > 0 else 4.0,
        )  # fmt: skip
        known = {"distortion": lens.distortion_at(state), "projection_offset": lens.centre(state)}
        focal = focal if np.isfinite(pinhole) else lens.focal_length(state)
    return Camera(
        label=recording.label or frames.label, active_sensor_resolution=recording.size, active_sensor_physical_dimensions=sensor,
        pinhole_focal_length=focal, translation=(x, y, z), rotation=(pan, tilt, roll), **known,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
