"""SMPTE OpenTrackIO samples (JSON and CBOR) as a camera track, in their own names and units."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.material import IngestedFile
from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.ingested import as_file
from answerprint.ingest.tracking.units import UNKNOWN
from answerprint.optics.track import CameraTrack, Link, angles_from_axes, axes_from_angles
from answerprint.production import BadInput, Timecode, frame_rate

_LENS = {
    "pinholeFocalLength": "focal_length_mm",
    "focusDistance": "focus_distance_m",
    "tStop": "t_stop",
    "fStop": "f_stop",
    "entrancePupilOffset": "entrance_pupil_offset_m",
}
_LOST = ("lost", "error", "unreliable", "unstable", "no map", "undefined")
"""Words of a tracker's status that mean: do not trust this pose."""


def is_opentrackio(document: Any) -> bool:
    """Whether parsed JSON or CBOR is one OpenTrackIO sample or a list of them."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    protocol = first.get("protocol")
    return isinstance(protocol, dict) and protocol.get("name") == "OpenTrackIO"


def read_tracking(path: Path, document: Any) -> IngestedFile:
    """An OpenTrackIO file as `ingest` reports it: its track, its slate, and the timecode of the first sample."""
    samples = document if isinstance(document, list) else [document]
    track = track_of(samples, path)
    file = as_file(path, track)
    file.metadata["slate"] = str((samples[0].get("tracker") or {}).get("slate", ""))
    if samples[0].get("static") and "holds no camera position" in file.problems:
        file.problems.remove("holds no camera position")
    return file


def read_json(path: Path) -> CameraTrack:
    """A file of one sample, a list of samples, or one sample a line. Raises BadInput for anything else."""
    text = read_text(path)
    try:
        try:
            document = json.loads(text)
        except json.JSONDecodeError:
            document = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise BadInput(path, f"is no JSON ({error})", "record the stream again") from None
    return track_of(document if isinstance(document, list) else [document], path)


def read_cbor(path: Path) -> CameraTrack:
    """A file of CBOR samples one after the other (RFC 8742), or one list of them. Raises BadInput where it breaks off."""
    return track_of(decode_cbor(path.read_bytes(), path), path)


def decode_cbor(data: bytes, subject: Any) -> list[dict[str, Any]]:
    """Every sample in ``data``. Raises BadInput for what is no CBOR, with the byte where it went wrong."""
    import io

    try:
        import cbor2
    except ImportError:
        raise BadInput(subject, "CBOR needs the extra 'spatial'", "pip install 'answerprint[spatial]'") from None
    stream, samples = io.BytesIO(data), []
    while stream.tell() < len(data):
        at = stream.tell()
        try:
            item = cbor2.load(stream)
        except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
            raise BadInput(subject, f"breaks off or is no CBOR at byte {at} ({error})", "record the stream again") from None
        samples.extend(item if isinstance(item, list) else [item])
    return samples


def track_of(samples: list[dict[str, Any]], subject: Any = "OpenTrackIO") -> CameraTrack:
    """The track that samples hold. Samples that come twice count once; where one transform has a scale, it moves what
    hangs on it and turns nothing. Raises BadInput for what is no OpenTrackIO sample and for samples without times.
    """
    if not samples or not is_opentrackio(samples):
        raise BadInput(subject, "holds no OpenTrackIO sample", "record the stream again")
    problems: list[str] = []
    try:
        moments, clock = _times(samples, problems)
        first_at: dict[Fraction, int] = {}
        for index, moment in enumerate(moments):
            first_at.setdefault(moment, index)
        order = sorted(first_at)
        kept = [samples[first_at[moment]] for moment in order]
        if len(order) < len(samples):
            problems.append(f"{len(samples) - len(order)} samples repeat the time of another: left out")
        chain = _chain(kept, problems)
        translation, rotation = _composed(kept)
        start, rate = _start(kept[0], problems)
        lens = {ours: [_number((s.get("lens") or {}).get(theirs)) for s in kept] for theirs, ours in _LENS.items()}
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise BadInput(subject, f"is not an OpenTrackIO sample ({error!r})", "check it against the OpenTrackIO schema") from None
    first, static = kept[0], kept[0].get("static") or {}
    size = (static.get("camera") or {}).get("activeSensorPhysicalDimensions") or {}
    return CameraTrack.of(
        order,
        translation,
        rotation,
        encoders=[_fiz(s, "encoders") for s in kept],
        raw_encoders=[_fiz(s, "rawEncoders") for s in kept],
        valid=[not any(word in _status(s) for word in _LOST) for s in kept],
        device=f"OpenTrackIO {'.'.join(str(v) for v in first['protocol'].get('version', ()))}".strip(),
        label=str((static.get("camera") or {}).get("label", "") or first.get("sourceNumber", "")),
        clock=clock,
        rate=rate,
        start=start,
        sensor_mm=(float(size["width"]), float(size["height"])) if {"width", "height"} <= set(size) else None,
        chain=chain,
        extra=_extra(first),
        problems=tuple(problems),
        **lens,
    )


def _times(samples: list[dict[str, Any]], problems: list[str]) -> tuple[list[Fraction], str]:
    timings = [s.get("timing") or {} for s in samples]
    if all(t.get("sampleTimestamp") for t in timings):
        stamps = [t["sampleTimestamp"] for t in timings]
        return [Fraction(int(s["seconds"])) + Fraction(int(s["nanoseconds"]), 10**9) for s in stamps], "PTP epoch"
    if all(t.get("timecode") for t in timings):
        codes = [_timecode(t["timecode"], t.get("sampleRate") or {}) for t in timings]
        parts = [Fraction(int(t["timecode"].get("subFrame", 0) or 0), 2) for t in timings]
        return [(c.frame + part) / c.rate for c, part in zip(codes, parts, strict=True)], "timecode from midnight"
    rate = _rate(timings[0].get("sampleRate") or {})
    problems.append("no timestamps: samples are taken to follow one another at the sample rate")
    return [Fraction(i) / rate for i in range(len(samples))], "from the first sample"


def _start(sample: dict[str, Any], problems: list[str]) -> tuple[Timecode | None, Fraction | None]:
    timing = sample.get("timing") or {}
    rate = _rate(timing["sampleRate"]) if timing.get("sampleRate") else None
    if not timing.get("timecode"):
        return None, rate
    try:
        code = _timecode(timing["timecode"], timing.get("sampleRate") or {})
    except (BadInput, LookupError, TypeError, ValueError, ArithmeticError) as error:
        problems.append(f"its timecode cannot be read ({error})")
        return None, rate
    return code, rate or code.rate


def _rate(said: dict[str, Any]) -> Fraction:
    if not said:
        raise ValueError("neither timestamps nor a sample rate")
    return Fraction(int(said["num"]), int(said.get("denom", 1)))


def _timecode(said: dict[str, Any], sample_rate: dict[str, Any]) -> Timecode:
    counted = said.get("frameRate") or sample_rate
    rate = frame_rate(f"{counted['num']}/{counted.get('denom', 1)}")
    mark = ";" if said.get("dropFrame") else ":"
    label = f"{int(said['hours']):02d}:{int(said['minutes']):02d}:{int(said['seconds']):02d}{mark}{int(said['frames']):02d}"
    return Timecode.parse(label, rate)


def _chain(samples: list[dict[str, Any]], problems: list[str]) -> tuple[Link, ...]:
    names = [str(t.get("id", f"joint {i + 1}")) for i, t in enumerate(samples[0].get("transforms") or [])]
    if any(len(s.get("transforms") or []) != len(names) for s in samples):
        problems.append("the chain of transforms changes between samples: only the camera's own pose is kept")
        return ()
    if any(t.get("scale") for t in samples[0].get("transforms") or []):
        problems.append("a transform has a scale: it moves what hangs on it and turns nothing")
    links = []
    for index, name in enumerate(names):
        parts = [s["transforms"][index] for s in samples]
        links.append(Link(name, np.array([_xyz(p) for p in parts]), np.array([_ptr(p) for p in parts])))
    return tuple(links)


def _composed(samples: list[dict[str, Any]]) -> tuple[Any, Any]:
    """The transforms of each sample put together, the first on the floor and the last at the sensor."""
    places, turns = np.full((len(samples), 3), np.nan), np.full((len(samples), 3), np.nan)
    for row, sample in enumerate(samples):
        transforms = sample.get("transforms") or []
        if not transforms:
            continue
        place, turn, grown = np.zeros(3), np.eye(3), np.eye(3)
        for t in transforms:
            place = place + grown @ np.array(_xyz(t))
            axes = axes_from_angles(np.array(_ptr(t)))
            scale = t.get("scale") or {}
            turn = turn @ axes
            grown = grown @ axes @ np.diag([float(scale.get(axis, 1.0)) for axis in "xyz"])
        places[row], turns[row] = place, np.array(_ptr(transforms[0])) if len(transforms) == 1 else angles_from_axes(turn)
    return places, turns


def _xyz(transform: dict[str, Any]) -> list[float]:
    return [_number((transform.get("translation") or {}).get(axis)) for axis in "xyz"]


def _ptr(transform: dict[str, Any]) -> list[float]:
    return [_number((transform.get("rotation") or {}).get(axis)) for axis in ("pan", "tilt", "roll")]


def _fiz(sample: dict[str, Any], kind: str) -> list[float]:
    said = (sample.get("lens") or {}).get(kind) or {}
    return [_number(said.get(ring)) for ring in ("focus", "iris", "zoom")]


def _status(sample: dict[str, Any]) -> str:
    return str((sample.get("tracker") or {}).get("status", "")).casefold()


def _number(value: Any) -> float:
    return UNKNOWN if value is None else float(value)


def _extra(first: dict[str, Any]) -> dict[str, Any]:
    lens = first.get("lens") or {}
    kept = {
        name: lens[name] for name in ("distortion", "distortionOffset", "projectionOffset", "exposureFalloff") if lens.get(name)
    }
    for name in ("static", "globalStage", "tracker", "custom"):
        if first.get(name):
            kept[name] = first[name]
    return kept
