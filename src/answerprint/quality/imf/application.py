"""What the application a composition names asks of its picture: App 2E (ST 2067-21), App 5 (ST 2067-50); others are named, not judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from answerprint.quality.finding import Finding
from answerprint.quality.imf.document import local, text, whole

_APP_2E = "2067-21"
_APP_5 = "2067-50"
_RATES = {Fraction(r) for r in (24, 25, 30, 50, 60, 120)} | {Fraction(r * 1000, 1001) for r in (24, 30, 60)}
_WIDEST, _HIGHEST = 4096, 3112
"""ST 2067-21:2020, the largest picture of its tables for the 4K profile."""
_JPEG_2000 = "04010202.030102"
"""Node of the picture coding labels under which JPEG 2000 stands (SMPTE labels register, ST 400)."""
_UNCOMPRESSED_ACES = "04010202.030402"
"""Node under which the ACES codings of ST 2065-5 stand, as the test material of that application carries it."""

Say = Callable[..., Finding]


def check_application(root: Any, rate: Fraction, descriptors: list[Any], say: Say) -> Iterator[Finding]:
    """Name the application; for those that are known check rate, size, layout and coding of the main image."""
    named = [str(e.text).strip() for e in root.iter() if local(e) == "ApplicationIdentification" and e.text]
    if not named:
        yield say("imf-application", "fail", "names no application (ST 2067-2, ApplicationIdentification)")
        return
    yield say("imf-application", "info", f"application {', '.join(named)}")
    for application in named:
        for descriptor in descriptors:
            if _APP_2E in application:
                yield from _app_2e(descriptor, rate, say)
            elif _APP_5 in application:
                yield from _app_5(descriptor, say)


def _app_2e(descriptor: Any, rate: Fraction, say: Say) -> Iterator[Finding]:
    if rate not in _RATES:
        yield say("imf-application", "fail", f"edit rate {rate} is none of ST 2067-21")
    width, height = whole(text(descriptor, "StoredWidth")), whole(text(descriptor, "StoredHeight"))
    if width is None or height is None or width > _WIDEST or height > _HIGHEST:
        yield say("imf-application", "fail", f"picture of {width}x{height} is larger than ST 2067-21 allows, {_WIDEST}x{_HIGHEST}")
    if _JPEG_2000 not in text(descriptor, "PictureCompression"):
        yield say("imf-application", "fail", "the picture is not JPEG 2000 (ST 2067-21)")
    if text(descriptor, "FrameLayout") not in ("FullFrame", "SeparateFields"):
        yield say("imf-application", "fail", f"frame layout {text(descriptor, 'FrameLayout')[:30]!r} is none of ST 2067-21")


def _app_5(descriptor: Any, say: Say) -> Iterator[Finding]:
    if local(descriptor) != "RGBADescriptor":
        yield say("imf-application", "fail", f"the picture's descriptor is {local(descriptor)}, not RGBADescriptor (ST 2067-50)")
    if text(descriptor, "FrameLayout") != "FullFrame":
        yield say("imf-application", "fail", f"frame layout {text(descriptor, 'FrameLayout')[:30]!r} is not FullFrame (ST 2067-50)")
    if _UNCOMPRESSED_ACES not in text(descriptor, "PictureCompression"):
        yield say("imf-application", "fail", "the picture is not coded as ACES (ST 2067-50, ST 2065-5)")
