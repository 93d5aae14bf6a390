"""What proof costs: digesting a frame, appending its row, sealing, and the share of that in a pass.

Run: ``python benchmarks/ledger.py [--frames N] [--seconds-per-frame S]``. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.provenance.certificates import own_chain
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.credentials import sign_sidecars
from answerprint.provenance.digests import file_digests, frame_digest
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.package import close_folder
from answerprint.provenance.rows import FrameRow, SourceUse
from answerprint.provenance.verify import verify

WIDTH, HEIGHT = 1088, 1920
TARGET_SHARE = 0.05


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Median seconds of one call, and what the last call answered."""
    taken, answer = [], None
    for _ in range(times):
        start = time.perf_counter()
        answer = work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), answer


def picture(seed: int) -> SourceFrame:
    """A frame as the compositor hands it over: three views into one interleaved array."""
    codes = np.random.default_rng(seed).integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=np.uint16)
    header = FrameHeader(width=WIDTH, height=HEIGHT, data_window=(0, 0, WIDTH, HEIGHT), storage="uint16", file_format="tiff")
    return SourceFrame(planes={name: codes[..., at] for at, name in enumerate("RGB")}, header=header)


def row(frame: int, digest: str) -> FrameRow:
    """A row with as many sources as a removal over nine frames has."""
    sources = [
        SourceUse(digest=f"{frame + at:064x}", clip="cam01", frame=frame + at, role="candidate" if at else "plate")
        for at in range(9)
    ]
    parameters = {"strength": 1.0, "radius": 12, "search": [1, 2, 4, 8], "output": "plate", "preset": "balanced"}
    return FrameRow(
        job="bench",
        node="remove",
        operation="removal",
        operation_version="1",
        frame=frame,
        output=f"frames/{frame:04d}.tif",
        output_digest=digest,
        sources=sources,
        parameters=parameters,
        changed_share=0.02,
        requested_by="bench",
        **{"class": "A"},
    )


def measure(folder: Path, frames: int, seconds_per_frame: float) -> dict[str, Any]:
    shown = picture(0)
    digest_s, digest = timed(lambda: frame_digest(shown), 15)
    ledger = Ledger.create(folder / "bench.ledger.jsonl", "bench")
    numbers = iter(range(10**9))
    append_s, _ = timed(lambda: ledger.append(row(next(numbers), digest)), 1000)
    sync_s, _ = timed(ledger.sync, 5)
    seal_s, _ = timed(lambda: ledger.seal(own_signer()), 1)
    ledger.close()
    read_s, _ = timed(lambda: read_ledger(folder / "bench.ledger.jsonl"), 3)
    per_frame = digest_s + append_s + (seal_s + sync_s) / 1000
    closing = package(folder / "package", frames)
    return {
        "frame": f"{WIDTH}x{HEIGHT}x3 uint16",
        "digest_ms": ms(digest_s),
        "row_append_ms": ms(append_s),
        "fsync_ms": ms(sync_s),
        "seal_1000_rows_ms": ms(seal_s),
        "check_1000_rows_ms": ms(read_s),
        "overhead_ms_per_frame": ms(per_frame),
        "share_of_pass": round(per_frame / seconds_per_frame, 5),
        "seconds_per_frame": seconds_per_frame,
        "target_share": TARGET_SHARE,
        "package": closing,
    }


def package(folder: Path, frames: int) -> dict[str, Any]:
    """Closing and verifying a delivery of ``frames`` frames with their credentials."""
    signer = own_signer()
    own_chain(signer)
    rows = {}
    with Ledger.create(folder / "bench.ledger.jsonl", "bench") as ledger:
        for frame in range(frames):
            shown = picture(frame)
            write_frame(folder / f"frames/{frame:04d}.tif", shown)
            rows[folder / f"frames/{frame:04d}.tif"] = row(frame, frame_digest(shown))
        ledger.append_many(rows.values())
        ledger.seal(signer)
    size = sum(file.stat().st_size for file in folder.rglob("*.tif"))
    hash_s, _ = timed(lambda: file_digests(folder / "frames/0000.tif"), 5)
    sidecars_s, _ = timed(lambda: sign_sidecars(rows, signer), 1)
    close_s, _ = timed(lambda: close_folder(folder, kind="delivery", signer=signer), 1)
    verify_s, found = timed(lambda: verify(folder), 1)
    deep_s, deep = timed(lambda: verify(folder, deep=True), 1)
    assert found.exit_code == deep.exit_code == 0, found
    return {
        "frames": frames,
        "mib": round(size / 2**20, 1),
        "both_file_digests_ms": ms(hash_s),
        "sidecar_ms_per_frame": ms(sidecars_s / frames),
        "close_ms_per_frame": ms(close_s / frames),
        "verify_ms_per_frame": ms(verify_s / frames),
        "deep_verify_ms_per_frame": ms(deep_s / frames),
    }


def ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=12, help="frames of the package that is closed and verified")
    parser.add_argument("--seconds-per-frame", type=float, default=1.0, help="what a frame of the pass costs without proof")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["ANSWERPRINT_HOME"] = str(Path(place) / "home")
        found = measure(Path(place), options.frames, options.seconds_per_frame)
    json.dump(found, sys.stdout, indent=1)
    print()
    return 0 if found["share_of_pass"] < TARGET_SHARE else 3


if __name__ == "__main__":
    sys.exit(main())
