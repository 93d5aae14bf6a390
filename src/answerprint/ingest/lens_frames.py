"""What camera and lens wrote for each frame: focal length, focus, stop, entrance pupil, of ARRI, Sony, RED, Canon, Blackmagic.

Each maker has its own columns, units and marks for "no value"; here they become metres, millimetres and stop numbers. The
columns are those of the makers' own extraction tools: ARRI Meta Extract, Sony RAW Viewer, REDline --printMeta 5, Canon
XF Utility, Blackmagic RAW SDK.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.tables import rows_of
from answerprint.ingest.tracking.units import UNKNOWN, angle, distance, number, stop_number
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, Timecode, frame_rate

Row = dict[str, str]
_MARKS = {
    "ARRI": {"lens focus distance", "lens focal length"},
    "RED": {"frameno", "focus distance", "focal length"},
    "Canon": {"focusposition", "focallength", "aperturenumber"},
    "Sony": {"focal length (mm)", "focus distance (ft)"},
}
"""What a header must hold for its maker to be known."""


def maker_of(header: list[str]) -> str | None:
    """Whose per-frame lens table has this header; None where nobody's does."""
    have = {cell.strip().casefold() for cell in header}
    return next((maker for maker, marks in _MARKS.items() if marks <= have), None)


def read_lens_frames(path: Path, rate: Any = None) -> CameraTrack:
    """A maker's per-frame table, or a Blackmagic clip listing, as a track without positions.

    ``rate`` is frames in a second where the table does not say. Raises BadInput for a table of no known maker and for
    cells that are no numbers, with their row.
    """
    text = read_text(path)
    if text.lstrip().startswith("Clip Metadata"):
        return _blackmagic(text)
    rows = rows_of(path)
    header = [cell.strip().casefold() for cell in rows[0]]
    maker = maker_of(rows[0])
    if maker is None:
        raise BadInput(path, "is no per-frame lens table of a maker we know", f"known: {', '.join(_MARKS)}, Blackmagic")
    table: list[Row] = []
    for line in rows[1:]:
        cells: Row = {}
        for name, cell in zip(header, line, strict=False):
            cells.setdefault(name, cell.strip())
        table.append(cells)
    columns: dict[str, list[Any]] = {}
    for index, row in enumerate(table):
        try:
            for field, value in _READERS[maker](row).items():
                columns.setdefault(field, []).append(value)
        except (ValueError, ZeroDivisionError) as error:
            raise BadInput(path, f"row {index + 1}: {error}", "extract the metadata again") from None
    return _track(maker, table, columns, rate)


def _track(maker: str, table: list[Row], columns: dict[str, list[Any]], rate: Any) -> CameraTrack:
    said = rate or next((table[0][c] for c in ("project fps", "fps", "frame rate") if table[0].get(c)), None)
    problems, start, exact = [], None, frame_rate(said) if said else None
    label = next((table[0][c] for c in ("master tc", "timecode") if table[0].get(c)), "")
    if exact and label:
        try:
            start = Timecode.parse(label.zfill(11), exact)
        except BadInput as error:
            problems.append(f"its timecode cannot be read ({error.reason})")
    if exact is None:
        problems.append("says no frame rate: samples are counted in frames")
    turns = columns.pop("rotation", None)
    if turns is not None and (lost := sum(turn[1] != turn[1] for turn in turns)):
        problems.append(f"camera tilt is unknown on {lost} of {len(turns)} frames")
    clock = "frames" if exact is None else "from the first frame"
    extra = {"camera": table[0].get("camera model", ""), "lens": table[0].get("lens model", "")}
    return CameraTrack.of(
        [Fraction(i) / (exact or 1) for i in range(len(table))], rotation=turns, device=maker, clock=clock, rate=exact, start=start,
        problems=tuple(problems), label=table[0].get("camera index", ""), extra={k: v for k, v in extra.items() if v}, **columns,
    )  # fmt: skip


def _arri(row: Row) -> dict[str, Any]:
    unit = "ft" if row.get("lens distance unit", "meter").casefold().startswith(("f", "i")) else "m"
    linear = number(row.get("lens linear iris"))
    # Thousandths of a stop from T1 plus 1000; the printed iris is rounded to tenths.
    stop = 2 ** ((linear - 1000) / 2000) if linear > 0 else stop_number(row.get("lens iris"))
    return {
        "focus_distance_m": _above_zero(distance(row.get("lens focus distance"), unit)),
        "focal_length_mm": _above_zero(number(row.get("lens focal length"))),
        "t_stop": stop,
        "raw_encoders": [_above_zero(number(row.get(f"rawencoder{ring} rawlds"))) for ring in ("focus", "iris", "focal")],
        "rotation": [UNKNOWN, angle(row.get("camera tilt"), 180.0), angle(row.get("camera roll"), 180.0)],
    }


