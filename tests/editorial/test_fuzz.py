"""Broken lists: each text parser answers with a cut or with one clear line, and never with anything else."""

from __future__ import annotations

import resource

import pytest

from answerprint.editorial.timeline import read_timeline
from answerprint.production import BadInput
from tests.editorial.mutation import CORPUS, survivors

_MEBIBYTE = 1024  # ru_maxrss counts kibibytes
_BOMB = (
    '<!DOCTYPE {0} [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><{0}>&c;</{0}>'
)


def test_the_corpus_itself_is_read(tmp_path):
    for path in CORPUS.iterdir():
        assert read_timeline(path, "29.97" if path.name.startswith("drop") else 24).events, path.name


def test_two_thousand_mutated_lists_meet_no_crash_no_hang_and_no_memory_blow_up():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken, refused = survivors(2000, seed=1)
    assert taken + refused == 2000 and taken > 300 and refused > 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * _MEBIBYTE


@pytest.mark.slow
def test_a_hundred_thousand_mutated_lists_meet_no_crash_no_hang_and_no_memory_blow_up():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(2, 52):
        survivors(2000, seed)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * _MEBIBYTE


@pytest.mark.parametrize(("suffix", "root"), [(".xml", "xmeml"), (".fcpxml", "fcpxml")])
def test_an_entity_bomb_is_refused(tmp_path, suffix, root):
    (tmp_path / f"bomb{suffix}").write_text(_BOMB.format(root))
    with pytest.raises(BadInput, match="declares entities, which no timeline needs"):
        read_timeline(tmp_path / f"bomb{suffix}")


@pytest.mark.parametrize(("suffix", "root"), [(".xml", "xmeml"), (".fcpxml", "fcpxml")])
def test_a_reference_to_another_file_is_refused(tmp_path, suffix, root):
    (tmp_path / "secret").write_text("secret")
    text = f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><{root}>&x;</{root}>'
    (tmp_path / f"out{suffix}").write_text(text)
    with pytest.raises(BadInput, match="declares entities"):
        read_timeline(tmp_path / f"out{suffix}")


@pytest.mark.parametrize(("suffix", "root"), [(".xml", "xmeml"), (".fcpxml", "fcpxml")])
def test_a_hundred_thousand_elements_inside_one_another_are_refused(tmp_path, suffix, root):
    (tmp_path / f"deep{suffix}").write_text(f"<{root}>" + "<a>" * 100_000 + "</a>" * 100_000 + f"</{root}>")
    with pytest.raises(BadInput, match="nested deeper"):
        read_timeline(tmp_path / f"deep{suffix}")


def test_an_otio_nested_without_end_is_refused(tmp_path):
    (tmp_path / "deep.otio").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(BadInput, match="cannot be read as OTIO"):
        read_timeline(tmp_path / "deep.otio")


@pytest.mark.parametrize("version", ["0", "-1", "00", "01", "x", ""])
def test_an_otio_of_a_version_that_cannot_be_ends_nothing(tmp_path, version):
    text = (CORPUS / "split_key_wipe.otio").read_text().replace('"Clip.2"', f'"Clip.{version}"', 1)
    (tmp_path / "odd.otio").write_text(text)
    if version == "01":
        assert read_timeline(tmp_path / "odd.otio", 24).events, "the first version, oddly written"
    else:
        with pytest.raises(BadInput, match="which cannot be"):
            read_timeline(tmp_path / "odd.otio", 24)


def test_sequences_that_hold_one_another_many_times_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("answerprint.editorial.fcp7._MOST_EVENTS", 5000)
    item = '<clipitem id="c"><name>n</name><start>{0}</start><end>{1}</end><in>0</in><out>1</out>{2}</clipitem>'
    file = '<file id="f{0}"><name>a</name></file>'
    rate = "<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate>"
    body = "".join(item.format(n, n + 1, file.format(n)) for n in range(40))
    for level in range(6):
        inner = f'<sequence id="s{level}"><name>s</name>{rate}<media><video><track>{body}</track></video></media></sequence>'
        again = f'<sequence id="s{level}"/>'
        body = "".join(item.format(n * 40, n * 40 + 40, inner if n == 0 else again) for n in range(40))
    (tmp_path / "many.xml").write_text(
        f'<xmeml version="5"><sequence id="top"><name>t</name>{rate}<media><video><track>{body}</track></video></media></sequence></xmeml>'
    )
    with pytest.raises(BadInput, match="unfolds into more than"):
        read_timeline(tmp_path / "many.xml")


def test_a_line_without_end_is_refused(tmp_path):
    (tmp_path / "long.edl").write_text("001 " + " " * 1_000_000)
    with pytest.raises(BadInput, match="line 1: has 1000004 characters"):
        read_timeline(tmp_path / "long.edl", 24)
