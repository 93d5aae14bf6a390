"""Each receiver gets what it can open: everything a package holds is opened again by a reader that did not write it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenImageIO as oiio
import opentimelineio as otio
import pytest
from lxml import etree

from answerprint.colour import cdl
from answerprint.deliver.package import Naming, write_package
from answerprint.editorial.timeline import read_timeline
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput
from answerprint.provenance.audit import audit_frame, ledgers_for
from answerprint.provenance.keys import own_signer
from answerprint.provenance.verify import verify

from .made import delivery, silent
from .nuke_syntax import Node, parse

NAME = "DerPrufstand_7A_0010_cleanup_AP_v001"
PULL = "DerPrufstand_7B_0020_plate_AP_v001"
Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Packages by receiver, each written once."""
    folder = tmp_path_factory.mktemp("Höhe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSWERPRINT_HOME", str(folder / "home"))
        ours = delivery(folder)
    done: dict[str, Path] = {}

    def package(receiver: str) -> Path:
        if receiver not in done:
            write_package(ours, receiver, folder / receiver, own_signer(), silent, movie=False)
            done[receiver] = folder / receiver
        return done[receiver]

    return package


ALL = ("generic", "resolve", "avid", "premiere", "baselight", "nuke", "flame", "after-effects", "netflix-vfx", "archive")


def seen(path: Path) -> tuple[Any, Any]:
    """Pixels and header by OpenImageIO, over the display window's share of the file."""
    file = oiio.ImageInput.open(str(path))
    assert file is not None, oiio.geterror()
    pixels, spec = file.read_image("float"), file.spec()
    file.close()
    return pixels, spec


@pytest.mark.parametrize("receiver", ALL)
def test_a_package_verifies_and_says_what_it_holds(made: Made, receiver: str) -> None:
    package = made(receiver)
    found = verify(package)
    assert found.intact, found.faults[:3]
    told = json.loads((package / "manifest.json").read_text())
    text = (package / "MANIFEST.txt").read_text()
    assert told["receiver"] == receiver and [m["event"] for m in told["missing"]] == [3] and "D999" in text
    for edit in told["edits"] + told["grades"]:
        assert (package / edit).is_file() and edit in text
    for shot in told["shots"]:
        for run in filter(None, [shot["frames"], shot["plate"], *shot["layers"].values()]):
            folder, _, name = run["path"].rpartition("/")
            first, last = map(int, re.search(r"\[(\d+)-(\d+)\]", name).groups())  # type: ignore[union-attr]
            if receiver != "generic":
                assert first == 1001
                for number in range(first, last + 1):
                    assert (package / folder / re.sub(r"\[.*\]", f"{number:04d}", name)).is_file()


@pytest.mark.parametrize("receiver", ALL)
def test_every_edit_of_a_package_reads_back_with_all_three_events(made: Made, receiver: str) -> None:
    for edit in sorted((made(receiver) / "edit").iterdir()):
        cut = read_timeline(edit, 24)
        assert [e.reel for e in cut.events] == ["A001", "B001", "D999"], edit
        assert [e.source_in.frame - 86400 for e in cut.events] == [3, 3, 3], edit


def test_names_follow_the_template_and_number_from_1001(made: Made) -> None:
    frames = sorted(p.name for p in (made("resolve") / "frames" / NAME).glob("*.exr"))
    assert frames == [f"{NAME}.{n}.exr" for n in range(1001, 1005)]


def test_a_renamed_frame_holds_the_bytes_that_were_approved(made: Made) -> None:
    package = made("resolve")
    version = package.parent / "versions" / "v001"
    for one, other in zip(sorted(version.glob("*.exr")), sorted((package / "frames" / NAME).glob("*.exr")), strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("receiver", "folder", "tag"), [("baselight", "frames", "lin_ap0_scene"), ("flame", "frames", "lin_ap1_scene")]
)
def test_linear_exr_opens_in_openimageio_with_what_a_conform_needs(made: Made, receiver: str, folder: str, tag: str) -> None:
    pixels, spec = seen(made(receiver) / folder / NAME / f"{NAME}.1003.exr")
    assert spec.format == "half" and spec.getattribute("compression") == "zip"
    assert spec.getattribute("colorInteropID") == tag and len(spec.getattribute("chromaticities")) == 8
    assert spec.getattribute("smpte:TimeCode")[0] == 0x01000004 and spec.getattribute("reelName") == "A001"
    assert spec.getattribute("FramesPerSecond") == (24, 1)
    assert np.isfinite(pixels).all()


