"""My Virtual Rig (.mvr) and the fixtures in it (.gdtf): where each lamp hangs, its address, its beam.

DIN SPEC 15801 (MVR) and DIN SPEC 15800 (GDTF): zip files with XML; matrices of four rows, three axes and a place in
millimetres, Z up. Read by hand: the libraries there are parse XML from strangers without guarding against its bombs.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe_xml
import numpy as np
from defusedxml import DefusedXmlException
from numpy.typing import NDArray

from answerprint.ingest.lights.record import LightRecord
from answerprint.production import BadInput

_SCENE, _FIXTURE = "GeneralSceneDescription.xml", "description.xml"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ParseError,
    DefusedXmlException,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
)
_LARGEST = 64 << 20
"""Bytes of one file in the plot, unpacked; real scene descriptions have a few megabytes."""


def read_mvr(path: Path) -> tuple[list[LightRecord], list[str]]:
    """Every fixture of the plot, and what is wrong with it. Raises BadInput for what is no MVR."""
    problems: list[str] = []
    try:
        with zipfile.ZipFile(path) as plot:
            root = _xml(plot, _SCENE)
            types: dict[str, dict[str, float]] = {}
            lights: list[LightRecord] = []
            for layer in root.iter("Layer"):
                _walk(layer, np.eye(4), plot, types, lights, problems)
    except _BROKEN as error:
        raise BadInput(path, f"is no MVR plot ({error})", "export the plot again") from None
    return lights, sorted(set(problems))


def read_gdtf(path: Path) -> LightRecord:
    """The fixture that a .gdtf describes, hung nowhere. Raises BadInput for what is no GDTF."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = _xml(archive, _FIXTURE)
            kind = root.find("FixtureType")
            if kind is None:
                raise ValueError("no FixtureType")
            maker, name = kind.get("Manufacturer", ""), kind.get("Name", "")
            return LightRecord(id=path.stem, name=name, fixture=f"{maker} {name}".strip(), **_beam(root))
    except _BROKEN as error:
        raise BadInput(path, f"is no GDTF fixture ({error})", "export it again") from None


def _walk(
    node: Element,
    hung: NDArray[np.float64],
    plot: zipfile.ZipFile,
    types: dict[str, Any],
    lights: list[LightRecord],
    problems: list[str],
) -> None:
    """Every fixture under ``node``; what hangs on a group or truss moves with it."""
    place = hung @ _matrix(node.findtext("Matrix") or "")
    if node.tag == "Fixture":
        lights.append(_light(node, place, plot, types, problems))
    for child in node.findall("ChildList/*"):
        _walk(child, place, plot, types, lights, problems)


def _light(
    node: Element, place: NDArray[np.float64], plot: zipfile.ZipFile, types: dict[str, Any], problems: list[str]
) -> LightRecord:
    spec = (node.findtext("GDTFSpec") or "").strip()
    if spec and spec not in types:
        types[spec] = _described(plot, spec, problems)
    universe, address = _address(node.findtext("Addresses/Address") or "")
    down = -place[:3, 2]
    return LightRecord(
        id=(node.findtext("FixtureID") or node.get("uuid") or "").strip(),
        name=node.get("name", ""),
        fixture=spec.removesuffix(".gdtf"),
        position=tuple(float(v) for v in np.round(place[:3, 3], 6)),
        direction=tuple(float(v) for v in np.round(down / np.linalg.norm(down), 9)),
        universe=universe,
        address=address,
        gel=(node.findtext("Color") or "").strip(),
        **types.get(spec, {}),
    )


def _described(plot: zipfile.ZipFile, spec: str, problems: list[str]) -> dict[str, float]:
    name = spec if spec in plot.namelist() else f"{spec}.gdtf"
    if name not in plot.namelist():
        problems.append(f"fixture type {spec} is not in the plot: its beam is unknown")
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(_bytes(plot, name))) as fixture:
            return _beam(_xml(fixture, _FIXTURE))
    except _BROKEN:
        problems.append(f"fixture type {spec} cannot be read: its beam is unknown")
        return {}


def _beam(root: Element) -> dict[str, float]:
    beam = next(iter(root.iter("Beam")), None)
    names = {"BeamAngle": "beam_degree", "FieldAngle": "field_degree", "LuminousFlux": "luminous_flux_lm",
             "ColorTemperature": "cct_kelvin", "PowerConsumption": "power_w"}  # fmt: skip
    if beam is None:
        return {}
    values = {ours: float(beam.get(theirs) or 0) for theirs, ours in names.items()}
    return {name: value for name, value in values.items() if value > 0}


def _matrix(text: str) -> NDArray[np.float64]:
    """``{u}{v}{w}{place in mm}`` as a 4x4 in metres whose columns are the axes; the identity where nothing is said."""
    if not text.strip():
        return np.eye(4)
    numbers = [float(v) for v in re.findall(r"[-+\d.eE]+", text)]
    if len(numbers) != 12:
        raise ValueError(f"a matrix of {len(numbers)} numbers")
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(numbers[:9]).reshape(3, 3).T
    matrix[:3, 3] = np.array(numbers[9:]) / 1000.0
    return matrix


def _address(text: str) -> tuple[int | None, int | None]:
    """Universe from 1 and address from 1: "2.17", or one absolute number."""
    universe, dot, address = text.strip().partition(".")
    if not universe.isdigit():
        return None, None
    if dot:
        return int(universe), int(address)
    absolute = int(universe) - 1
    return (absolute // 512 + 1, absolute % 512 + 1) if absolute >= 0 else (None, None)


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    root: Element = safe_xml.fromstring(_bytes(archive, name))
    return root


def _bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} is larger than {_LARGEST >> 20} MiB")
    return archive.read(name)
