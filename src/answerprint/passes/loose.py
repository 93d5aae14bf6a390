"""One operation on loose footage, without a production: same law, same proof, the ledger in a folder beside the frames."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from answerprint.colour.spaces import default_space, resolve_space
from answerprint.generator.registry import operations
from answerprint.graph.cache import Cache
from answerprint.graph.contract import SocketType
from answerprint.graph.document import Graph, Node
from answerprint.graph.runner import Binding, GraphRun, SeededContext
from answerprint.graph.sources import MatteFiles, PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.passes.frame_ledger import frame_rows, keep_ledger, summary
from answerprint.passes.loose_inputs import bind_extras
from answerprint.passes.operation_pass import structured
from answerprint.passes.performance_policy import ASKED, Records, read_consents, somebody_found, touching
from answerprint.passes.picture_job import FRAMES_PER_CHUNK
from answerprint.production import BadInput, FrameRange, Refused, first_fault
from answerprint.production.atomic import sweep
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.digests import footage_digest
from answerprint.provenance.keys import own_signer
from answerprint.provenance.package import close_folder
from answerprint.provenance.work_certificate import certificate, write_certificate
from answerprint.quality.performance_class import PixelInspector
from answerprint.rights.policy import SignOff

Tell = Callable[[int, int, str], None]
_OUTPUTS = ("plate", "acescg", "movie")


@dataclass(frozen=True)
class LooseOrder:
    """What `apply` was asked to do. ``protect`` is a matte file, ``auto`` (performers are found), or empty."""

    operation: str
    plate: Path
    out: Path
    matte: Path | None = None
    protect: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    rate: str | None = None
    workers: int = 2
    scene: Path | None = None
    camera: Path | None = None
    consent: Path | None = None
    sign_off: str = ""
    performers: tuple[str, ...] = ()
    requested_by: str = ""
    depth: Path | None = None


def apply_operation(order: LooseOrder, tell: Tell) -> dict[str, Any]:
    """Run the operation and return the JSON document `apply` prints."""
    started, cpu = time.monotonic(), _cpu_seconds()
    known = operations()
    if order.operation not in known:
        raise BadInput(order.operation, "there is no such operation", f"use one of {', '.join(sorted(known))}")
    run = _bound(order)
    job = record_digest({"run": run.key, "out": order.out.name})[:32]
    ledger = order.out / "answerprint.ledger.jsonl"
    if ledger.exists() and read_ledger(ledger).job != job:
        raise BadInput(order.out, "holds the result of other settings or other footage", "choose another folder")
    order.out.mkdir(parents=True, exist_ok=True)
    sweep(order.out)
    tell(0, run.count, "looking at the clip")
    run.analyse(_Shown(0, tell))
    frames = FrameRange(0, run.count)
    pieces = frames.chunks(FRAMES_PER_CHUNK)
    records: list[dict[str, Any]] = []
    try:
        for record in _rendered(order, run, pieces, tell):
            records.append(record)
            if order.operation in ASKED and not record["refused"]:
                what = f"{order.operation} frame {record['frame']}"
                seen = partial(somebody_found, run, record)
                rights_of(order, run.key).require(order.operation, record["class"], run.key, what, seen)
            tell(len(records), len(frames), "rendering")
    except Refused:
        _take_away(order.out)
        raise
    rows = frame_rows(run, records, job, "", "")
    rights = rights_of(order, run.key)
    altered = touching(rights, run, records)
    word = rights.event((r["frame"] for r in altered), (r["pixel_digest"] for r in altered)) if altered else None
    seal = keep_ledger(ledger, job, rows, records, "", word)
    document = certificate(
        job=job, title=f"{order.operation} of {order.plate.name}", operation=order.operation, requested_by="", records=records, ledger_root=seal,
        consents=[f"{c.performer}, agreed {c.agreed}" for c in rights.consents] if altered else [], signed_off_by=order.sign_off if altered else "",
    )  # fmt: skip
    write_certificate(order.out / "answerprint.certificate.json", document, own_signer())
    close_folder(order.out, kind="apply", signer=own_signer())
    found, found_lines = run.told(_Shown(0, tell))
    result = {
        "operation": order.operation,
        "frames": len(records),
        "output": str(order.out),
        **summary(records),
        "ledger": str(ledger),
        "certificate": str(order.out / "answerprint.certificate.html"),
        "said": document["said"],
        "figures": _mean_figures(records),
        "found": found,
        "found_lines": found_lines,
    }
    if order.settings.get("output") == "movie":
        result["movie"] = str(_encode_movie(run, order))
    return result | {
        "seconds": round(time.monotonic() - started, 3),
        "cpu_seconds": round(_cpu_seconds() - cpu, 3),
        "peak_mib": _peak_mib(),
    }


def rights_of(order: LooseOrder, subject: str) -> Records:
    """What was brought along about the rights: the consent paper, who is seen (all it names, unless said) and who signs off."""
    consents = read_consents(order.consent) if order.consent is not None else ()
    performers = order.performers or tuple(dict.fromkeys(record.performer for record in consents))
    words = (SignOff(who=order.sign_off, subject=subject),) if order.sign_off else ()
    return Records(
        performers=performers, consents=consents, sign_offs=words, requested_by=order.requested_by, named=bool(order.performers)
    )


def _rendered(order: LooseOrder, run: GraphRun, pieces: list[FrameRange], tell: Tell) -> Iterator[dict[str, Any]]:
    """Each frame's record in order, made here or by workers."""
    if order.workers < 2 or len(pieces) < 2:
        for piece in pieces:
            yield from run.render(piece, order.out, _Shown(0, tell))
        return
    with ProcessPoolExecutor(order.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for made in pool.map(_render_piece, [(asdict(order), (p.start, p.end)) for p in pieces]):
            yield from made


def _take_away(out: Path) -> None:
    """Nothing of a refused run is kept: its frames and layers, those of other workers as well."""
    for layer in sorted((out / "layers").glob("*.exr")):
        for frame in out.glob(f"{layer.stem}.*"):
            frame.unlink()
        layer.unlink()


class _Shown(SeededContext):
    """A context that shows its progress."""

    def __init__(self, seed: int, tell: Tell) -> None:
        super().__init__(seed)
        self._tell = tell

    def progress(self, done: int, total: int, what: str) -> None:
        """Passed on to the terminal."""
        self._tell(done, total, what)


def _bound(order: LooseOrder) -> GraphRun:
    """The graph for this order, bound to its files."""
    settings = dict(order.settings)
    output = settings.pop("output", "plate")
    if output not in _OUTPUTS:
        raise BadInput("output", f"{output!r} is not one of {', '.join(_OUTPUTS)}", "give --set output=plate")
    sequence = open_sequence(order.plate, order.rate)
    named, framing = settings.pop("input_space", ""), settings.pop("framing", "")
    space = resolve_space(named) if named else default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    plate = PlateReader(sequence, space, footage_digest(order.plate), sequence.path.stem)
    sources: dict[str, Any] = {}
    inputs: dict[str, str | list[str]] = {"plate": "@plate"}
    nodes: list[Node] = []
    if order.matte is not None:
        sources["@matte"] = MatteFiles(open_sequence(order.matte, order.rate), footage_digest(order.matte), plate)
        inputs["matte"] = "@matte"
    protect = None
    if order.protect == "auto":
        nodes.append(Node(id="protect", operation="matte", parameters={"subject": "everyone"}, inputs={"plate": "@plate"}))
        protect = "protect"
    elif order.protect:
        sources["@protect"] = MatteFiles(open_sequence(Path(order.protect), order.rate), footage_digest(Path(order.protect)), plate)
        protect = "@protect"
    operation = operations()[order.operation]
    given = bind_extras(order.operation, order.scene, order.camera, plate, order.rate, named, order.depth, framing)
    sources |= given.sources
    inputs |= given.inputs
    performers = None
    if protect is None and operation.output is SocketType.FRAME_SEQUENCE and not operation.new_view:
        # Nothing is to be protected, and still the class is measured: performers are found, and only looked at.
        nodes.append(Node(id="performers", operation="matte", parameters={"subject": "everyone"}, inputs={"plate": "@plate"}))
        performers = "performers"
    if protect and any(s.name == "protect" for s in operation.inputs):
        inputs["protect"] = protect
    nodes.append(
        Node(
            id="result",
            operation=order.operation,
            parameters=_parameters(order.operation, given.defaults | settings | given.parameters),
            inputs=inputs,
        )
    )
    graph = Graph(nodes=nodes, result="result", protect=protect, performers=performers)
    binding = Binding(plate, sources, crossing="subtract", output="acescg" if output == "acescg" else "plate")
    return GraphRun(graph, binding, operations(), Cache(order.out / ".answerprint-cache"), PixelInspector())


def _parameters(operation: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings from the command line checked against the operation's parameters."""
    try:
        read = {name: structured(value) for name, value in settings.items()}
        return dict(operations()[operation].Parameters.model_validate(read).model_dump(mode="json", exclude_unset=True))
    except ValidationError as error:
        name, reason = first_fault(error)
        raise BadInput(f"--set {name}", reason, f"see `answerprint apply {operation} --help`") from None


def _render_piece(task: tuple[dict[str, Any], tuple[int, int]]) -> list[dict[str, Any]]:
    import cv2

    cv2.setNumThreads(1)
    order = LooseOrder(**task[0])
    return list(_bound(order).render(FrameRange(*task[1]), order.out, SeededContext(0)))


def _encode_movie(run: GraphRun, order: LooseOrder) -> Path:
    from answerprint.media.movie import write_prores

    made = open_sequence(order.out, order.rate)
    target = order.out / f"{order.plate.stem}.mov"
    scale = {"uint8": 255.0}.get(made.storage, 65535.0)
    write_prores(
        target,
        (made.read(i).rgb().astype("float32") / scale for i in range(made.count)),
        rate=run.binding.plate.sequence.rate or 24,
        timecode=run.binding.plate.sequence.start_timecode,
        reel=None,
    )
    return target


def _mean_figures(records: list[dict[str, Any]]) -> dict[str, float]:
    names = sorted({n for r in records for n in r["figures"]})
    return {n: round(sum(r["figures"].get(n, 0.0) for r in records) / len(records), 4) for n in names}


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak_mib() -> float:
    return round(
        max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024, 1
    )