def test_aces_frames_are_the_same_light_in_other_primaries(made: Made) -> None:
    ap1 = seen(made("resolve") / "frames" / NAME / f"{NAME}.1001.exr")[0]
    ap0 = seen(made("baselight") / "frames" / NAME / f"{NAME}.1001.exr")[0]
    # AP1 to AP0, Academy TB-2014-004 annex; half floats resolve 1 part in 2048.
    matrix = np.array(
        [
            [0.6954522414, 0.1406786965, 0.1638690622],
            [0.0447945634, 0.8596711185, 0.0955343182],
            [-0.0055258826, 0.0040252103, 1.0015006723],
        ]
    )
    np.testing.assert_allclose(ap0, ap1 @ matrix.T, atol=1e-3)


def test_each_layer_is_a_sequence_of_plain_rgb_with_the_numbers_of_the_frames(made: Made) -> None:
    layers = made("nuke") / "layers" / NAME
    assert sorted(p.name for p in layers.iterdir()) == ["clean_plate", "fill", "grain", "matte", "support"]
    pixels, spec = seen(layers / "matte" / f"{NAME}_matte.1001.exr")
    assert spec.channelnames == ("R", "G", "B") and (spec.full_width, spec.full_height) == (64, 48)
    assert (spec.x, spec.y, spec.width, spec.height) == (18, 18, 20, 14)
    assert pixels.max() == 1.0 and (pixels[..., 0] == pixels[..., 2]).all()
    assert seen(layers / "support" / f"{NAME}_support.1001.exr")[0].max() == 3.0


def test_a_transcoded_frame_still_leads_back_to_the_original(made: Made) -> None:
    frame = made("netflix-vfx") / "finals" / NAME / "64x48" / f"{NAME}.1004.exr"
    history = audit_frame(ledgers_for(frame), frame)
    assert [step["operation"] for step in history["steps"]] == ["removal", "transcode"]
    assert history["sources"][0]["clip"] == "A001C002_7A_T2" and history["frame"] == 5


def test_the_vfx_delivery_keeps_the_published_folders_names_and_compression(made: Made) -> None:
    package = made("netflix-vfx")
    plate = package / "plates" / "DerPrufstand_7A_0010_PL01_v001" / "64x48" / "DerPrufstand_7A_0010_PL01_v001.1001.exr"
    assert seen(plate)[1].getattribute("compression") == "zip"
    assert sorted(p.suffix for p in (package / "grades").iterdir()) == [".cc", ".cdl"]
    assert "at least 3840" in (package / "MANIFEST.txt").read_text()


def test_grades_carry_the_shots_names(made: Made) -> None:
    found = cdl.read(made("baselight") / "grades" / "DerPrufstand.ccc")
    assert [(c.id, c.slope, c.working_space) for c in found] == [(NAME, (1.1, 1.0, 0.9), "ACEScct")]
    root = etree.parse(made("resolve") / "grades" / "DerPrufstand.cdl").getroot()
    assert etree.QName(root).localname == "ColorDecisionList"


def test_otio_names_the_frames_as_an_image_sequence(made: Made) -> None:
    timeline = otio.adapters.read_from_file(str(made("resolve") / "edit" / "DerPrufstand.otio"))
    media = [clip.media_reference for clip in timeline.find_clips()]
    assert isinstance(media[0], otio.schema.ImageSequenceReference) and isinstance(media[2], otio.schema.MissingReference)
    assert media[0].target_url_for_image_number(2) == f"../frames/{NAME}/{NAME}.1003.exr"
    assert media[0].available_range.start_time.value == 86402 and media[0].available_range.duration.value == 4


def _wired(nodes: list[Node], name: str) -> list[str | None]:
    node = next(n for n in nodes if n.name == name)
    return [one.name if one else None for one in node.inputs]


def test_a_nuke_script_parses_and_lays_the_fill_over_the_plate(made: Made) -> None:
    package = made("nuke")
    nodes = parse((package / "nuke" / f"{NAME}.nk").read_text())
    assert _wired(nodes, "Matte_to_alpha") == ["Fill", "Matte"]
    assert _wired(nodes, "Fill_over_plate") == ["Plate", "Matte_to_alpha"]
    assert _wired(nodes, "Grain_over") == ["Fill_over_plate", "Grain"]
    assert _wired(nodes, "Write_comp") == ["Grain_over"]
    assert _wired(nodes, "To_grading") == ["Write_comp"] or _wired(nodes, "To_grading") == ["Grain_over"]
    assert {"ClePlate", "CleanPlate"} & {n.name for n in nodes}
    grade = next(n for n in nodes if n.kind == "OCIOCDLTransform")
    assert grade.knobs["slope"] == "1.1 1 0.9" and grade.knobs["saturation"] == "0.9"
    root = nodes[0]
    assert root.knobs["first_frame"] == "1001" and root.knobs["last_frame"] == "1004" and root.knobs["fps"] == "24"


