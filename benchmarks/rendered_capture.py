"""The rendered capture of 50 views in examples/capture: where its cameras stand, and how its renders become the committed files.

    python benchmarks/rendered_capture.py stage > capture.json
    answerprint simulate capture.json --out DIR
    python benchmarks/rendered_capture.py pack DIR examples/capture

41 cameras stand on three arcs about one point of a living room, with a hole in the arcs; nine more, not for fitting, look at
the same point from 5, 10 and 15 degrees beside the nearest of the 41: in the hole, beyond the end of the arcs, and above them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

AIM = np.array([-0.1, 0.75, 0.85])
"""What every camera is placed about, metres."""
RADIUS = 2.35
HOLE = (2.0, 32.0)
"""Azimuths in degrees between which no camera for fitting stands."""
SIZE = (320, 180)
RINGS = ((5.0, 3.6), (16.0, 3.8), (27.0, 4.35))
"""Elevation of each arc and the step between its cameras, degrees."""


def direction(azimuth: float, elevation: float) -> Real:
    """From the aim to a camera: azimuth 0 stands towards -Y, positive to the right; degrees."""
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])


def fitting() -> list[tuple[float, float]]:
    """Azimuth and elevation of the cameras for fitting, arc by arc, each arc shifted against the last."""
    places = []
    for ring, (elevation, step) in enumerate(RINGS):
        for azimuth in np.arange(-38.0 + ring * step / 3, 44.0, step):
            if not HOLE[0] < azimuth < HOLE[1]:
                places.append((round(float(azimuth), 3), elevation))
    return places


def nearest(azimuth: float, elevation: float) -> float:
    """Degrees, seen from the aim, to the nearest camera for fitting."""
    here = direction(azimuth, elevation)
    return float(np.degrees(np.arccos(np.clip(max(float(direction(*p) @ here) for p in fitting()), -1, 1))))


def tests() -> list[tuple[float, float, float]]:
    """Azimuth, elevation and angle to the nearest camera of the nine views that are held out."""
    found = []
    for angle in (5.0, 10.0, 15.0):
        for path in ("hole", "end", "above"):
            tried = np.arange(0.0, 40.0, 0.05)
            course = {
                "hole": [(HOLE[0] - 1 + t, 16.0) for t in tried if t < (HOLE[1] - HOLE[0]) / 2 + 1],
                "end": [(-38.0 - t, 14.0) for t in tried],
                "above": [(-16.0, 27.0 + t) for t in tried],
            }[path]
            apart = [abs(nearest(a, e) - angle) for a, e in course]
            best = course[int(np.argmin(apart))]
            found.append((best[0], best[1], nearest(*best)))
    return found


def stage() -> dict[str, Any]:
    """The stage document: one camera that stands somewhere else in each frame."""
    places = [p[:2] for p in (*fitting(), *tests())]
    keys = [
        {
            "frame": 1001 + i,
            "translation": [round(float(v), 6) for v in AIM + RADIUS * direction(a, e)],
            # They look a little past the aim, each past another side of it, so that more of the room is seen than its middle.
            "look_at": [round(float(v), 6) for v in AIM + 0.35 * np.array([np.sin(2.4 * i), 0, np.cos(2.4 * i) * 0.6])],
        }
        for i, (a, e) in enumerate(places)
    ]
    return {
        "name": "capture", "seed": 7, "first_frame": 1001, "frame_count": len(places),
        "set": {"family": "living-room", "seed": 12, "time": "day", "dressing": 0.8},
        "lights": [
            {"name": "key", "translation": [-1.0, -1.4, 2.3], "aim": [0, 1.0, 0.8], "illuminance_lux": 260, "kelvin": 5200, "size": [1.2, 1.2]},
            {"name": "fill", "translation": [1.5, -1.4, 2.2], "aim": [0, 1.0, 0.8], "stops": -1, "size": [1.4, 1.4]},
        ],
        "cameras": [
            {"label": "A", "active_sensor_resolution": list(SIZE), "active_sensor_physical_dimensions": [28.0, 15.75],
             "pinhole_focal_length": 22.0, "t_stop": 16.0, "exposure_stops": 3.5, "keys": keys, "translation": keys[0]["translation"],
             "look_at": keys[0]["look_at"]},
        ],
        "render": {"samples": 40, "bounces": 3, "denoise": "features", "storage": "half", "passes": ["beauty", "depth", "normal"]},
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["stage"]:
        json.dump(stage(), sys.stdout, indent=1)
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
