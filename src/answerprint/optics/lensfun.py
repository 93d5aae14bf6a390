"""Lenses of the lensfun database (stills lenses, measured by its contributors), read into our lens record.

The database is CC BY-SA 3.0 and is not part of Answerprint: the studio points at its own copy, and the attribution goes
with the record. Models and their units: https://lensfun.github.io/calibration-tutorial/lens-distortion.html. Distortion
and lateral colour count the radius in halves of the calibration frame's short side, vignetting in halves of its diagonal.
Distortion has no focus in this database, so there is no breathing in what comes from it.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe_xml
import numpy as np
from defusedxml import DefusedXmlException

from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Lens
from answerprint.optics.radial_polynomial import RadialPolynomial
from answerprint.optics.table import Row, Table
from answerprint.production import BadInput

ATTRIBUTION = (
    "lensfun database (https://lensfun.github.io), its contributors, CC BY-SA 3.0: name it and share alike what is derived"
)
_FULL_FRAME_DIAGONAL_MM = float(np.hypot(36.0, 24.0))


def lensfun_lenses(path: Path) -> list[str]:
    """The names ("maker model") of all lenses in a database file that have a calibration."""
    return [_name(node) for node in _lenses(path) if node.find("calibration") is not None]


def read_lensfun(path: Path, name: str) -> Lens:
    """One lens of a database file by its name or a part of it that fits only one.

    Raises BadInput for a file that is no database, a name that fits none or several, and fisheye lenses (their projection
    is another than the record's tables are made for).
    """
    nodes = [node for node in _lenses(path) if node.find("calibration") is not None]
    fitting = [node for node in nodes if name.casefold() in _name(node).casefold()]
    exact = [node for node in fitting if name.casefold() in (_name(node).casefold(), (node.findtext("model") or "").casefold())]
    fitting = exact or fitting
    if len(fitting) != 1:
        which = "none" if not fitting else ", ".join(_name(node) for node in fitting[:5])
        raise BadInput(path, f"the name {name!r} fits {which}", "give a name that fits one lens of the file")
    kind = fitting[0].findtext("type", "rectilinear")
    if kind != "rectilinear":
        raise BadInput(path, f"{name} is a {kind} lens", "only rectilinear lenses are read from this database")
    try:
        return _lens(fitting[0])
    except (KeyError, ValueError, ArithmeticError) as fault:
        raise BadInput(path, f"the calibration of {name} cannot be used ({fault})", "take another copy of the database") from None


def _lenses(path: Path) -> list[Element]:
    try:
        root = safe_xml.parse(str(path)).getroot()
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except (ParseError, DefusedXmlException, LookupError, ValueError) as fault:
        raise BadInput(path, f"is not a lensfun database ({fault})", "take another copy of the database") from None
    if root.tag != "lensdatabase":
        raise BadInput(path, "is not a lensfun database", "give a file whose first element is lensdatabase")
    return list(root.iter("lens"))


def _name(node: Element) -> str:
    return f"{node.findtext('maker', '')} {node.findtext('model', '')}".strip()


def _lens(node: Element) -> Lens:
    data = node.find("calibration")
    assert data is not None
    diagonal = _FULL_FRAME_DIAGONAL_MM / float(node.findtext("cropfactor", "1"))
    wide, high = (float(v) for v in (*node.findtext("aspect-ratio", "3:2").split(":"), "1")[:2])
    half_short = diagonal / 2 * min(wide, high) / float(np.hypot(wide, high))
    bends = {
        float(d.attrib["focal"]): RadialPolynomial(series=_series(d), unit=half_short / float(d.attrib["focal"]))
        for d in data.iter("distortion")
    }
    colours: dict[tuple[float, ...], tuple[float, ...]] = {(float(t.attrib["focal"]),): _colour(t) for t in data.iter("tca")}
    dark = {_setting(v): tuple(float(v.attrib[k]) for k in ("k1", "k2", "k3")) for v in data.iter("vignetting")}
    focals = sorted({*bends, *(at[0] for at in colours), *(at[0] for at in dark)})
    if not focals:
        raise ValueError("it holds no figures")
    return Lens(
        make=node.findtext("maker", ""),
        model=node.findtext("model", ""),
        pinhole_focal_length=Table.over(("focal_length",), {(f,): (f,) for f in focals}, "logarithmic"),
        distortion=DistortionTable(axes=("focal_length",), settings=tuple(Setting(at=(f,), model=bends[f]) for f in sorted(bends)))
        if bends
        else None,
        lateral_colour=Table.over(("focal_length",), colours) if colours else None,
        lateral_radius=half_short,
        vignetting=Table(
            axes=("focal_length", "f_number", "focus_distance"), rows=tuple(Row(at=a, values=v) for a, v in dark.items())
        )
        if dark
        else None,
        vignetting_radius=diagonal / 2,
        # what was measured holds the natural law too
        cosine_power=0.0 if dark else 4.0,
        source="recorded",
        attribution=ATTRIBUTION,
    )


def _setting(node: Element) -> tuple[float, float, float]:
    return float(node.attrib["focal"]), float(node.attrib["aperture"]), float(node.attrib["distance"])


def _series(node: Element) -> tuple[float, float, float, float, float]:
    def term(name: str) -> float:
        return float(node.get(name, 0.0))

    model = node.get("model")
    if model == "ptlens":
        return (1 - term("a") - term("b") - term("c"), term("c"), term("b"), term("a"), 0.0)
    if model == "poly3":
        return (1 - term("k1"), 0.0, term("k1"), 0.0, 0.0)
    if model == "poly5":
        return (1.0, 0.0, term("k1"), 0.0, term("k2"))
    raise ValueError(f"distortion model {model}")


def _colour(node: Element) -> tuple[float, ...]:
    if node.get("model") == "linear":
        return (float(node.get("kr", 1)), 0.0, 0.0, float(node.get("kb", 1)), 0.0, 0.0)
    if node.get("model") == "poly3":
        return tuple(float(node.get(f"{term}{side}", 1 if term == "v" else 0)) for side in "rb" for term in "vcb")
    raise ValueError(f"lateral colour model {node.get('model')}")
