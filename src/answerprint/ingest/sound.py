"""Production sound: BWF files with what their bext and iXML chunks say."""

from __future__ import annotations

from pathlib import Path

from answerprint.ingest.material import IngestedFile
from answerprint.media.sound import read_sound_header


def read_sound(path: Path) -> IngestedFile:
    """Probe a BWF."""
    header = read_sound_header(path)
    timecode = header.timecode()
    file = IngestedFile(path, "sound", scene=header.scene or "", take=header.take or "", timecode=str(timecode) if timecode else "")
    file.metadata = {
        "sample_rate": header.sample_rate,
        "channels": header.channels,
        "bits": header.bits,
        "seconds": float(header.seconds),
        "time_reference": header.time_reference,
        "tape": header.tape or "",
        "recorded": (header.origination or "").split(" ")[0],
        "tracks": [{"channel": number, "name": name} for number, name in header.tracks],
        "timecode_rate": str(header.timecode_rate) if header.timecode_rate else "",
    }
    if header.time_reference is None:
        file.problems.append("no bext time reference: it cannot be synchronised by timecode")
    return file
