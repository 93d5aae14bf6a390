"""A composition playlist: identifiers, virtual tracks, resources, edit units and essence descriptors (SMPTE ST 2067-3, ST 2067-2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.quality.finding import Finding, Severity
from answerprint.quality.imf.application import check_application
from answerprint.quality.imf.document import Document, child, children, identifier, local, rational, text, whole

_NAMESPACES = tuple(f"http://www.smpte-ra.org/schemas/2067-3/{year}" for year in (2013, 2016))
_SAME = {
    "ContainerFormat", "PictureCompression", "FrameLayout", "SampleRate", "StoredWidth", "StoredHeight", "DisplayWidth", "DisplayHeight",
    "ColorPrimaries", "TransferCharacteristic", "CodingEquations", "ComponentDepth", "HorizontalSubsampling", "AudioSampleRate",
    "ChannelCount", "QuantizationBits",
}  # fmt: skip
"""Fields that a virtual track keeps from its first frame to its last (ST 2067-2, homogeneous image and audio essence)."""


@dataclass
class Resource:
    """One resource of a virtual track, as ST 2067-3, 6.11 reads it; durations are in its own edit units."""

    name: str
    rate: Fraction
    entry: int
    duration: int
    intrinsic: int
    repeat: int
    encoding: uuid.UUID | None
    file: uuid.UUID | None

    @property
    def seconds(self) -> Fraction:
        return self.duration * self.repeat / self.rate


@dataclass
class Track:
    """A virtual track: its kind and its resources, by segment."""

    kind: str
    segments: list[list[Resource]] = field(default_factory=list)


def check_composition(document: Document, key: uuid.UUID | None, files: Mapping[uuid.UUID, Path], where: str) -> Iterator[Finding]:
    """Every rule on one composition. ``key`` is what the asset map calls it; ``files`` are all mapped assets."""
    return _Check(document, key, files, where).findings()


class _Check:
    def __init__(self, document: Document, key: uuid.UUID | None, files: Mapping[uuid.UUID, Path], where: str) -> None:
        self.document, self.root, self.key, self.files, self.where = document, document.root, key, files, where
        self.rate = Fraction(24)
        self.tracks: dict[uuid.UUID, Track] = {}
        self.descriptors: dict[uuid.UUID, Any] = {}
        self.said: set[uuid.UUID] = set()

    def _say(self, code: str, severity: Severity, message: str, figure: float | None = None) -> Finding:
        return Finding(code, severity, f"{self.document.path.name}: {message}", self.where, None, figure)

    def findings(self) -> Iterator[Finding]:
        if self.document.namespace not in _NAMESPACES:
            yield self._say(
                "imf-cpl", "fail", f"namespace {self.document.namespace or 'missing'} is none of ST 2067-3 that is known"
            )
            return
        own = identifier(text(self.root, "Id"))
        if own is None or own != self.key:
            yield self._say("imf-cpl", "fail", f"calls itself {text(self.root, 'Id')[:60] or 'nothing'}, the asset map {self.key}")
        for needed in ("IssueDate", "ContentTitle", "EditRate", "SegmentList"):
            if child(self.root, needed) is None:
                yield self._say("imf-cpl", "fail", f"{needed} is missing (ST 2067-3, 6.1)")
        rate = rational(text(self.root, "EditRate"))
        if rate is None:
            yield self._say("imf-cpl", "fail", f"EditRate {text(self.root, 'EditRate')[:40]!r} is no rate (ST 2067-3, 6.1.10)")
            return
        self.rate = rate
        if child(self.root, "Signature") is not None:
            yield self._say("imf-signature", "info", "is signed; the signature was not checked")
        yield from self._identities()
        yield from self._descriptors()
        segments = children(child(self.root, "SegmentList"), "Segment")
        for number, segment in enumerate(segments, start=1):
            yield from self._segment(number, segment)
        yield from self._whole(len(segments))
        yield from check_application(self.root, self.rate, self._main_image(), self._say)

    def _identities(self) -> Iterator[Finding]:
        """Identifiers of segments, sequences and resources are UUIDs and each stands for one thing."""
        for element in self.root.iter():
            if local(element) not in ("Segment", "Resource") and not local(element).endswith("Sequence"):
                continue
            key = identifier(text(element, "Id"))
            if key is None or key in self.said:
                problem = "is used twice" if key else "is no urn:uuid"
                yield self._say("imf-cpl", "fail", f"{local(element)} Id {text(element, 'Id')[:60]!r} {problem} (ST 2067-3, 6)")
            else:
                self.said.add(key)

    def _descriptors(self) -> Iterator[Finding]:
        for one in children(child(self.root, "EssenceDescriptorList"), "EssenceDescriptor"):
            key = identifier(text(one, "Id"))
            if key is None or key in self.descriptors:
                yield self._say(
                    "imf-descriptor", "fail", f"EssenceDescriptor Id {text(one, 'Id')[:60]!r} is no urn:uuid or used twice"
                )
                continue
            self.descriptors[key] = next((part for part in one if local(part) != "Id"), one)

    def _segment(self, number: int, segment: Any) -> Iterator[Finding]:
        lengths: dict[str, Fraction] = {}
        for sequence in child(segment, "SequenceList") if child(segment, "SequenceList") is not None else ():
            kind, key = local(sequence), identifier(text(sequence, "TrackId"))
            if key is None:
                yield self._say("imf-track", "fail", f"segment {number}: {kind} has no TrackId (ST 2067-3, 6.9)")
                continue
            track = self.tracks.setdefault(key, Track(kind))
            if track.kind != kind:
                yield self._say("imf-track", "fail", f"virtual track {key} is {track.kind} and {kind} (ST 2067-3, 6.9.2)")
            if len(track.segments) >= number:
                yield self._say("imf-track", "fail", f"segment {number} holds virtual track {key} twice (ST 2067-3, 6.9.2)")
                continue
            resources: list[Resource] = []
            for element in children(child(sequence, "ResourceList"), "Resource"):
                yield from self._resource(number, kind, element, resources)
            track.segments.append(resources)
            if resources and kind != "MarkerSequence":
                lengths[f"{kind} {str(key)[:8]}"] = sum((r.seconds for r in resources), Fraction(0))
        yield from self._lengths(number, lengths)

    def _lengths(self, number: int, lengths: dict[str, Fraction]) -> Iterator[Finding]:
        """All sequences of a segment last equally long, a whole number of the composition's edit units (ST 2067-3, 6.8)."""
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} {float(length * self.rate):.4g} edit units" for name, length in lengths.items())
            yield self._say("imf-edit-unit", "fail", f"segment {number}: its sequences last differently: {said} (ST 2067-3, 6.8)")
        for name, length in lengths.items():
            units = length * self.rate
            if units.denominator != 1:
                message = (
                    f"segment {number}: {name} lasts {float(units):.4f} edit units, which is not a whole number (ST 2067-3, 6.8)"
                )
                yield self._say("imf-edit-unit", "fail", message, float(units))

    def _resource(self, segment: int, kind: str, element: Any, into: list[Resource]) -> Iterator[Finding]:
        label = f"segment {segment}, {kind} resource {text(element, 'Id')[-12:]}"
        said = text(element, "EditRate")
        rate = rational(said) if said else self.rate
        intrinsic, entry = whole(text(element, "IntrinsicDuration")), whole(text(element, "EntryPoint", default="0"))
        repeat = whole(text(element, "RepeatCount", default="1"))
        if rate is None or intrinsic is None or entry is None or not repeat:
            yield self._say(
                "imf-resource", "fail", f"{label}: a duration, entry point, repeat count or rate is no number (ST 2067-3, 6.11)"
            )
            return
        duration = whole(text(element, "SourceDuration", default=str(max(0, intrinsic - entry))))
        if duration is None or duration == 0 or entry + duration > intrinsic:
            message = f"{label}: entry {entry} and duration {duration} reach beyond its {intrinsic} edit units (ST 2067-3, 6.11)"
            yield self._say("imf-resource", "fail", message)
            return
        made = Resource(
            label,
            rate,
            entry,
            duration,
            intrinsic,
            repeat,
            identifier(text(element, "SourceEncoding")),
            identifier(text(element, "TrackFileId")),
        )
        into.append(made)
        if kind == "MainImageSequence" and rate != self.rate:
            yield self._say(
                "imf-edit-unit", "fail", f"{label}: its edit rate {rate} is not the composition's {self.rate} (ST 2067-2)"
            )
        if kind == "MarkerSequence":
            return
        if made.encoding is None or made.encoding not in self.descriptors:
            yield self._say("imf-descriptor", "fail", f"{label}: its SourceEncoding names no essence descriptor (ST 2067-3, 6.11)")
        elif (length := whole(text(self.descriptors[made.encoding], "EssenceLength"))) is not None and length != intrinsic:
            message = f"{label}: {intrinsic} edit units, its essence descriptor says {length}"
            yield self._say("imf-descriptor", "warn", message, float(length))
        if made.file is None:
            yield self._say("imf-resource", "fail", f"{label}: its TrackFileId is no urn:uuid (ST 2067-3, 6.11)")
        elif made.file not in self.files:
            yield self._say("imf-file", "warn", f"{label}: track file {made.file} is in another package (a supplemental one?)")

    def _whole(self, segments: int) -> Iterator[Finding]:
        if not segments:
            yield self._say("imf-track", "fail", "has no segment (ST 2067-3, 6.8)")
        for key, track in self.tracks.items():
            if len(track.segments) != segments:
                message = f"virtual track {key} is in {len(track.segments)} of {segments} segments (ST 2067-3, 6.9.2)"
                yield self._say("imf-track", "fail", message)
            yield from self._homogeneous(key, track)
        images = [key for key, track in self.tracks.items() if track.kind == "MainImageSequence"]
        if len(images) != 1:
            yield self._say(
                "imf-track", "fail", f"has {len(images)} main image tracks instead of one (ST 2067-2)", float(len(images))
            )
        used = {r.encoding for track in self.tracks.values() for part in track.segments for r in part}
        for key in self.descriptors:
            if key not in used:
                yield self._say("imf-descriptor", "fail", f"essence descriptor {key} is used by no resource (ST 2067-3, 6.1.9)")

    def _homogeneous(self, key: uuid.UUID, track: Track) -> Iterator[Finding]:
        known = {
            r.encoding: self.descriptors[r.encoding] for part in track.segments for r in part if r.encoding in self.descriptors
        }
        values: dict[str, set[str]] = {}
        for descriptor in known.values():
            for element in descriptor:
                if local(element) in _SAME and element.text:
                    values.setdefault(local(element), set()).add(element.text.strip())
        changing = sorted(name for name, found in values.items() if len(found) > 1)
        if changing or len({local(d) for d in known.values()}) > 1:
            what = ", ".join(changing) or "kind of descriptor"
            yield self._say("imf-descriptor", "fail", f"{track.kind} {key}: {what} changes within the track (ST 2067-2)")

    def _main_image(self) -> list[Any]:
        used = [r.encoding for t in self.tracks.values() if t.kind == "MainImageSequence" for part in t.segments for r in part]
        return [self.descriptors[key] for key in dict.fromkeys(used) if key in self.descriptors]
