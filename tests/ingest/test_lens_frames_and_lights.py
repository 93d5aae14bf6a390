"""What camera, lens and lamps wrote: the makers' units and marks, and where the lights hung."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pytest

from answerprint.ingest.lens_frames import read_lens_frames
from answerprint.ingest.lights.mvr import read_mvr
from answerprint.ingest.lights.sheets import level, read_gaffers_list
from answerprint.ingest.recognise import recognise
from answerprint.production import BadInput


def test_the_published_arri_clip_has_its_published_values(footage):
    track = read_lens_frames(footage / "metadata/camera_reports/arri/B001C001_180327_R1ZA.mov.csv")
    assert (len(track), str(track.start), track.rate) == (500, "13:36:49:07", 24) and len(set(track.focus_distance_m)) == 183
    assert set(track.focal_length_mm) == {40.0} and track.focus_distance_m[0] == 4.812
    assert track.t_stop[0] == pytest.approx(2 ** ((2667 - 1000) / 2000)), "linear iris 2667, printed as 1.4 + 7/10"
    assert np.isnan(track.rotation[:, 1]).all() and set(track.rotation[:, 2]) == {-0.1}, "409.5 is no tilt"
    assert np.isnan(track.entrance_pupil_offset_m).all()


def test_the_published_blackmagic_listing_has_its_published_values(footage):
    track = read_lens_frames(footage / "metadata/camera_reports/bmd/metadata.txt")
    assert (track.focal_length_mm[0], track.focus_distance_m[0], track.t_stop[0], track.rate) == (50.0, 0.991, 2.3, 48)
    assert math.isnan(track.f_stop[0])


def test_a_camera_report_carries_what_its_lens_did(footage):
    for name, least in (("arri/B001C001_180327_R1ZA.mov.csv", 0.661), ("bmd/metadata.txt", 0.991)):
        lens = recognise(footage / "metadata/camera_reports" / name).metadata["lens_track"]["lens"]
        assert lens["focus_distance_m"]["least"] == least and lens["entrance_pupil_offset_m"]["least"] is None


def test_red_lengths_and_the_cooke_lens_behind_them(tmp_path):
    cooke = (
        "64/40/40/46/68/48/70/B8/80/40/40/40/42/66/6D/40/40/46/5E/40/40/46/73/45/4E/41/7F/40/40/53/47/35/33/35/39/39/37/36/34/0A/0D"
    )
    (tmp_path / "r.csv").write_text(
        "FrameNo,Timecode,Timestamp,Aperture,Focus Distance,Focal Length,Cooke Metadata\n"
        f"0,23:17:21:08,,5.600000,410,40,{cooke}\n1,23:17:21:09,,5.6,0,40,\n"
    )
    track = read_lens_frames(tmp_path / "r.csv", rate=24)
    said = (track.focus_distance_m[0], track.focal_length_mm[0], track.t_stop[0], track.entrance_pupil_offset_m[0])
    assert said == pytest.approx((0.41, 40, 5.6, 0.127))
    assert math.isnan(track.focus_distance_m[1]) and math.isnan(track.t_stop[1]) and track.f_stop[1] == 5.6
    assert str(track.start) == "23:17:21:08" and recognise(tmp_path / "r.csv").kind == "lens"


def test_canon_rationals_floats_and_marks(tmp_path):
    (tmp_path / "c.csv").write_text(
        "Timecode,FocusPosition,FocalLength,ApertureNumber,ApertureMode\n0:00:00:00,3F000000,180/10,45/10,2\n0:00:00:01,FFFFFFFF,65535/65535,45/10,1\n"
    )
    track = read_lens_frames(tmp_path / "c.csv")
    assert (track.focus_distance_m[0], track.focal_length_mm[0], track.t_stop[0]) == (0.5, 18.0, 4.5)
    assert math.isnan(track.focus_distance_m[1]) and math.isnan(track.focal_length_mm[1]) and track.f_stop[1] == 4.5


def test_sony_feet_and_tenths_of_a_stop(tmp_path):
    (tmp_path / "s.csv").write_text(
        "Timecode,Focal Length (mm),Focus Distance (ft),Aperture\n01:00:00:00,32,10,T 2 3/10\n01:00:00:01,,,\n"
    )
    track = read_lens_frames(tmp_path / "s.csv", rate="23.976")
    assert track.focus_distance_m[0] == pytest.approx(3.048) and track.t_stop[0] == pytest.approx(2 ** (2.3 / 2))
    assert math.isnan(track.focal_length_mm[1]) and math.isnan(track.t_stop[1]) and not track.problems


# -- lights --------------------------------------------------------------------------------------------------------------


def plot(path, matrix="{1,0,0}{0,1,0}{0,0,1}{2000,-1500,4200}", scene=None):
    fixture = io.BytesIO()
    with zipfile.ZipFile(fixture, "w") as z:
        z.writestr("description.xml", '<GDTF><FixtureType Name="F" Manufacturer="M"><Geometries><Beam BeamAngle="19" FieldAngle="25" LuminousFlux="12000" ColorTemperature="5600"/></Geometries></FixtureType></GDTF>')  # fmt: skip
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("GeneralSceneDescription.xml", scene or f'<GeneralSceneDescription><Scene><Layers><Layer name="grid"><Matrix>{{1,0,0}}{{0,1,0}}{{0,0,1}}{{0,0,500}}</Matrix><ChildList><GroupObject name="g"><ChildList><Fixture name="Key" uuid="u"><Matrix>{matrix}</Matrix><GDTFSpec>M@F.gdtf</GDTFSpec><FixtureID>101</FixtureID><Addresses><Address break="0">2.17</Address></Addresses></Fixture></ChildList></GroupObject></ChildList></Layer></Layers></Scene></GeneralSceneDescription>')  # fmt: skip
        z.writestr("M@F.gdtf", fixture.getvalue())
    return path


def test_a_lamp_hangs_where_its_groups_and_layers_put_it(tmp_path):
    (light,), problems = read_mvr(plot(tmp_path / "a.mvr"))
    assert (light.id, light.position, light.direction) == ("101", (2.0, -1.5, 4.7), (0.0, 0.0, -1.0)) and not problems
    assert (light.universe, light.address, light.cct_kelvin, light.beam_degree, light.luminous_flux_lm) == (2, 17, 5600, 19, 12000)
    assert recognise(tmp_path / "a.mvr").metadata["lights"][0]["name"] == "Key"


def test_a_lamp_turned_over_shines_along_its_own_axis(tmp_path):
    (light,), _ = read_mvr(plot(tmp_path / "a.mvr", "{1,0,0}{0,0,1}{0,-1,0}{0,0,0}"))
    assert light.direction == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("scene", ["<broken", '<!DOCTYPE l [<!ENTITY a "aa">]><x>&a;</x>'])
def test_a_broken_plot_is_refused(tmp_path, scene):
    with pytest.raises(BadInput, match="is no MVR plot"):
        read_mvr(plot(tmp_path / "a.mvr", scene=scene))


def test_a_gaffers_list_in_feet_is_in_metres(tmp_path):
    (tmp_path / "g.csv").write_text(
        "Unit,Fixture,Gel,CCT,Level,DMX,X (ft),Y (ft),Z (ft)\n1,ARRI M18,1/2 CTB,5600,50%,1/101,10,0,12\n2,Bulb,,,,,,,\n"
    )
    key, bulb = read_gaffers_list(tmp_path / "g.csv")
    assert key.position == pytest.approx((3.048, 0, 3.6576)) and (key.intensity, key.cct_kelvin, key.universe, key.address) == (
        0.5,
        5600,
        1,
        101,
    )
    assert (bulb.position, bulb.intensity, bulb.cct_kelvin) == (None, None, None), "what nobody wrote is unknown"
    assert recognise(tmp_path / "g.csv").metadata["paper"] == "lighting plot"


def test_cues_say_the_level_of_each_channel(tmp_path):
    (tmp_path / "q.csv").write_text("Cue,Channel,Level\n1,5,FL\n1,6,25\n2,5,0\n")
    assert recognise(tmp_path / "q.csv").metadata["cues"] == {"1": {"5": 1.0, "6": 0.25}, "2": {"5": 0.0}}


@pytest.mark.parametrize(("said", "share"), [("100", 1.0), ("0.5", 0.5), ("1", 0.01), ("33%", 0.33), ("", None)])
def test_levels_are_shares(said, share):
    assert level(said) == (None if share is None else pytest.approx(share))
