"""Colour difference against published numbers."""

import numpy as np
import pytest

from answerprint.colour.difference import ciede2000, delta_e_2000, lab

# G. Sharma, W. Wu, E. N. Dalal, Color Research & Application 30(1), 2005, table 1: L1 a1 b1 L2 a2 b2 dE00.
SHARMA = np.fromstring(
    """
50 2.6772 -79.7751 50 0 -82.7485 2.0425 50 3.1571 -77.2803 50 0 -82.7485 2.8615 50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000 50 -1.1848 -84.8006 50 0 -82.7485 1.0000 50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669 50 -1 2 50 0 0 2.3669 50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792 50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195 50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195 50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045 50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461 50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492 50 2.5 0 61 -5 29 22.8977 50 2.5 0 56 -27 -3 31.9030 50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000 50 2.5 0 50 3.2972 0 1.0000 50 2.5 0 50 1.8634 0.5757 1.0000 50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644 63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731 35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373 36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441 90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377 2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
""",
    sep=" ",
).reshape(-1, 7)


def test_the_34_published_pairs_come_out_as_published() -> None:
    assert len(SHARMA) == 34
    assert np.abs(delta_e_2000(SHARMA[:, :3], SHARMA[:, 3:6]) - SHARMA[:, 6]).max() < 1e-4


def test_the_difference_is_the_same_from_either_side() -> None:
    assert delta_e_2000(SHARMA[:, 3:6], SHARMA[:, :3]) == pytest.approx(delta_e_2000(SHARMA[:, :3], SHARMA[:, 3:6]), abs=1e-9)


def test_equal_working_colours_have_lab_without_chroma_and_white_is_100() -> None:
    greys = lab(np.array([[0.18] * 3, [1.0] * 3, [4.0] * 3]))
    assert np.abs(greys[:, 1:]).max() < 1e-6
    assert greys[1, 0] == pytest.approx(100)
    assert greys[2, 0] > 150


def test_the_map_has_the_shape_of_the_picture_and_is_zero_between_equals() -> None:
    picture = np.random.default_rng(1).uniform(-0.05, 8, (5, 7, 3)).astype(np.float32)
    assert ciede2000(picture, picture).shape == (5, 7)
    assert ciede2000(picture, picture).max() == 0


def test_a_tenth_of_a_stop_on_grey_is_about_one_and_a_half() -> None:
    # L* 49.5 against 51.0, SL = 1 near 50.
    grey = np.full((1, 3), 0.18)
    assert ciede2000(grey, grey * 2**0.1)[0] == pytest.approx(1.53, abs=0.1)
