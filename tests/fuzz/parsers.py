"""Every reader of text that somebody else wrote, with whole files it reads: what is fuzzed, and how."""

from __future__ import annotations

import shutil
from pathlib import Path

from answerprint.colour import cdl
from answerprint.colour.amf_read import read_amf
from answerprint.colour.amf_write import write_amf
from answerprint.colour.lut_read import read_lut
from answerprint.generator.light_passes import read_lights
from answerprint.generator.wire_finder import read_stroke
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.recognise import recognise
from answerprint.ingest.tracking import kuka_arm, kuka_flight, kuka_program
from answerprint.ingest.tracking.read import read_track
from answerprint.media.framing import read_fdl, write_fdl
from answerprint.media.sound import read_sound_header
from answerprint.optics.lens import read_lens
from answerprint.optics.lens_profile import read_profile
from answerprint.optics.lensfun import lensfun_lenses, read_lensfun
from answerprint.optics.qualisys import read_qca
from answerprint.optics.ulens import read_ulens
from answerprint.production import BadInput
from answerprint.quality.imf.package import check_imf
from answerprint.simulation.stage import loaded, read_stage
from answerprint.simulation.sweeps import read_sweep
from tests.mutation import Parser

CORPUS = Path(__file__).parent / "corpus"


def _amf(path: Path) -> None:
    write_amf(path.with_name("again.amf"), read_amf(path))


def _fdl(path: Path) -> None:
    framings = read_fdl(path)
    if framings:
        write_fdl(path.with_name("again.fdl"), framings, "Answerprint", "948e6925-2b2b-4825-8540-368304288a06")


def _lut(path: Path) -> None:
    read_lut(path)


def _cdl(path: Path) -> None:
    for one in cdl.read(path):
        one.checked()


def _recognised(path: Path) -> None:
    """What ingest takes a file for; a file that cannot be read is a fault of the file, told in one line."""
    told = recognise(path, 24)
    told.document()
    if told.kind == "unknown":
        raise BadInput(path, "; ".join(told.problems), "")


def _krl(path: Path) -> None:
    if path.suffix == ".dat":
        kuka_program.parse((CORPUS / "krl" / "crane.src").read_text(), path.read_text("latin-1"))
    else:
        kuka_flight.read_krl(path, kuka_arm.read_arm(CORPUS / "arm" / "kr6.json"), rate=1)


def _track(path: Path) -> None:
    read_track(path)


def _lens(path: Path) -> None:
    if path.suffix == ".xml":
        for name in lensfun_lenses(path):
            read_lensfun(path, name)
    elif path.suffix == ".txt":
        read_qca(path)
    elif path.suffix == ".ulens":
        read_ulens(path)
    else:
        (read_profile if path.stem == "profile" else read_lens)(path)


def _scan(path: Path) -> None:
    open_scan(path).measured()


def _imf(path: Path) -> None:
    """A package in which one document is spoilt."""
    for good in (CORPUS / "imf").iterdir():
        if good.name != path.name and good.parent != path.parent:
            shutil.copyfile(good, path.with_name(good.name))
    list(check_imf(path.parent, lambda *told: None))


def _stage(path: Path) -> None:
    """What `simulate` and `relight` are given."""
    if path.stem == "lights":
        read_lights(path)
        return
    subject, document = loaded(path)
    for stage in read_sweep(document, subject).stages() if "baseline" in document else [read_stage(path)]:
        stage.json_text()


def _stroke(path: Path) -> None:
    """A wire drawn on the command line: what is wrong is a ValueError, which the parameters tell in one line."""
    try:
        read_stroke(path.read_text("utf-8"))
    except ValueError as error:
        raise BadInput(path, str(error), "") from None


def _sound(path: Path) -> None:
    read_sound_header(path)


def _seeds(folder: str, *without: str) -> tuple[Path, ...]:
    return tuple(path for path in sorted((CORPUS / folder).iterdir()) if path.suffix not in without)


PARSERS = (
    Parser("AMF", _seeds("amf"), _amf),
    Parser("CDL, CC, CCC", _seeds("cdl"), _cdl),
    Parser("cube, 3dl", _seeds("lut", ".clf"), _lut),
    Parser("CLF", _seeds("lut", ".cube", ".3dl"), _lut),
    Parser("ASC MHL", _seeds("hash-list"), _recognised),
    Parser("FDL", _seeds("fdl"), _fdl),
    Parser("OpenTrackIO", _seeds("opentrackio"), _track),
    Parser("chan, log, transforms", _seeds("track"), _track),
    Parser("Technodolly", _seeds("technodolly"), _track),
    Parser("KUKA programs", _seeds("krl"), _krl),
    Parser("KUKA arms", _seeds("arm"), lambda path: kuka_arm.read_arm(path)),
    Parser("Fountain, FDX", _seeds("script"), _recognised),
    Parser("notes, reports, light sheets, lens tables", _seeds("table"), _recognised),
    Parser("JSON papers", _seeds("paper"), _recognised),
    Parser("JSON of the stage", (*_seeds("opentrackio"), *_seeds("arm"), CORPUS / "track" / "transforms.json"), _recognised),
    Parser("stages, sweeps, light lists", _seeds("stage"), _stage),
    Parser("strokes", _seeds("stroke"), _stroke),
    Parser("lenses", _seeds("lens"), _lens),
    Parser("scans", _seeds("scan"), _scan),
    Parser("IMF", _seeds("imf", ".mxf"), _imf),
    Parser("bext, iXML", _seeds("sound"), _sound),
)
