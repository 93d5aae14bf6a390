"""Colour spaces: which one a picture is in, and the way from its code values to the working space and back.

The working space is scene-linear ACEScg (AP1 primaries, ACES white), float32, 1.0 = perfect diffuser, not clamped.

What a picture is taken for when nobody says otherwise (``default_space``):

======================================  ================================================================
EXR, float TIFF                         what its tag or chromaticities say, of any primaries, else Linear
                                        Rec.709 (OpenEXR: absent chromaticities mean Rec.709 primaries)
DPX, header says printing density/log   ADX10 (10-bit) or ADX16: the film density encodings of the configuration
DPX, header says linear / Rec.709       Linear Rec.709 / Camera Rec.709
DPX without a word, PNG, JPEG, TIFF     sRGB Encoded Rec.709 (sRGB)
movie tagged BT.709, BT.601 or nothing  Camera Rec.709: scene light by the inverse of the ITU-R BT.709-6 camera
                                        curve, so that exposure and colour temperature behave as on set
movie tagged sRGB, PQ, HLG, log         the space of that name
======================================  ================================================================
"""

from __future__ import annotations

import difflib
import re
from functools import cache

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from answerprint.colour.config import CONFIG_NAME, config
from answerprint.colour.primaries import canonical, is_by_primaries
from answerprint.colour.transform import Picture, cpu_between, run
from answerprint.production import BadInput

WORKING = "ACEScg"
GRADING = "ACEScct"
SRGB = "sRGB Encoded Rec.709 (sRGB)"
LINEAR_709 = "Linear Rec.709 (sRGB)"
CAMERA_709 = "Camera Rec.709"

# Tags of containers and headers that are not names or aliases in the configuration, reduced to letters and digits.
# Movies: the transfer names of ITU-T H.273, as FFmpeg spells them. DPX: the transfer names of SMPTE ST 268.
_TAGS = {
    "bt709": CAMERA_709,
    "rec709": CAMERA_709,
    "itu709": CAMERA_709,
    "itur709": CAMERA_709,
    "ccir7091": CAMERA_709,
    "smpte170m": CAMERA_709,
    "bt601": CAMERA_709,
    "rec601": CAMERA_709,
    "gamma": "Gamma 2.2 Encoded Rec.709",
    "iec6196621": SRGB,
    "srgb": SRGB,
    "gamma22": "Gamma 2.2 Encoded Rec.709",
    "bt470m": "Gamma 2.2 Encoded Rec.709",
    "linear": LINEAR_709,
    "lin": LINEAR_709,
    "linrec709": LINEAR_709,
    "linsrgb": LINEAR_709,
    "smpte2084": "Rec.2100-PQ - Display",
    "pq": "Rec.2100-PQ - Display",
    "aribstdb67": "Rec.2100-HLG - Display",
    "hlg": "Rec.2100-HLG - Display",
    "rec2020": "Linear Rec.2020",
    "p3d65": "Linear P3-D65",
    "ap0": "ACES2065-1",
    "ap1": WORKING,
    "aces20651": "ACES2065-1",
    "xyz": "CIE XYZ-D65 - Scene-referred",
    # Log encodings as cameras, menus and reports name them. S-Log3 alone is taken with S-Gamut3.Cine, its usual gamut.
    "logc": "ARRI LogC3 (EI800)",
    "logc3": "ARRI LogC3 (EI800)",
    "arrilogc": "ARRI LogC3 (EI800)",
    "arrilogc3": "ARRI LogC3 (EI800)",
    "logc3awg3": "ARRI LogC3 (EI800)",
    "logc4": "ARRI LogC4",
    "logc4awg4": "ARRI LogC4",
    "slog3": "S-Log3 S-Gamut3.Cine",
    "sonyslog3": "S-Log3 S-Gamut3.Cine",
    "slog3sgamut3cine": "S-Log3 S-Gamut3.Cine",
    "slog3sgamut3": "S-Log3 S-Gamut3",
    "vlog": "V-Log V-Gamut",
    "panasonicvlog": "V-Log V-Gamut",
    "log3g10": "Log3G10 REDWideGamutRGB",
    "redlog3g10": "Log3G10 REDWideGamutRGB",
    "log3g10rwg": "Log3G10 REDWideGamutRGB",
    "canonlog2": "CanonLog2 CinemaGamut D55",
    "clog2": "CanonLog2 CinemaGamut D55",
    "canonlog3": "CanonLog3 CinemaGamut D55",
    "clog3": "CanonLog3 CinemaGamut D55",
    "bmdfilmgen5": "BMDFilm WideGamut Gen5",
    "blackmagicfilmgen5": "BMDFilm WideGamut Gen5",
    "blackmagicdesignfilmgen5": "BMDFilm WideGamut Gen5",
    "davinciintermediate": "DaVinci Intermediate WideGamut",
    "applelog": "Apple Log",
    "dlog": "D-Log D-Gamut",
    "djidlog": "D-Log D-Gamut",
    "1": CAMERA_709,
    "6": CAMERA_709,
    "8": LINEAR_709,
    "13": SRGB,
    "16": "Rec.2100-PQ - Display",
    "18": "Rec.2100-HLG - Display",
}
_NOTHING = {"", "unspecified", "unknown", "reserved", "none", "undefined", "userdefined", "2", "0"}
_FILM_LOG = {"printingdensity", "logarithmic", "log", "cineon", "kodaklog"}


