"""Content credentials are made and checked offline, say what is true, and give away any change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.production import BadInput
from answerprint.provenance.certificates import own_chain
from answerprint.provenance.credentials import (
    Deed,
    Ingredient,
    Statement,
    embed,
    read_credentials,
    sign_movie,
    sign_sidecars,
    source_type,
    write_sidecar,
)
from answerprint.provenance.keys import Signer, home, own_signer
from answerprint.provenance.rows import FrameRow, ModelUse, SourceUse

Rows = Callable[..., FrameRow]


def picture(path: Path) -> Path:
    kind = {".exr": ("half", "exr"), ".dpx": ("uint10", "dpx"), ".tif": ("uint16", "tiff"), ".png": ("uint8", "png")}[path.suffix]
    dtype = {"half": np.float16, "uint8": np.uint8}.get(kind[0], np.uint16)
    codes = (np.arange(96).reshape(8, 12) * 2).astype(dtype)
    header = FrameHeader(width=12, height=8, data_window=(0, 0, 12, 8), storage=kind[0], file_format=kind[1])  # type: ignore[arg-type]
    write_frame(path, SourceFrame(planes={name: codes.copy() for name in "RGB"}, header=header))
    return path


@pytest.fixture
def movie(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "reference.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("prores_ks", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p10le"
        for at in range(4):
            codes = np.full((48, 64, 3), at * 40, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24").reformat(format="yuv444p10le")))
        container.mux(stream.encode())
    yield path


def statement(**changes: object) -> Statement:
    deed = Deed(operation="removal", operation_version="1", source_type="compositeCapture", parameters_digest="c" * 64)
    fields: dict[str, object] = {
        "title": "reference",
        "opened": Ingredient(title="A001.exr", digest="a" * 64),
        "deeds": (deed,),
        "frames": ({"frame": 0, "pixel_digest": "d" * 64},),
        "root": "e" * 64,
        "signer": "f" * 64,
    }
    return Statement(**{**fields, **changes})


@pytest.mark.parametrize("suffix", [".exr", ".dpx", ".tif", ".png"])
def test_a_frame_gets_a_sidecar_that_is_trusted_and_disowns_a_changed_byte(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"bild-ü{suffix}")
    before = path.read_bytes()
    assert write_sidecar(path, statement()) == path.with_suffix(".c2pa")
    assert path.read_bytes() == before
    found = read_credentials(path, own_chain().anchor)
    assert found.state == "Trusted" and found.frames == [{"frame": 0, "pixel_digest": "d" * 64}]
    assert [action["action"] for action in found.actions] == ["c2pa.opened", "c2pa.edited"]
    path.write_bytes(before[:-3] + bytes([before[-3] ^ 1]) + before[-2:])
    changed = read_credentials(path, own_chain().anchor)
    assert changed.state == "Invalid" and "assertion.dataHash.mismatch" in changed.faults


def test_a_movie_carries_its_credentials_inside_and_still_plays(movie: Path) -> None:
    embed(movie, statement())
    found = read_credentials(movie, own_chain().anchor)
    assert found.state == "Trusted" and found.actions[1]["digitalSourceType"].endswith("/compositeCapture")
    with av.open(str(movie)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4
    data = movie.read_bytes()
    at = data.index(b"mdat") + 200
    movie.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert read_credentials(movie, own_chain().anchor).state == "Invalid"


def test_without_our_anchor_the_same_credentials_are_valid_and_not_trusted(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.tif")
    write_sidecar(path, statement())
    assert read_credentials(path).state == "Valid"
    assert read_credentials(path, own_chain(Signer.generate("someone")).anchor).state == "Valid"


def test_a_movie_made_from_a_signed_movie_keeps_its_credentials_as_an_ingredient(movie: Path, tmp_path: Path) -> None:
    embed(movie, statement(title="first"))
    second = tmp_path / "second.mov"
    second.write_bytes(movie.read_bytes())
    embed(second, statement(title="second", opened=Ingredient(title="first", digest="a" * 64, path=movie)))
    found = read_credentials(second, own_chain().anchor)
    assert found.state == "Trusted" and len(found.record["manifests"]) == 2


def test_the_chain_is_made_once_kept_private_and_names_the_signer() -> None:
    from cryptography import x509

    first, again = own_chain(), own_chain()
    assert first == again
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (home() / "credentials").rglob("*.pem"))
    names = x509.load_pem_x509_certificate(first.chain).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"urn:answerprint:ed25519:{own_signer().fingerprint}"]


def test_the_source_type_follows_what_was_done_and_not_what_was_asked(frame_row: Rows) -> None:
    lent = [SourceUse(digest="1" * 64, clip="A", frame=1), SourceUse(digest="2" * 64, clip="A", frame=9, role="candidate")]
    finder = ModelUse(name="pose", digest="3" * 64, kind="analysis")
    maker = ModelUse(name="production network", digest="4" * 64, kind="pixels")
    untouched = frame_row(0, models=[maker])
    graded = frame_row(0, changed_share=0.9, models=[finder])
    borrowed = frame_row(0, changed_share=0.1, sources=lent, models=[finder])
    invented = frame_row(0, changed_share=0.1, sources=lent, invented_share=0.01)
    generated = frame_row(0, changed_share=0.1, sources=lent, models=[maker])
    found = [source_type([row]) for row in (untouched, graded, borrowed, invented, generated)]
    assert found == [
        None,
        "algorithmicallyEnhanced",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
    ]
    assert source_type([graded, borrowed, untouched]) == "compositeCapture"


def test_a_file_without_credentials_says_so_and_a_foreign_format_is_refused(movie: Path, tmp_path: Path) -> None:
    assert read_credentials(movie).state == "None"
    with pytest.raises(BadInput, match="is not a frame file"):
        write_sidecar(movie, statement())
    with pytest.raises(BadInput, match="cannot carry"):
        embed(picture(tmp_path / "a.exr"), statement())


def test_credentials_of_the_published_test_files_are_read(footage: Path) -> None:
    folder = footage / "provenance" / "c2pa"
    assert read_credentials(folder / "A.jpg").state == "None"
    assert read_credentials(folder / "CA.jpg").state in ("Valid", "Trusted")
    assert read_credentials(folder / "XCA.jpg").state == "Invalid"


def test_frames_and_the_movie_cut_from_them_tell_the_ledger_rows(
    movie: Path, tmp_path: Path, signer: Signer, frame_row: Rows
) -> None:
    lent = [SourceUse(digest="1" * 64, clip="A", frame=1), SourceUse(digest="2" * 64, clip="A", frame=9, role="candidate")]
    row = frame_row(1, changed_share=0.1, sources=lent)
    path = picture(tmp_path / "0001.exr")
    assert sign_sidecars({path: row}, signer, root="e" * 64) == [tmp_path / "0001.c2pa"]
    frame = read_credentials(path, own_chain(signer).anchor)
    assert frame.state == "Trusted" and frame.frames[0]["class"] == "A"
    assert [item["relationship"] for item in frame.ingredients] == ["parentOf", "componentOf"]
    sign_movie(movie, signer, rows=[row, frame_row(2)], ingredients=[path], frames={"frames/0001.exr": row.output_digest})
    cut = read_credentials(movie, own_chain(signer).anchor)
    assert cut.state == "Trusted" and cut.frames == [{"path": "frames/0001.exr", "pixel_digest": row.output_digest}]
    assert cut.actions[0]["action"] == "c2pa.created" and cut.actions[0]["digitalSourceType"].endswith("/compositeCapture")