def test_every_file_a_nuke_script_reads_is_there(made: Made) -> None:
    package = made("nuke")
    for name in (NAME, PULL):
        for node in parse((package / "nuke" / f"{name}.nk").read_text()):
            if node.kind == "Read":
                inside = node.knobs["file"].removeprefix("[file dirname [value root.name]]/../")
                for number in range(int(node.knobs["first"]), int(node.knobs["last"]) + 1):
                    assert (package / inside.replace("####", f"{number:04d}")).is_file()


def test_the_checker_of_nuke_scripts_finds_what_is_broken() -> None:
    for broken in (
        'Read {\n file "a.exr\n}\n',
        "Read {\n inputs 0\n",
        "Merge2 {\n inputs 2\n}\n",
        'Read {\n file "[value x]"\n}\n',
    ):
        with pytest.raises(ValueError):
            parse(broken)


DOCUMENTED = {
    "GetProjectManager", "CreateProject", "SaveProject", "SetSetting", "GetMediaPool", "GetName", "GetRootFolder", "AddSubFolder",
    "SetCurrentFolder", "ImportMedia", "ImportTimelineFromFile", "SetClipProperty", "SetMetadata", "GetStartFrame", "GetTrackCount",
    "GetItemListInTrack", "GetStart", "SetCDL", "AddMarker",
}  # fmt: skip
"""Names in Resolve's scripting README that a project of ours may use."""


class FakeResolve:
    """Answers documented names, remembers every call, and refuses the others."""

    def __init__(self, calls: list[tuple[str, tuple[Any, ...]]], answers: dict[str, Any]) -> None:
        self._calls, self._answers = calls, answers

    def __getattr__(self, name: str) -> Any:
        assert name in DOCUMENTED, f"{name} is not in the scripting README"

        def called(*given: Any) -> Any:
            self._calls.append((name, given))
            answer = self._answers.get(name, self)
            return answer(given) if callable(answer) and not isinstance(answer, FakeResolve) else answer

        return called


def test_the_resolve_script_builds_the_project_with_documented_names(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    script = made("resolve") / "resolve" / "build_project.py"
    ast.parse(script.read_text())
    calls: list[tuple[str, tuple[Any, ...]]] = []
    item = FakeResolve(calls, {"GetStart": 86400 * 2 + 2, "SetCDL": True})
    answers = {
        "GetStartFrame": 86400 * 2,
        "GetTrackCount": 1,
        "GetItemListInTrack": lambda given: [item],
        "ImportMedia": lambda given: [FakeResolve(calls, {})],
        "GetName": "Der Prüfstand",
    }
    fake = FakeResolve(calls, answers)
    module = types.ModuleType("DaVinciResolveScript")
    module.scriptapp = lambda name: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "DaVinciResolveScript", module)
    space: dict[str, Any] = {"__name__": "build", "__file__": str(script)}
    exec(compile(script.read_text(), str(script), "exec"), space)
    space["main"]()
    imported = [given[0][0] for name, given in calls if name == "ImportMedia"]
    assert {Path(one["FilePath"] % 1001).is_file() for one in imported} == {True}
    assert len(imported) == 7 and (imported[0]["StartIndex"], imported[0]["EndIndex"]) == (1001, 1004)
    graded = next(given[0] for name, given in calls if name == "SetCDL")
    assert graded == {
        "NodeIndex": "1",
        "Slope": "1.1000 1.0000 0.9000",
        "Offset": "0.0000 0.0000 0.0000",
        "Power": "1.0000 1.0000 1.0000",
        "Saturation": "0.9000",
    }
    assert next(given for name, given in calls if name == "AddMarker")[0] == 2


ES3_HAS_NOT = re.compile(r"\b(let|const|class|import|export|async|await)\b|=>|`|\bJSON\.|\.forEach\(|\.map\(|,\s*[}\]]")


def test_the_after_effects_script_is_old_javascript_that_parses(made: Made) -> None:
    script = made("after-effects") / "after-effects" / "build_comps.jsx"
    text = script.read_text()
    code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', re.sub(r"//.*", "", text))
    assert not ES3_HAS_NOT.search(code)
    for path in re.findall(r'"(?:result|plate|fill|matte|grain)": "([^"]+)"', text):
        assert (script.parent.parent / path).is_file()
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the script's syntax was not checked")
    # Wrapped, so that a plain .js parser takes it whatever its ending.
    result = subprocess.run(
        [node, "-e", "new Function(require('fs').readFileSync(process.argv[1], 'utf8'))", str(script)],
        check=False,
        capture_output=True,
    )
    assert result.returncode == 0, result.stderr.decode()


def test_after_effects_markers_say_where_the_cut_lies_and_what_was_left(made: Made) -> None:
    text = (made("after-effects") / "after-effects" / "build_comps.jsx").read_text()
    data = json.loads(text.split("var DATA = ", 1)[1].split("};", 1)[0] + "}")
    marks = [(m["at"], m["length"], m["text"].split(":")[0]) for m in data["shots"][0]["markers"]]
    assert marks == [(1, 0, "cut in"), (2, 0, "cut out"), (3, 1, "left as shot")]