def _sony(row: Row) -> dict[str, Any]:
    return {
        "focus_distance_m": _above_zero(distance(row.get("focus distance (ft)"), "ft")),
        "focal_length_mm": _above_zero(number(row.get("focal length (mm)"))),
        "t_stop": stop_number(row.get("aperture")),
    }


def _red(row: Row) -> dict[str, Any]:
    pupil, stop = _cooke(row.get("cooke metadata", ""))
    known = stop == stop
    return {
        "focus_distance_m": _above_zero(distance(row.get("focus distance"), "mm")),
        "focal_length_mm": _above_zero(number(row.get("focal length"))),
        "t_stop": stop,
        "f_stop": UNKNOWN if known else stop_number(row.get("aperture")),
        "entrance_pupil_offset_m": pupil,
    }


def _canon(row: Row) -> dict[str, Any]:
    stop = _ratio(row.get("aperturenumber", ""))
    as_t = row.get("aperturemode", "").strip() == "2"
    focus = row.get("focusposition", "").strip()
    metres = struct.unpack(">f", bytes.fromhex(focus))[0] if len(focus) == 8 else UNKNOWN
    return {
        "focus_distance_m": _above_zero(metres),
        "focal_length_mm": _ratio(row.get("focallength", "")),
        "t_stop": stop if as_t else UNKNOWN,
        "f_stop": UNKNOWN if as_t else stop,
    }


_READERS: dict[str, Callable[[Row], dict[str, Any]]] = {"ARRI": _arri, "Sony": _sony, "RED": _red, "Canon": _canon}


def _blackmagic(text: str) -> CameraTrack:
    """A clip listing: the values of each "Frame N Metadata" block, the clip's own where a frame says nothing."""
    blocks = re.split(r"^Frame (\d+) Metadata$", text, flags=re.MULTILINE)
    clip = _pairs(blocks[0])
    frames = [(int(n), _pairs(body)) for n, body in zip(blocks[1::2], blocks[2::2], strict=True)] or [(0, clip)]
    found = re.match(r"(\d+),(\d+)", frames[0][1].get("sensor_rate", ""))
    rate = Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None
    return CameraTrack.of(
        [Fraction(n) / (rate or 1) for n, _ in frames],
        focal_length_mm=[_above_zero(number(f.get("focal_length"))) for _, f in frames],
        focus_distance_m=[_above_zero(distance(f.get("distance"), "mm")) for _, f in frames],
        t_stop=[stop_number(f.get("aperture")) if f.get("aperture", "").upper().startswith("T") else UNKNOWN for _, f in frames],
        f_stop=[UNKNOWN if f.get("aperture", "").upper().startswith("T") else stop_number(f.get("aperture", "").lstrip("f/")) for _, f in frames],
        device="Blackmagic", label=clip.get("camera_number", ""), rate=rate, clock="from the first frame" if rate else "frames",
        extra={"camera": clip.get("camera_type", ""), "lens": clip.get("lens_type", "")},
    )  # fmt: skip


def _pairs(text: str) -> Row:
    return {key.strip(): value.strip() for key, colon, value in (line.partition(":") for line in text.split("\n")) if colon}


def _cooke(said: str) -> tuple[float, float]:
    """Entrance pupil in metres and T-stop from a Cooke /i packet, written as hex bytes between slashes.

    Cooke "/i Technology" packs six bits a byte: hundredths of a stop number in bytes 5 and 6, the pupil in mm in 25 and 26.
    """
    octets = bytes(int(part, 16) for part in said.split("/")) if said else b""
    if len(octets) < 27:
        return UNKNOWN, UNKNOWN
    stop = ((octets[5] & 0x3F) << 6 | octets[6] & 0x3F) / 100.0
    pupil = ((octets[25] & 0x0F) << 6 | octets[26] & 0x3F) * (-1 if octets[25] & 0x20 else 1)
    return pupil / 1000.0, stop if stop > 0 else UNKNOWN


def _ratio(said: str) -> float:
    """Canon's rationals; 65535/65535 is its mark for no value."""
    top, slash, bottom = said.partition("/")
    if not top.strip() or said.strip() == "65535/65535":
        return UNKNOWN
    return _above_zero(float(top) / (float(bottom) if slash else 1.0))


def _above_zero(value: float) -> float:
    return value if value > 0 else UNKNOWN
