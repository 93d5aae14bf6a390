"""A small delivery: one cleaned shot with layers and ledger, one pulled as shot, one event without an original."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from answerprint.colour.cdl import CDL
from answerprint.deliver.delivery import Delivery, DeliveryShot
from answerprint.editorial.events import Event
from answerprint.media.exr import read_exr, write_exr
from answerprint.production import FrameRange, Timecode
from answerprint.provenance.digests import file_digest, frame_digest
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import FrameRow, SourceUse

RATE = Fraction(24)
WIDTH, HEIGHT = 64, 48
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
START = Timecode.parse("01:00:00:00", 24)


def tc(frame: int) -> Timecode:
    return START + frame


def silent(done: int, total: int, what: str) -> None:
    """Nobody is watching."""


def write_plate(folder: Path, name: str, count: int, seed: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    random = np.random.default_rng(seed)
    still = random.uniform(0.05, 0.8, (size[1], size[0], 3)).astype(np.float32)
    for index in range(count):
        picture = still + random.normal(0, 0.004, still.shape).astype(np.float32)
        write_exr(
            folder / f"{name}.{index:04d}.exr",
            {c: picture[..., i].astype(np.float16) for i, c in enumerate("RGB")},
            attributes={"chromaticities": AP1, "colorInteropID": "lin_ap1_scene", "reelName": name[:4]},
            timecode=str(tc(index)),
            rate=RATE,
        )


def write_version(plate: Path, folder: Path, ledger: Path, frames: FrameRange, change: float = 0.5) -> list[dict[str, object]]:
    """A version of ``frames``: a bright square laid into the middle of each, with fill, matte, support and grain as layers."""
    job, records = ledger.name.split(".")[0], []
    with Ledger.create(ledger, job) as book:
        for file in sorted(plate.glob("*.exr"))[frames.start : frames.end]:
            frame = read_exr(file)
            number = int(file.stem.rpartition(".")[2])
            planes = {name: plane.copy() for name, plane in frame.planes.items()}
            for plane in planes.values():
                plane[20:30, 20:36] = np.float16(change)
            write_exr(
                folder / file.name,
                planes,
                attributes={"chromaticities": AP1, "colorInteropID": "lin_ap1_scene"},
                timecode=frame.header.timecode,
                rate=RATE,
            )
            matte = np.zeros((14, 20), np.float32)
            matte[2:12, 2:18] = 1.0
            fill = np.full((14, 20), change, np.float32)
            write_exr(
                folder / "layers" / file.name,
                {
                    "matte.Y": matte,
                    "support.Y": matte * 3,
                    **{f"fill.{c}": fill for c in "RGB"},
                    **{f"grain.{c}": fill * 0.01 for c in "RGB"},
                    **{f"clean_plate.{c}": fill for c in "RGB"},
                },
                display_window=(0, 0, WIDTH, HEIGHT),
                data_window=(18, 18, 38, 32),
            )
            made = read_exr(folder / file.name)
            book.append_many(
                [
                    FrameRow(
                        job=job,
                        node="removal",
                        operation="removal",
                        operation_version="1",
                        frame=number,
                        timecode=frame.header.timecode,
                        output=f"versions/{folder.name}/{file.name}",
                        output_digest=frame_digest(made),
                        performance_class="A",
                        changed_share=0.05,
                        sources=(SourceUse(digest=frame_digest(frame), clip="A001C002_7A_T2", frame=number),),
                    )
                ]
            )
            records.append(
                {
                    "frame": number,
                    "pixel_digest": frame_digest(made),
                    "output": file.name,
                    "refused": number == frames.end - 1,
                    "reason": "a performer",
                    "changed": 160,
                    "class": "A",
                    "layers": f"layers/{file.name}",
                }
            )
        book.seal(own_signer())
    return records


def delivery(folder: Path, version: str = "v001", change: float = 0.5, number: int = 1) -> Delivery:
    """The delivery of the production "Der Prüfstand"; making it again in the same folder gives the same plates."""
    plates = folder / "plates"
    for name, seed in (("A001C002_7A_T2", 1), ("B001C001_7B_T1", 2)):
        if not (plates / name).exists():
            write_plate(plates / name, name, 8, seed)
    frames = FrameRange(2, 6)
    ledger = folder / "ledger" / f"{version}job.ledger.jsonl"
    ledger.parent.mkdir(exist_ok=True)
    records = write_version(plates / "A001C002_7A_T2", folder / "versions" / version, ledger, frames, change)

    def shot(name: str, event: Event, clip: str, scene: str, **rest: object) -> DeliveryShot:
        original = plates / clip
        digest = file_digest(sorted(original.iterdir())[0])
        return DeliveryShot(
            name, event, clip, original, digest, RATE, START, frames, FrameRange(3, 5), "ACEScg", scene=scene, **rest
        )  # type: ignore[arg-type]

    cuts = [Event(n, reel, tc(3), tc(5), tc(86400 + 2 * n), tc(86402 + 2 * n), clip_name=clip) for n, reel, clip in EVENTS]
    return Delivery(
        "Der Prüfstand",
        "Der Prüfstand",
        RATE,
        [
            shot(
                "7A_0010",
                cuts[0],
                "A001C002_7A_T2",
                "7A",
                grade=CDL(slope=(1.1, 1.0, 0.9), saturation=0.9),
                folder=folder / "versions" / version,
                ledger=ledger,
                version=version,
                approved_by="Ada",
                records=records,
                task="cleanup",
                number=number,
            ),
            shot("7B_0020", cuts[1], "B001C001_7B_T1", "7B"),
        ],
        [(cuts[2], "no original has reel D999")],
    )


EVENTS = ((1, "A001", "A001C002_7A_T2"), (2, "B001", "B001C001_7B_T1"), (3, "D999", "D999C001"))
