"""What a light is to a renderer: its colour in the working space and the power that gives the lux asked for.

Photometric units go straight through: a lux is taken as the renderer's W/m2, cd/m2 as its radiance, and the camera's
exposure brings them to scene-linear (``exposure``). Measured against the renderer: a point lamp of power P gives
P / (4 pi d^2), an area lamp P / (pi d^2) on its axis far away, a sun its strength.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import AP1_TO_XYZ
from answerprint.colour.temperature import blackbody_uv
from answerprint.simulation.stage import Light, LightKey, StageCamera

Real = NDArray[np.float64]

# Linear Rec.709 (D65) to AP1 (ACES white) through the Bradford adaptation (AMPAS TB-2014-004, Lindbloom's Bradford).
REC709_TO_AP1 = np.array(
    [
        [0.6130974024, 0.3395231462, 0.0473794514],
        [0.0701937225, 0.9163538791, 0.0134523985],
        [0.0206155929, 0.1095697729, 0.8698146342],
    ]
)
_LUMINANCE = AP1_TO_XYZ[1]

# Transmission by channel (linear Rec.709) of gel families; CTO and CTB as their mired shift would have them, the rest chosen.
_GELS: dict[str, tuple[float, float, float]] = {
    "none": (1.0, 1.0, 1.0),
    "plus-green": (0.72, 0.98, 0.7),
    "minus-green": (0.95, 0.68, 0.92),
    "red": (0.8, 0.06, 0.04),
    "amber": (0.95, 0.5, 0.1),
    "teal": (0.12, 0.72, 0.62),
    "blue": (0.08, 0.18, 0.85),
}
_MIRED = {"full-cto": 159.0, "half-cto": 81.0, "full-ctb": -137.0, "half-ctb": -68.0}
"""Shift of the named correction filters in reciprocal megakelvin (Lee Filters 204, 205, 201, 202)."""


def acescg(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """A reflectance in linear Rec.709 as ACEScg."""
    r, g, b = (float(v) for v in REC709_TO_AP1 @ np.asarray(colour))
    return max(r, 0.0), max(g, 0.0), max(b, 0.0)


@cache
def light_colour(kelvin: float, tint: float = 0.0, gel: str = "none") -> tuple[float, float, float]:
    """Colour of a light in ACEScg, luminance 1 before its gel: on the Planckian locus, ``tint`` Duv above it."""
    rgb = np.maximum(_black_body(kelvin_behind_gel(kelvin, gel), tint), 0.0)
    rgb = rgb / (_LUMINANCE @ rgb)
    if gel in _GELS:
        rgb = rgb * np.asarray(acescg(_GELS[gel]))
    r, g, b = (float(v) for v in rgb)
    return r, g, b


def kelvin_behind_gel(kelvin: float, gel: str) -> float:
    """The colour temperature of a lamp behind a correction filter; other gels leave it."""
    return 1e6 / (1e6 / kelvin + _MIRED[gel]) if gel in _MIRED else kelvin


def gel_colour(gel: str) -> tuple[float, float, float]:
    """What a party gel lets through, linear Rec.709; a correction filter only shifts the colour temperature."""
    return _GELS.get(gel, _GELS["none"])


@cache
def balance(kelvin: float) -> tuple[float, float, float]:
    """Gains by channel that make a black body of ``kelvin`` neutral in ACEScg: what a camera's white balance does."""
    r, g, b = (1.0 / v for v in light_colour(kelvin))
    return r, g, b


def exposure(camera: StageCamera, t_stop: float, rate: float) -> float:
    """Scene-linear value per lux of a perfect diffuser's illuminance, times pi: the renderer's film exposure.

    Incident metering (ISO 2720:1974): N^2 / t = E S / C with C = 250, so that a metered grey card of 18 % is 0.18 in the
    picture; N is the T-stop, t the shutter's time, S the ISO speed, E the lux.
    """
    seconds = camera.shutter_angle / 360.0 / rate
    return float(np.pi * seconds * camera.iso_speed / (250.0 * t_stop**2) * 2.0**camera.exposure_stops)


def lux_at_aim(light: Light, lights: tuple[Light, ...]) -> float:
    """The illuminance at the aim in lux, stops resolved; gels dim it."""
    if light.illuminance_lux is not None:
        return light.illuminance_lux
    reference = next(other for other in lights if other.name == light.relative_to)
    return float((reference.illuminance_lux or 0.0) * 2.0 ** (light.stops or 0.0))


def key_stops(keys: tuple[LightKey, ...], frame: float) -> float:
    """A dimmer's stand at a frame, straight between its keys."""
    if not keys:
        return 0.0
    ordered = sorted(keys, key=lambda k: k.frame)
    return float(np.interp(frame, [k.frame for k in ordered], [k.stops for k in ordered]))


def power(light: Light, lux: float) -> float:
    """The renderer's power for ``lux`` at the aim: exact for the lamp's size and distance."""
    distance = float(np.linalg.norm(np.subtract(light.translation, light.aim)))
    if light.kind == "sun":
        return lux
    if light.kind in ("bulb", "fresnel"):
        return 4 * np.pi * distance**2 * lux
    width, height = light.size
    # Lambertian rectangle facing the aim: E = L * integral of cos^2 / r^2 over its area, P = pi * area * L.
    n = 24
    x = (np.arange(n) + 0.5) / n - 0.5
    r2 = (x[:, None] * width) ** 2 + (x[None, :] * height) ** 2 + distance**2
    factor = float(np.sum(distance**2 / r2**2)) * width * height / n**2
    return float(np.pi * width * height * lux / factor)


def facing(translation: tuple[float, float, float], aim: tuple[float, float, float]) -> list[list[float]]:
    """3x4 matrix of a lamp at ``translation`` that shines along its own -Z towards ``aim``."""
    back = np.subtract(translation, aim).astype(np.float64)
    back /= max(float(np.linalg.norm(back)), 1e-9)
    up = np.array([0.0, 0.0, 1.0]) if abs(back[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back], axis=1)
    rows: list[list[float]] = np.hstack([axes, np.reshape(translation, (3, 1))]).tolist()
    return rows


@cache
def _locus_xyz(kelvin: float, tint: float) -> tuple[float, float, float]:
    u, v = blackbody_uv(kelvin)
    if tint:
        ahead, behind = blackbody_uv(kelvin * 1.001), blackbody_uv(kelvin / 1.001)
        along = (ahead - behind) / np.linalg.norm(ahead - behind)
        # Duv is positive above the locus; hotter runs towards smaller u, so its normal is (along_v, -along_u).
        normal = np.array([along[1], -along[0]])
        normal *= np.sign(normal[1]) or 1.0
        u, v = u + tint * normal[0], v + tint * normal[1]
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return float(x / y), 1.0, float((1 - x - y) / y)


def _black_body(kelvin: float, tint: float) -> Real:
    rgb = np.linalg.inv(AP1_TO_XYZ) @ np.array(_locus_xyz(float(kelvin), float(tint)))
    return np.maximum(rgb, 1e-4)
