"""The light of a shot: exposure, colour temperature, and on a face the key light's side, height and ratio to the fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.captioner.glance import Glance, luminance
from answerprint.colour.temperature import cct_duv
from answerprint.perception.pose import Pose
from answerprint.production.values import Measured

__all__ = ["FACE_SIDE", "exposure_and_temperature", "face_light"]

Real = NDArray[np.float64]

FACE_SIDE = 40
"""Narrowest face, in pixels of the analysed picture, whose light is measured."""
_SHADES = 6
"""Minkowski norm of the illuminant estimate (G. Finlayson, E. Trezzi, "Shades of Gray", CIC 2004)."""
_MIREDS = 45.0
"""Half of the 90 % interval of a temperature estimated without a chart: about 4 degrees mean angular error."""
_NOSE, _EARS, _EYES, _MOUTH = 0, (7, 8), (2, 5), (9, 10)


def exposure_and_temperature(glances: list[Glance]) -> dict[str, Measured]:
    """``exposure`` in stops of the mean (of logarithms) luminance over 18 % grey; ``cct`` in kelvin; ``duv``.

    The temperature is of the light as the footage is balanced: a grey card that reads neutral counts as 6500 K.
    """
    stops = np.array([_stops(one) for one in glances])
    low, high = np.percentile(stops, [5, 95])
    fields = {
        "exposure": Measured(
            value=round(float(np.median(stops)), 2),
            unit="stop",
            interval=(round(float(low) - 0.05, 2), round(float(high) + 0.05, 2)),
            confidence=0.9,
            who="mean log luminance re 18 % grey",
        )
    }
    seen = [cct_duv(light) for one in glances if (light := _illuminant(one)) is not None]
    kelvin, duv = (float(np.median([pair[at] for pair in seen])) for at in (0, 1)) if seen else (np.nan, np.nan)
    if np.isfinite(kelvin):
        mired = 1e6 / kelvin
        warm, cold = 1e6 / (mired + _MIREDS), 1e6 / max(mired - _MIREDS, 40.0)
        span = (float(round(warm, -1)), float(round(cold, -1)))
        fields["cct"] = Measured(
            value=round(kelvin / 50) * 50, unit="kelvin", interval=span, confidence=0.4, who="shades of grey, as balanced"
        )
        fields["duv"] = Measured(
            value=round(duv, 4),
            interval=(round(duv - 0.015, 4), round(duv + 0.015, 4)),
            confidence=0.4,
            who="shades of grey, as balanced",
        )
    else:
        fields["cct"] = Measured(unit="kelvin", confidence=0.1, who="shades of grey: no light near a black body")
        fields["duv"] = Measured(confidence=0.1, who="shades of grey: no light near a black body")
    return fields


def _stops(one: Glance) -> float:
    """Mean of log2 luminance over 18 % grey; black counts as ten stops under."""
    return float(np.log2(np.maximum(luminance(one.light), 0.18 / 1024) / 0.18).mean())


def _illuminant(one: Glance) -> Real | None:
    """The light's colour, from pixels neither nearly black nor nearly clipped; None when too few are left."""
    flat = one.light.reshape(-1, 3).astype(np.float64)
    top = max(float(np.percentile(flat.max(axis=1), 99.5)), 1e-6)
    use = flat[(flat.max(axis=1) < 0.98 * top) & (flat.max(axis=1) > 0.01 * top)]
    if len(use) < 100:
        return None
    return np.asarray(((use / top) ** _SHADES).mean(axis=0) ** (1 / _SHADES))


def face_light(faces: list[tuple[Glance, Pose]]) -> dict[str, Measured]:
    """``key_fill_ratio`` in stops, ``key_azimuth`` and ``key_elevation`` in degrees, from the faces that can be measured.

    Azimuth 0 is the camera's side, positive to the right of the picture; elevation positive from above. Without a face
    at least 40 pixels wide that looks towards the camera, none of the three is applicable.
    """
    found = np.array([light for one, pose in faces if (light := _face(one, pose)) is not None])
    units = {"key_fill_ratio": "stop", "key_azimuth": "degree", "key_elevation": "degree"}
    if not len(found):
        return {
            name: Measured(unit=unit, confidence=0.0, applicable=False, who="no face large enough") for name, unit in units.items()
        }
    fields = {}
    for at, (name, unit) in enumerate(units.items()):
        spread = max((0.5, 25.0, 25.0)[at], 1.65 * float(found[:, at].std()))
        value = float(np.median(found[:, at]))
        interval = (round(value - spread, 1), round(value + spread, 1))
        fields[name] = Measured(value=round(value, 1), unit=unit, interval=interval, confidence=0.35, who="shading of the face")
    return fields


def _face(one: Glance, pose: Pose) -> tuple[float, float, float] | None:
    """Ratio in stops, azimuth and elevation in degrees of the light on one face."""
    ears, eyes, mouth = (pose.points[list(at)] for at in (_EARS, _EYES, _MOUTH))
    across = ears[0] - ears[1] if ears[0, 0] > ears[1, 0] else ears[1] - ears[0]
    width = float(np.hypot(*across))
    height = 3.0 * float(np.hypot(*(mouth.mean(axis=0) - eyes.mean(axis=0))))
    middle = 0.5 * (eyes.mean(axis=0) + mouth.mean(axis=0))
    turned = abs(float((pose.points[_NOSE] - ears.mean(axis=0)) @ across)) / max(width**2, 1e-9)
    if width < FACE_SIDE or height < FACE_SIDE or turned > 0.3 or pose.visibility[[_NOSE, *_EYES, *_MOUTH]].min() < 0.8:
        return None
    if not (0 <= middle[0] < one.size[0] and 0 <= middle[1] < one.size[1]):
        return None
    return shading(luminance(one.light), middle, width, height, float(np.arctan2(across[1], across[0])))


def shading(
    light: NDArray[np.float32], middle: Real, width: float, height: float, lean: float = 0.0
) -> tuple[float, float, float] | None:
    """Key to fill in stops, and the key's azimuth and elevation in degrees, of luminance over an egg of that size.

    Light = fill + key * (normal . direction), fitted by least squares over the egg's front, twice, the second time
    without the darkest and brightest outliers (brows, nostrils, highlights). Ratio is (key + fill) / fill.
    """
    rows, columns = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    dx, dy = columns - middle[0], rows - middle[1]
    x = (dx * np.cos(lean) + dy * np.sin(lean)) / (width / 2)
    y = (-dx * np.sin(lean) + dy * np.cos(lean)) / (height / 2)
    face = x**2 + y**2 < 0.8
    if face.sum() < 200:
        return None
    normal = np.stack([x[face], -y[face], np.sqrt(1 - x[face] ** 2 - y[face] ** 2), np.ones(int(face.sum()))], axis=1)
    seen = light[face].astype(np.float64)
    fit = np.linalg.lstsq(normal, seen, rcond=None)[0]
    off = np.abs(seen - normal @ fit)
    keep = off <= np.percentile(off, 85)
    fit = np.linalg.lstsq(normal[keep], seen[keep], rcond=None)[0]
    strength = float(np.linalg.norm(fit[:3]))
    if strength < 1e-6 or not np.isfinite(fit).all():
        return None
    lit = np.percentile(normal[keep] @ fit, 97)
    shade = max(float(np.percentile(normal[keep] @ fit, 3)), lit / 64)
    azimuth = np.degrees(np.arctan2(fit[0], fit[2]))
    elevation = np.degrees(np.arcsin(np.clip(fit[1] / strength, -1, 1)))
    return float(np.log2(lit / shade)), float(azimuth), float(elevation)