def test_avid_movies_carry_reel_timecode_and_every_frame(made: Made) -> None:
    movie = open_sequence(made("avid") / "movies" / f"{NAME}.mov")
    assert (movie.count, movie.start_timecode, movie.reel) == (4, "01:00:00:02", "A001")
    # The made pictures are smaller than DNxHR can be, and the manifest says what came instead.
    assert "DNxHR begins at 256x120" in (made("avid") / "MANIFEST.txt").read_text()


def test_pictures_of_a_usual_size_become_dnxhr(tmp_path: Path) -> None:
    from answerprint.deliver.laid import LaidShot
    from answerprint.deliver.movies import shot_movie

    from .made import write_plate

    ours = delivery(tmp_path)
    shutil.rmtree(tmp_path / "plates" / "B001C001_7B_T1")
    write_plate(tmp_path / "plates" / "B001C001_7B_T1", "B001C001_7B_T1", 8, 2, (288, 160))
    laid = LaidShot(ours.shots[1], "b")
    place = shot_movie(laid, tmp_path, True, True, silent)
    with av.open(str(place)) as movie:
        assert movie.streams.video[0].codec_context.name == "dnxhd" and movie.streams.video[0].frames == 4
    assert laid.movie_codec == "DNxHR HQX"


def test_each_shot_of_a_finishing_package_has_its_amf_and_its_framing(made: Made) -> None:
    import fdl

    academy = made("baselight") / "academy"
    root = etree.parse(academy / f"{NAME}.amf").getroot()
    assert etree.QName(root).localname == "acesMetadataFile"
    assert [float(v) for v in root.findtext(".//{*}Slope").split()] == [1.1, 1.0, 0.9]
    framing = fdl.read_from_string((academy / f"{NAME}.fdl").read_text())
    canvas = framing.contexts[0].canvases[0]
    assert (canvas.dimensions.width, canvas.dimensions.height) == (64, 48)


def test_premiere_luts_show_the_grade_as_the_view_does(made: Made) -> None:
    import PyOpenColorIO as ocio

    from answerprint.colour.spaces import to_working
    from answerprint.colour.view import display

    place = made("premiere") / "luts" / f"{NAME}.cube"
    config = ocio.Config.CreateRaw()
    lut = ocio.FileTransform(str(place), interpolation=ocio.INTERP_TETRAHEDRAL)
    codes = np.random.default_rng(3).uniform(0.2, 0.7, (200, 3)).astype(np.float32)
    shown = codes.copy()
    config.getProcessor(lut).getDefaultCPUProcessor().applyRGB(shown)
    expected = display(cdl.apply(cdl.CDL(slope=(1.1, 1.0, 0.9), saturation=0.9), to_working(codes, "ACEScct")))
    # 33 points: a look, not a master; the mean is what an editor sees.
    assert np.abs(shown - expected).mean() < 0.01


def test_the_archive_holds_plates_layers_every_edit_and_the_proof(made: Made) -> None:
    package = made("archive")
    assert {p.suffix for p in (package / "edit").iterdir()} >= {".otio", ".edl", ".ale", ".xml"}
    assert {p.suffix for p in (package / "grades").iterdir()} == {".ccc", ".cdl", ".cc"}
    layered = package / "layers" / NAME / f"{NAME}_layers.1001.exr"
    assert layered.read_bytes() == next(iter(sorted((package.parent / "versions" / "v001" / "layers").iterdir()))).read_bytes()
    assert (package / "plates" / f"{NAME}_plate" / f"{NAME}_plate.1001.exr").is_file() and (package / "ascmhl").is_dir()


def test_an_unknown_receiver_is_one_line_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="baselight"):
        write_package(delivery(tmp_path), "smoke", tmp_path / "out", own_signer(), silent)


def test_a_name_two_shots_would_share_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="both 7A_0010 and 7B_0020"):
        write_package(delivery(tmp_path), "nuke", tmp_path / "out", own_signer(), silent, naming=Naming("{show}_{vendor}"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("receiver", ["generic", "resolve", "nuke", "flame", "archive"])
def test_every_medium_the_edit_names_is_in_the_package(made: Made, receiver: str) -> None:
    package = made(receiver)
    edit = next((package / "edit").glob("*.otio"))
    references = [clip.media_reference for clip in otio.adapters.read_from_file(str(edit)).find_clips()]
    sequences = [one for one in references if isinstance(one, otio.schema.ImageSequenceReference)]
    assert len(sequences) == 2
    for one in sequences:
        count = int(one.available_range.duration.value)
        assert all((edit.parent / one.target_url_for_image_number(number)).is_file() for number in range(count))
