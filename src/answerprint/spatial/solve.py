"""Where the cameras stood, from the pictures alone: for takes without tracking, in the background.

Features, matching and bundle adjustment are COLMAP's (J. Schoenberger, J.-M. Frahm, "Structure-from-Motion Revisited", 2016),
given what is known of the lens. A solve has no scale and no up of its own: both come from what was measured on the stage,
a distance between two cameras, or the places of three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.ingest.tracking.colmap import read_cameras, read_solve
from answerprint.jobs.executor import default_workers
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.spatial.registration import Registration, umeyama

Real = NDArray[np.float64]
_ERROR = 2


@dataclass(frozen=True, eq=False)
class Solve:
    """Solved cameras; metres where ``scaled`` says by what, else in a unit of its own."""

    cameras: dict[str, Camera]
    """By picture; pictures that could not be placed are missing"""
    track: CameraTrack
    """The same, ``source`` "solved"; ``extra["pictures"]`` names them"""
    points: Real
    """(n, 3) triangulated"""
    reprojection_px: float
    """Mean distance between features and their points"""
    covariance: dict[str, Real] = field(default_factory=dict)
    """(6, 6) by picture: rotation vector in radians, then position, in camera axes; from the bundle adjustment, so without what
    all cameras share (scale, place, turn of the whole). Empty where it could not be computed"""
    unplaced: tuple[str, ...] = ()
    scaled: str = ""

    def position_sigma(self) -> dict[str, float]:
        """One standard deviation of each camera's place against the others, in the solve's unit."""
        return {name: float(np.sqrt(np.trace(matrix[3:, 3:]))) for name, matrix in self.covariance.items()}


def solve(
    pictures: Path, names: Sequence[str], work: Path, *, focal_px: float | None = None, features: int = 3000,
    largest: int = 1600, threads: int | None = None,
) -> Solve:  # fmt: skip
    """The cameras of ``names`` in the folder ``pictures``, all with one lens; COLMAP's files are kept in ``work``.

    ``focal_px`` is the focal length in pixels where it is known, and is then kept. Each picture is matched with each other one: minutes for
    a hundred. Raises BadInput without the extra, and where fewer than two pictures find each other.
    """
    colmap = _colmap()
    work.mkdir(parents=True, exist_ok=True)
    database = work / "features.db"
    database.unlink(missing_ok=True)
    workers = threads or default_workers()
    reader = colmap.ImageReaderOptions(camera_model="SIMPLE_RADIAL")
    if focal_px is not None:
        width, height = _size(pictures / names[0])
        reader.camera_params = f"{focal_px},{width / 2},{height / 2},0"
    extraction = colmap.FeatureExtractionOptions(num_threads=workers, max_image_size=largest, use_gpu=False)
    extraction.sift.max_num_features = features
    colmap.set_random_seed(0)
    colmap.extract_features(database, pictures, list(names), colmap.CameraMode.SINGLE, reader, extraction, colmap.Device.cpu)
    matching = colmap.FeatureMatchingOptions(num_threads=workers, use_gpu=False)
    colmap.match_exhaustive(database, matching, device=colmap.Device.cpu)
    options = _options(colmap, workers, focal_px is not None)
    found = colmap.incremental_mapping(database, pictures, work, options)
    if not found:
        raise BadInput(pictures, "the pictures do not find each other", "add pictures between them, or sharper ones")
    best = max(found.values(), key=lambda model: model.num_reg_images())
    folder = work / "solved"
    folder.mkdir(exist_ok=True)
    best.write(folder)
    cameras = read_cameras(folder)
    return Solve(
        cameras, read_solve(folder), np.array([p.xyz for p in best.points3D.values()]).reshape(-1, 3),
        float(best.compute_mean_reprojection_error()), _covariance(colmap, best), tuple(n for n in names if n not in cameras),
    )  # fmt: skip


def to_distance(solved: Solve, first: str, second: str, metres: float) -> Solve:
    """The solve in metres, by the measured distance between two of its cameras. Its axes stay its own."""
    for name in (first, second):
        if name not in solved.cameras:
            raise BadInput(name, "was not placed by the solve", "measure between two pictures that were")
    apart = float(np.linalg.norm(solved.cameras[first].position - solved.cameras[second].position))
    if apart < 1e-9 or not metres > 0:
        raise BadInput(first, f"stands where {second} stands", "measure between two places")
    matrix = np.diag([metres / apart] * 3 + [1.0])
    return _moved(
        solved, Registration(matrix, metres / apart, 0.0, {}, 1, "a distance"), f"{metres:g} m between {first} and {second}"
    )


def to_places(solved: Solve, places: Mapping[str, Sequence[float]]) -> tuple[Solve, Registration]:
    """The solve on the stage, by the measured places (x, y, z in metres) of at least three of its cameras, and how well they agree."""
    names = sorted(set(places) & set(solved.cameras))
    measured = np.array([solved.cameras[n].position for n in names]).reshape(-1, 3)
    stage = np.array([places[n] for n in names], dtype=np.float64).reshape(-1, 3)
    matrix, scale = umeyama(measured, stage, scaled=True)
    left = np.linalg.norm(measured @ matrix[:3, :3].T + matrix[:3, 3] - stage, axis=1)
    registration = Registration(
        matrix,
        scale,
        float(np.sqrt((left**2).mean())),
        dict(zip(names, left.tolist(), strict=True)),
        len(names),
        "measured cameras",
    )
    return _moved(solved, registration, f"{len(names)} measured cameras"), registration


def _moved(solved: Solve, by: Registration, said: str) -> Solve:
    track = by.place(solved.track)
    pictures = [str(name) for name in track.extra["pictures"]]
    cameras = {
        name: solved.cameras[name].model_copy(
            update={"translation": tuple(map(float, track.translation[i])), "rotation": tuple(map(float, track.rotation[i]))}
        )
        for i, name in zip(count(), pictures, strict=False)
    }
    grown = np.diag([1.0] * 3 + [by.scale] * 3)
    covariance = {name: grown @ matrix @ grown for name, matrix in solved.covariance.items()}
    return replace(solved, cameras=cameras, track=track, points=by.apply(solved.points), covariance=covariance, scaled=said)


def _options(colmap: Any, workers: int, focal_known: bool) -> Any:
    """COLMAP's own, but for what a dolly or a walk down a street needs: its first pair may look along the way it goes, and
    pictures with few features in common are taken (measured on 29 views of a street: all placed, two with its own)."""
    options = colmap.IncrementalPipelineOptions(num_threads=workers, ba_refine_focal_length=not focal_known)
    mapper = options.mapper
    mapper.init_max_forward_motion, mapper.init_min_tri_angle, mapper.init_min_num_inliers = 1.0, 4.0, 60
    mapper.abs_pose_min_num_inliers, mapper.abs_pose_min_inlier_ratio = 15, 0.15
    return options


def _covariance(colmap: Any, model: Any) -> dict[str, Real]:
    """Of each picture's pose, the first two cameras held, as far as COLMAP can compute it."""
    config = colmap.BundleAdjustmentConfig()
    images = sorted(model.reg_image_ids())
    for image in images:
        config.add_image(image)
    config.fix_gauge(colmap.BundleAdjustmentGauge.TWO_CAMS_FROM_WORLD)
    options = colmap.BundleAdjustmentOptions()
    adjuster = colmap.create_default_ceres_bundle_adjuster(options, config, model)
    found = colmap.estimate_ba_covariance(
        colmap.BACovarianceOptions(params=colmap.BACovarianceOptionsParams.POSES), model, adjuster
    )
    if found is None:
        return {}
    made = {}
    for image in images:
        matrix = found.get_cam_cov_from_world(image)
        if matrix is not None and np.shape(matrix) == (6, 6):
            made[str(model.images[image].name)] = np.asarray(matrix, dtype=np.float64)
    return made


def _size(path: Path) -> tuple[int, int]:
    import OpenImageIO as oiio

    spec = oiio.ImageInput.open(str(path))
    if spec is None:
        raise BadInput(path, "cannot be read", "give JPEG, PNG or TIFF pictures")
    return int(spec.spec().width), int(spec.spec().height)


def _colmap() -> Any:
    try:
        import pycolmap
    except ImportError:
        raise BadInput("pycolmap", "is not installed", "install the extra: pip install 'answerprint[solve]'") from None
    # It tells of every picture on standard error.
    pycolmap.logging.minloglevel = _ERROR
    return pycolmap
