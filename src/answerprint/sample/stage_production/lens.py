"""The lens and the sensor that the rendered production was shot with: figures chosen for it, so that they are known exactly.

No maker's lens: a short zoom that breathes, with barrel distortion at its wide end. The renderer sees as a pinhole and a little
beyond the frame; this lens and this sensor make camera originals of that.
"""

from __future__ import annotations

import numpy as np

from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Lens
from answerprint.optics.photograph import LensChain
from answerprint.optics.sensor import Gain, Sensor
from answerprint.optics.table import Axis, LensState, Table
from answerprint.simulation.stage import StageCamera

WIDTH, HEIGHT = 480, 270
OVERSCAN = 12
"""Pixels rendered beyond the frame on every side: where barrel distortion finds its light."""
SENSOR_MM = (28.0, 15.75)
ISO = 800.0
_FAR, _NEAR = 1e4, 0.6
_ZOOMS = (25.0, 32.0, 75.0)
_BREATHING = 0.03
"""Share by which the angle narrows from infinity to the nearest focus."""
_RADIAL = {25.0: (-0.045, 0.006), 32.0: (-0.030, 0.004), 75.0: (0.008, 0.0)}

SENSOR = Sensor(
    name="virtual Super 35",
    resolution=(WIDTH, HEIGHT),
    dimensions=SENSOR_MM,
    gains=(Gain(iso=ISO, electrons_at_grey=900.0, read_noise=4.0),),
)


def _lens() -> Lens:
    axes: tuple[Axis, ...] = ("focal_length", "focus_distance")
    places = [(zoom, focus) for zoom in _ZOOMS for focus in (_NEAR, 2.0, _FAR)]
    return Lens(
        make="Answerprint",
        model="Virtual zoom 25-75 T2.8",
        serial_number="AP-0001",
        minimum_focus_distance=_NEAR,
        pinhole_focal_length=Table.over(axes, {(z, f): (z * (1 + _BREATHING * _NEAR / f),) for z, f in places}, "logarithmic"),
        distortion=DistortionTable(
            axes=axes,
            settings=tuple(Setting(at=(z, f), model=Distortion(radial=_bent(z, f))) for z, f in places),
        ),
        source="human",
        attribution="chosen for the rendered sample production; no maker's lens",
    )


def _bent(zoom: float, focus: float) -> tuple[float, float]:
    """Barrel distortion grows by a fifth towards the nearest focus."""
    k1, k2 = _RADIAL[zoom]
    return round(k1 * (1 + 0.2 * _NEAR / focus), 6), k2


LENS = _lens()


def state(zoom: float, focus_m: float, t_stop: float) -> LensState:
    """The lens at a setting; its f-number as the stage takes it from the T-stop."""
    return LensState(focal_length=zoom, focus_distance=focus_m, f_number=t_stop * 0.94)


def focal_length(zoom: float, focus_m: float) -> float:
    """The pinhole focal length at a setting in mm, breathing included: what the renderer is given."""
    return LENS.focal_length(state(zoom, focus_m, 2.8))


def chain(zoom: float, focus_m: float, t_stop: float) -> LensChain:
    """Lens and sensor at a setting, light treated linearly so that light groups still add up."""
    return LensChain(LENS, SENSOR, state(zoom, focus_m, t_stop), iso=ISO, linear=True)


def overscanned(camera: StageCamera) -> StageCamera:
    """A camera of the production's frame as it is rendered: the same pixels, and some more on every side."""
    width, height = WIDTH + 2 * OVERSCAN, HEIGHT + 2 * OVERSCAN
    per_pixel = SENSOR_MM[0] / WIDTH
    return camera.model_copy(
        update={
            "active_sensor_resolution": (width, height),
            "active_sensor_physical_dimensions": (width * per_pixel, height * per_pixel),
        }
    )


def seen(picture: np.ndarray, zoom: float, focus_m: float, t_stop: float, exact: bool = False) -> np.ndarray:
    """A rendered pass (h, w, c) in the sensor's frame; ``exact`` takes the nearest sample, for depth and identities."""
    lens = chain(zoom, focus_m, t_stop)
    bent = lens.geometry(np.ascontiguousarray(picture, dtype=np.float32), "nearest" if exact else None)
    return bent if exact else lens.falloff(bent)
