"""A camera of a USD stage (.usd, .usda, .usdc, .usdz): its way, its lens and its sensor, in metres and millimetres.

USD says lengths in stage units (``metersPerUnit``) and focal length and aperture in tenths of one (openusd.org,
UsdGeomCamera), looks along -Z with +Y up in camera space, and is Y up or Z up on the stage; fStop 0 means "no depth of field".
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.tracking.units import UNKNOWN
from answerprint.optics.track import CameraTrack, angles_from_axes, axes_from_opengl
from answerprint.production import BadInput

_Y_UP = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def read_usd(path: Path, camera: str | None = None) -> CameraTrack:
    """The camera named ``camera`` (name or path), or the first; the others are listed. Raises BadInput without one."""
    try:
        from pxr import Tf, Usd  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise BadInput(path, "USD needs the extra 'spatial'", "pip install 'answerprint[spatial]'") from None
    try:
        return _track(path, Usd.Stage.Open(str(path)), camera)
    except (Tf.ErrorException, TypeError, ValueError) as error:
        raise BadInput(path, f"is no USD stage ({_said(error)})", "export it again") from None


def _said(error: Exception) -> str:
    """The last line of what USD says of a broken stage; it quotes the file's bytes, which need not be text."""
    try:
        return next(line.strip() for line in reversed(str(error).splitlines()) if line.strip())
    except (StopIteration, UnicodeDecodeError):
        return "it is no text that USD knows"


def _track(path: Path, stage: Any, camera: str | None) -> CameraTrack:
    """The camera of an open stage."""
    from pxr import Usd, UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]

    prims = [prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Camera)]
    chosen = [p for p in prims if camera is None or camera in (p.GetName(), str(p.GetPath()))]
    if not chosen:
        names = ", ".join(str(p.GetPath()) for p in prims) or "none"
        raise BadInput(path, f"holds no camera {camera or ''}".rstrip(), f"its cameras: {names}")
    prim, lens = chosen[0], UsdGeom.Camera(chosen[0])
    unit, codes = UsdGeom.GetStageMetersPerUnit(stage), float(stage.GetTimeCodesPerSecond())
    moments = _moments(prim, lens) or [0.0]
    matrices = [np.array(lens.ComputeLocalToWorldTransform(Usd.TimeCode(t))).T for t in moments]
    turned = _Y_UP if UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y else np.eye(3)
    axes = np.array([m[:3, :3] / np.linalg.norm(m[:3, :3], axis=0) for m in matrices])
    problems = [f"also holds the cameras {', '.join(str(p.GetPath()) for p in prims if p != prim)}"] if len(prims) > 1 else []
    if not stage.HasAuthoredMetadata(UsdGeom.Tokens.metersPerUnit):
        problems.append(f"the stage names no unit: taken as {unit:g} m, which is USD's own")
    tenth_mm = unit * 100.0

    def at(attribute: Any, scale: float = 1.0, none: float | None = None) -> list[float]:
        values = [attribute.Get(Usd.TimeCode(t)) for t in moments]
        return [UNKNOWN if v is None or v == none or not attribute.HasAuthoredValue() else float(v) * scale for v in values]

    width, height = (at(a, tenth_mm)[0] for a in (lens.GetHorizontalApertureAttr(), lens.GetVerticalApertureAttr()))
    return CameraTrack.of(
        [Fraction(t).limit_denominator(10**6) / Fraction(codes).limit_denominator(1001) for t in moments],
        np.array([m[:3, 3] for m in matrices]) * unit @ turned.T,
        angles_from_axes(turned @ axes_from_opengl(axes)),
        focal_length_mm=at(lens.GetFocalLengthAttr(), tenth_mm),
        focus_distance_m=at(lens.GetFocusDistanceAttr(), unit, none=0.0),
        f_stop=at(lens.GetFStopAttr(), none=0.0),
        device="USD camera",
        label=prim.GetName(),
        clock="stage time code over time codes a second",
        rate=Fraction(codes).limit_denominator(1001),
        sensor_mm=(width, height) if width == width and height == height else None,
        problems=tuple(problems),
    )


def _moments(prim: Any, lens: Any) -> list[float]:
    """Every time at which the camera, its lens or anything that carries it has a sample."""
    from pxr import UsdGeom  # type: ignore[import-not-found, import-untyped, unused-ignore]

    found: set[float] = set()
    for attribute in (lens.GetFocalLengthAttr(), lens.GetFocusDistanceAttr(), lens.GetFStopAttr()):
        found.update(attribute.GetTimeSamples())
    while prim and prim.GetPath() != prim.GetPath().absoluteRootPath:
        if prim.IsA(UsdGeom.Xformable):
            found.update(UsdGeom.Xformable(prim).GetTimeSamples())
        prim = prim.GetParent()
    return sorted(found)