def resolve_space(name: str) -> str:
    """The configuration's own name for a colour space given by name, alias, role or interchange identifier.

    Raises BadInput for a name the configuration does not have, with the nearest ones.
    """
    if is_by_primaries(name):
        return canonical(name)
    known = _names()
    found = known.get(name.strip().lower()) or known.get(_plain(name)) or _TAGS.get(_plain(name))
    if found:
        return found
    near = difflib.get_close_matches(name.lower(), list(known), n=6, cutoff=0.45)
    suggestions = ", ".join(dict.fromkeys(known[n] for n in near)) or "ACEScg, ARRI LogC4, Camera Rec.709"
    raise BadInput(f"colour space {name!r}", f"is not in {CONFIG_NAME}", f"did you mean one of: {suggestions}")


def default_space(storage: str, file_format: str, colour_tag: str | None) -> str:
    """The space a picture is in when no one names it (table at the head of this file).

    ``storage`` is uint8, uint10, uint12, uint16, half or float; ``file_format`` is exr, dpx, tiff, png, jpeg or movie;
    ``colour_tag`` is what the file says of itself: a name, ``colorInteropID``, or a transfer or primaries name.
    A tag we do not know raises BadInput in a movie or an EXR, where guessing would change the light; elsewhere the
    format's usual space stands.
    """
    kind, tag = file_format.lower(), _plain(colour_tag or "")
    floating = storage in ("half", "float")
    if kind == "dpx" and tag in _FILM_LOG:
        return "ADX16" if storage == "uint16" else "ADX10"
    usual = CAMERA_709 if kind == "movie" else LINEAR_709 if floating or kind == "exr" else SRGB
    if tag in _NOTHING:
        return usual
    if floating and tag in ("rec709", "bt709", "srgb"):
        return LINEAR_709
    try:
        return resolve_space(colour_tag or "")
    except BadInput:
        if kind not in ("movie", "exr"):
            return usual
        raise BadInput(
            f"colour tag {colour_tag!r}",
            f"names no colour space of {CONFIG_NAME}",
            "name the footage's space with --set input_space=NAME",
        ) from None


def to_working(codes: NDArray[np.generic], space: str) -> Picture:
    """Native code values (..., 3) of ``space`` as scene-linear ACEScg, float32.

    Integers are divided by the largest value of their type (255, 65535); half and float values are taken as they are.
    A pixel with a NaN stays NaN (in all three channels, since primaries mix them); nothing is clamped.
    """
    values = np.asarray(codes, dtype=np.float32)
    if codes.dtype.kind == "u":
        values = values / np.float32(2 ** (8 * codes.dtype.itemsize) - 1)
    name = resolve_space(space)
    return values if name == WORKING else run(cpu_between(name, WORKING), values)


def from_working(rgb: NDArray[np.floating], space: str, dtype: np.typing.DTypeLike) -> NDArray[np.generic]:
    """Scene-linear ACEScg (..., 3) as native code values of ``space``: the inverse of ``to_working``.

    Integers are rounded half to even and kept within the range of their type (a NaN becomes 0); half is kept within
    ±65504 so that a bright light does not turn into infinity; float32 is not limited.
    """
    name = resolve_space(space)
    values = np.asarray(rgb, dtype=np.float32) if name == WORKING else run(cpu_between(WORKING, name), rgb)
    target = np.dtype(dtype)
    if target.kind == "u":
        top = np.iinfo(target).max
        scaled = np.nan_to_num(values.astype(np.float64) * top, nan=0.0, posinf=top, neginf=0.0)
        return np.clip(np.rint(scaled), 0, top).astype(target)
    if target == np.float16:
        infinite = np.isinf(values)
        limited = np.where(infinite, values, np.clip(values, -65504, 65504))
        return limited.astype(np.float16)
    return values.astype(target)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def _names() -> dict[str, str]:
    """Lower-case names, aliases, roles and interchange identifiers, each with the canonical name it means."""
    found: dict[str, str] = {}
    for space in config().getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL):
        own = str(space.getName())
        for label in (own, *space.getAliases(), space.getInteropID()):
            if label:
                found.setdefault(label.lower(), own)
                if label not in ("none", "aces") and "display" not in label.lower():
                    found.setdefault(_plain(label), own)
    for role, own in config().getRoles():
        found.setdefault(role.lower(), config().getCanonicalName(own))
    return found
