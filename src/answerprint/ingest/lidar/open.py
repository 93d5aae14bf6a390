"""Any scan by its ending."""

from __future__ import annotations

from pathlib import Path

from answerprint.ingest.lidar.scan import Scan
from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput

ENDINGS = {".las", ".laz", ".e57", ".ply", ".pcd", ".pts", ".xyz"}


def open_scan(path: Path) -> Scan:
    """The scan in ``path``; its points are read when they are asked for. Raises BadInput for a file that no reader takes."""
    if not path.is_file():
        raise BadInput(path, "there is no such file", "check the path")
    ending = path.suffix.lower()
    if ending in (".las", ".laz"):
        from answerprint.ingest.lidar.las import open_las

        return open_las(path)
    if ending == ".e57":
        from answerprint.ingest.lidar.e57 import open_e57

        return open_e57(path)
    from answerprint.ingest.lidar import pcd, ply, pts

    readers = {".ply": ply.open_ply, ".pcd": pcd.open_pcd, ".pts": pts.open_pts, ".xyz": pts.open_pts}
    if ending not in readers:
        raise BadInput(path, "is no scan that we read", f"export it as one of {', '.join(sorted(ENDINGS))}")
    return readers[ending](path)


def scan_file(path: Path) -> IngestedFile:
    """The scan as `ingest` reports it: count, bounds in metres, unit, fields."""
    scan = open_scan(path)
    return IngestedFile(path, "lidar", metadata={"scan": scan.document()}, problems=scan.notes())
