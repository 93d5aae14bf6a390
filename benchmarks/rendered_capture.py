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
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.media.exr import CHROMATICITIES, read_exr, write_exr
from answerprint.optics.camera import Camera
from answerprint.production.atomic import write_atomically

Real = NDArray[np.float64]

AIM = np.array([-0.1, 0.75, 0.85])
"""What every camera is placed about, metres."""
RADIUS = 2.35
HOLE = (2.0, 32.0)
"""Azimuths in degrees between which no camera for fitting stands."""
SIZE = (320, 180)
RINGS = ((5.0, 3.6), (16.0, 3.8), (27.0, 4.35))
"""Elevation of each arc and the step between its cameras, degrees."""
SCANNED = (0, 12, 22, 28, 40)
"""Cameras for fitting at whose places a scanner stood too."""


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


def pack(rendered: Path, out: Path) -> None:
    """The renders as half EXR, light in DWAB, depth lossless; a scan with 3 mm noise from three of the cameras' places."""
    document: dict[str, Any] = {"camera_model": "OPENCV", "w": SIZE[0], "h": SIZE[1], "ply_file_path": "scan.ply", "frames": []}
    random = np.random.default_rng(11)
    angles = [0.0] * len(fitting()) + [t[2] for t in tests()]
    names, points = [], []
    for index, angle in enumerate(angles):
        number = 1001 + index
        record = json.loads((rendered / f"A/records/capture.{number}.json").read_text())
        camera = Camera(**record["camera"])
        beauty = read_exr(rendered / f"A/beauty/capture.{number}.exr").planes
        depth = next(iter(read_exr(rendered / f"A/depth/capture.{number}.exr").planes.values())).astype(np.float32)
        files = f"images/{number}.exr", f"depth/{number}.exr"
        space: dict[str, Any] = {"chromaticities": CHROMATICITIES["lin_ap1_scene"], "colorInteropID": "lin_ap1_scene"}
        write_exr(out / files[0], {c: beauty[c].astype(np.float16) for c in "RGB"}, attributes=space, compression="dwab")
        write_exr(out / files[1], {"Z": np.where(depth < 1e4, depth, np.inf).astype(np.float16)}, compression="zip")
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = camera.world_to_camera.T @ np.diag([1.0, -1.0, -1.0]), camera.position
        document |= {"fl_x": camera.matrix[0, 0], "fl_y": camera.matrix[1, 1], "cx": SIZE[0] / 2, "cy": SIZE[1] / 2}
        frame = {"file_path": files[0], "depth_file_path": files[1], "transform_matrix": np.round(pose, 7).tolist()}
        document["frames"].append(frame | ({"degrees_from_nearest": round(angle, 2)} if angle else {}))
        names.append(files[0])
        if index in SCANNED:
            points.append(_scanned(camera, depth, random))
    document |= {"train_filenames": names[: len(fitting())], "test_filenames": names[len(fitting()) :]}
    write_atomically(out / "transforms.json", json.dumps(document, indent=1) + "\n")
    write_atomically(out / "stage.json", json.dumps(stage(), indent=1) + "\n")
    xyz = np.concatenate(points).astype("<f4")
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(xyz)}\n" + "".join(f"property float {c}\n" for c in "xyz")
    write_atomically(out / "scan.ply", (head + "end_header\n").encode() + xyz.tobytes())


def _scanned(camera: Camera, depth: NDArray[np.float32], random: np.random.Generator) -> Real:
    """A scanner at the camera's place: 3 mm of noise along the beam, every second pixel either way."""
    rows, columns = (v.ravel() for v in np.mgrid[0 : SIZE[1] : 2, 0 : SIZE[0] : 2])
    there = depth[rows, columns] < 1e4
    rows, columns = rows[there], columns[there]
    eye, rays = camera.rays(np.stack([columns, rows], axis=1).astype(np.float64))
    along = depth[rows, columns] / (rays @ camera.world_to_camera[2])
    return np.asarray(eye + rays * (along + random.normal(0, 0.003, len(along)))[:, None])


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["stage"]:
        json.dump(stage(), sys.stdout, indent=1)
        return 0
    if arguments[:1] == ["pack"] and len(arguments) == 3:
        pack(Path(arguments[1]), Path(arguments[2]))
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
