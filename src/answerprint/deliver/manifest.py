"""What is in a package, for a person (MANIFEST.txt) and for a program (manifest.json)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from answerprint.deliver.delivery import DeliveryShot
from answerprint.deliver.laid import Laid, LaidShot, Run
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

JSON_NAME = "manifest.json"
TEXT_NAME = "MANIFEST.txt"
FORMAT = "answerprint-delivery/1"


def pictures_digest(pictures: list[str]) -> str:
    """One digest over a shot's pixel digests in order: equal where every picture is equal."""
    return hashlib.sha256("\n".join(pictures).encode()).hexdigest()


def plate_digest(shot: DeliveryShot) -> str:
    """One digest over the original and which frames of it are delivered."""
    return pictures_digest([shot.digest, f"{shot.frames.start}-{shot.frames.end}"])


def write_manifest(
    laid: Laid, receiver: Receiver, template: str, digests: Mapping[str, str], numbers: Mapping[str, int], kept: list[str]
) -> dict[str, Any]:
    """Write both forms and return the document. ``digests`` are the shots' pictures digests by shot name; ``kept`` the artist's files."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "receiver": receiver.name,
        "production": laid.production,
        "title": laid.title,
        "rate": str(laid.rate),
        "template": template,
        "colour_configuration": laid.config,
        "shots": [_shot(one, digests[one.shot.name], numbers[one.shot.name]) for one in laid.shots],
        "missing": [{"event": event.number, "reel": event.reel, "reason": reason} for event, reason in laid.missing],
        "edits": laid.edits,
        "grades": laid.grades,
        "editorial": laid.editorial,
        "not_carried": {
            name: [f"{x.what} ({x.where}{f', {x.count} times' if x.count > 1 else ''})" for x in lost]
            for name, lost in laid.lost.items()
        },
        "attention": [*receiver.notes, *laid.attention],
        "kept": kept,
    }
    write_atomically(laid.folder / JSON_NAME, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    write_atomically(laid.folder / TEXT_NAME, "\n".join(_lines(document, receiver)) + "\n")
    return document


def read_manifest(package: Path) -> dict[str, Any]:
    """The document of an earlier package, or nothing where there is none that we wrote."""
    try:
        document = json.loads((package / JSON_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) and document.get("format") == FORMAT else {}


def _shot(laid: LaidShot, digest: str, number: int) -> dict[str, Any]:
    shot = laid.shot
    return {
        "shot": shot.name,
        "name": laid.name,
        "event": shot.event.number,
        "clip": shot.clip,
        "reel": shot.event.reel,
        "made_by": shot.task if shot.folder is not None else "pulled as shot",
        "version": shot.version,
        "approved_by": shot.approved_by,
        "size": f"{laid.width}x{laid.height}",
        "numbers": [laid.first, laid.last],
        "cut_numbers": [laid.number(shot.cut.start), laid.number(shot.cut.end - 1)],
        "source_timecode": str(shot.start + shot.frames.start),
        "record_timecode": str(shot.event.record_in),
        "frames": _run(laid.frames),
        "plate": _run(laid.plate),
        "layers": {name: _run(run) for name, run in laid.layers.items()},
        "movie": laid.movie or None,
        "movie_space": laid.movie_space or None,
        "movie_codec": laid.movie_codec or None,
        "grade": bool(shot.grade),
        "creative_grade": shot.event.cdl is not None,
        "left_as_shot": [laid.number(frame) for frame in shot.refused],
        "delivered_version": number,
        "pictures_digest": digest,
        "plate_version": laid.plate_version,
        "plate_digest": plate_digest(shot),
    }


def _run(run: Run | None) -> dict[str, Any] | None:
    return None if run is None else {"path": f"{run.folder}/{run.bracket}", "colour_space": run.space}


def _lines(document: dict[str, Any], receiver: Receiver) -> list[str]:
    lines = [
        f"{document['title']}: package for {receiver.title}",
        f"holds {receiver.gets}",
        f"{document['rate']} frames per second; first delivered frame carries its handles; colour by {document['colour_configuration'] or 'no configuration'}",
        "",
    ]
    for shot in document["shots"]:
        first, last = shot["numbers"]
        cut_in, cut_out = shot["cut_numbers"]
        lines.append(f"{shot['name']}   event {shot['event']:03d}, {shot['size']}, {shot['made_by']}")
        lines.append(
            f"    frames {first}-{last}, in the cut {cut_in}-{cut_out}; reel {shot['reel']}, from {shot['source_timecode']}, record {shot['record_timecode']}"
        )
        if shot["approved_by"]:
            lines.append(f"    {shot['version']}, approved by {shot['approved_by']}")
        for label in ("frames", "plate"):
            if shot[label]:
                lines.append(f"    {label:8} {shot[label]['path']}   {shot[label]['colour_space']}")
        lines += [f"    {name:8} {run['path']}   {run['colour_space']}" for name, run in shot["layers"].items()]
        if shot["movie"]:
            lines.append(f"    movie    {shot['movie']}   {shot['movie_codec']}, {shot['movie_space']}")
        if shot["left_as_shot"]:
            lines.append(
                f"    {len(shot['left_as_shot'])} frames left as shot (a performer would have changed): {_ranges(shot['left_as_shot'])}"
            )
        lines.append("")
    for name in ("edits", "grades"):
        lines += [f"{name[:-1]:8} {path}" for path in document[name]]
    lines += [f"{'paper' if path.count('/') == 1 else 'bin':8} {path}" for path in document["editorial"]]
    for one in document["missing"]:
        lines.append(f"missing  event {one['event']:03d}, reel {one['reel']}: {one['reason']}")
    for edit, lost in document["not_carried"].items():
        lines += [f"not in {edit}: {what}" for what in lost]
    lines += [f"note     {line}" for line in document["attention"]]
    lines += [f"kept     {path}   (yours; not written over)" for path in document["kept"]]
    return lines


def _ranges(numbers: list[int]) -> str:
    """Numbers as ranges: 1001-1004, 1009."""
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in out)
