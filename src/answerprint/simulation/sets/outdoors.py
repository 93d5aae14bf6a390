"""What all places out of doors have: sun or moon, sky, trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.simulation.light import light_colour
from answerprint.simulation.pieces import Part, tube
from answerprint.simulation.sets.room import Room
from answerprint.simulation.stage import Light, SetPlan

_SCATTERED = 0.3
"""Stops by which the sky is brighter for each stop that thin cloud takes from the sun: cirrus on a clear day, about."""


def outdoor_light(r: Room, plan: SetPlan, sun_lux: float, sky_nits: float) -> None:
    """Sun or moon from the side, and the dome; what thin cloud takes from the sun it gives in part to the sky."""
    gain = 2.0**plan.daylight_stops
    sky_nits *= 2.0 ** (_SCATTERED * plan.veil_stops)
    azimuth, height = np.radians(r.between(200, 340)), np.radians(r.between(18, 52))
    way = (float(np.cos(azimuth) * np.cos(height) * 30), float(np.sin(azimuth) * np.cos(height) * 30), float(np.sin(height) * 30))
    kelvin = 4300.0 if r.night else 4200.0 + 1500.0 * float(np.sin(height))
    lux = (1.2 if r.night else sun_lux) * gain * 2.0**-plan.veil_stops
    r.place.lights.append(
        Light(
            name="moon" if r.night else "sun",
            kind="sun",
            group="sun",
            translation=way,
            aim=(0, 0, 0),
            illuminance_lux=lux,
            kelvin=kelvin,
        )
    )
    blue, low = light_colour(15000.0), light_colour(6800.0)
    cloud = min(1.0, r.between(0.1, 0.6) + 0.2 * plan.veil_stops)
    sky: dict[str, Any] = {
        "zenith": [0.55 * c for c in blue],
        "horizon": list(low),
        "ground": [0.12, 0.11, 0.09],
        "cloud": cloud,
        "cloud_colour": [1.0, 1.0, 1.02],
    }
    if r.night:
        sky |= {
            "zenith": [0.25 * c for c in light_colour(18000.0)],
            "horizon": [c * k for c, k in zip(light_colour(3000.0), (0.9, 0.8, 0.9), strict=True)],
            "cloud_colour": [0.5, 0.42, 0.36],
        }
    r.place.sky = {"radiance": 0.9 if r.night else sky_nits, **sky}


def tree(r: Room, height: float, spread: float = 1.0) -> list[Part]:
    """A trunk that forks, with a crown in several clumps; ``spread`` below 1 keeps it narrow, as street trees are cut."""
    lean = r.between(-0.2, 0.2)
    parts = [tube([(0, 0, -0.05), (lean * 0.3, 0.05, height * 0.25), (lean, 0.0, height * 0.5)], height * 0.026, "bark")]
    for i in range(6):
        a, out, up = i * 1.05 + r.between(-0.3, 0.3), r.between(0.12, 0.24) * height * spread, r.between(0.55, 0.9) * height
        end = (lean + out * float(np.cos(a)), out * float(np.sin(a)), up)
        parts.append(
            tube(
                [(lean * 0.9, 0, height * r.between(0.35, 0.48)), (0.5 * (lean + end[0]), 0.5 * end[1], 0.55 * height), end],
                height * 0.011,
                "bark",
            )
        )
        size = height * r.between(0.28, 0.4) * spread
        parts.append(
            Part(
                shape="leaves",
                material="leaf",
                at=end,
                figures={"count": 700, "size": (size, size, size * 0.8), "leaf": 0.13, "seed": int(r.random.integers(1 << 30))},
            )
        )
    top = Part(
        shape="leaves",
        material="leaf",
        at=(lean, 0, height * 0.85),
        figures={"count": 800, "size": (height * 0.4,) * 3, "leaf": 0.13, "seed": int(r.random.integers(1 << 30))},
    )
    return [*parts, top]
