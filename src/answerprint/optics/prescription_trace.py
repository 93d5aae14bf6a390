"""A lens record from a prescription: rays traced through every surface at each focus and zoom (optiland, extra ``[prescription]``).

Breathing, the no-parallax point, distortion, lateral and longitudinal colour, dark corners over the iris and the rim that cuts
cat's eyes all come from the one trace. It is what the design does: the copy in the case has its own tolerances, and glass as cine
lenses are built is seldom published. Geometry is taken in green light, at the focus of rays near the axis.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares

from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Barrel, Lens
from answerprint.optics.prescription import Prescription, Zoom
from answerprint.optics.pupil import overlap
from answerprint.optics.table import Axis, Table
from answerprint.optics.vignetting import natural_falloff
from answerprint.production import BadInput

if TYPE_CHECKING:
    from optiland.optic import Optic

Real = NDArray[np.float64]

RED, GREEN, BLUE = 0.600, 0.540, 0.460
"""Micrometres: about the middles of what a camera's three colour filters let through."""
_FIELDS = 13
_RINGS, _SPOKES = 48, 32
_PUPIL_MARGIN = 1.8
"""Seen from the side a pupil wanders and grows; the rays reach that far beyond its paraxial size."""


@dataclass(frozen=True)
class SetLens:
    """The lens as it is set: ``gaps`` (mm) after every surface, for a plane in focus ``focus_distance`` metres from the sensor."""

    prescription: Prescription
    gaps: tuple[float, ...]
    focus_distance: float = math.inf

    @cached_property
    def optic(self) -> Optic:
        """optiland's model of it, without an object: rays are started from here."""
        return _optic(self.prescription, self.gaps)

    @property
    def track(self) -> float:
        """From the first surface to the sensor, mm."""
        return sum(self.gaps)

    @property
    def object_distance(self) -> float:
        """From the plane in focus to the first surface, mm."""
        return self.focus_distance * 1000 - self.track

    @cached_property
    def pupil(self) -> float:
        """Where the entrance pupil is, mm behind the first surface: the no-parallax point."""
        return float(np.ravel(self.optic.paraxial.EPL())[0])

    @cached_property
    def focal_length(self) -> float:
        """The pinhole focal length, mm: how far from the axis a ray through the middle of the pupil lands, over its slope."""
        return abs(self._paraxial(-self.pupil, 1.0, GREEN)[0])

    @cached_property
    def iris_radius(self) -> float:
        """How far from the axis a ray meets the iris, over how far from it that ray meets the entrance pupil."""
        slope = 0.0 if math.isinf(self.focus_distance) else 1 / (self.object_distance + self.pupil)
        heights = self.optic.paraxial.trace_generic(1.0 - slope * self.pupil, slope, 0.0, GREEN, skip=1)[0]
        return abs(float(np.ravel(heights)[self.prescription.iris - 1]))

    def defocus(self, wavelength: float = GREEN) -> float:
        """How far behind the sensor light of a wavelength (micrometres) from the plane in focus meets, mm, near the axis."""
        height, slope = self._paraxial(1.0, 0.0 if math.isinf(self.focus_distance) else 1 / self.object_distance, wavelength)
        return -height / slope

    def trace(self, tangent: Real, across: Real, up: Real, wavelength: float = GREEN) -> tuple[Real, Real, Real]:
        """Rays at field angles of ``tangent`` from the pupil's middle, aimed at places (mm) of the pupil's plane; all arrays alike.

        Returns how far from the axis each lands on the sensor in the field's direction, mm; the square of its distance from the axis at
        the iris; and whether it came through (1.0) or was stopped (0.0).
        """
        from optiland.rays import RealRays

        back = self.track if math.isinf(self.focus_distance) else min(self.track, self.object_distance)
        if math.isinf(self.focus_distance):
            slope_x, slope_y = 0 * tangent, tangent
        else:
            away = self.object_distance + self.pupil
            slope_x, slope_y = across / away, tangent + up / away
        x, y = across - slope_x * (back + self.pupil), up - slope_y * (back + self.pupil)
        length = np.sqrt(1 + slope_x**2 + slope_y**2)
        one = np.ones_like(x)
        rays = RealRays(x, y, -back * one, slope_x / length, slope_y / length, 1 / length, one, wavelength * one)
        with _quiet():
            self.optic.surfaces.trace(rays, skip=1)
        # The object in front leaves no record, so what is kept begins with the first surface.
        iris = self.prescription.iris - 1
        at_iris = self.optic.surfaces.x[iris] ** 2 + self.optic.surfaces.y[iris] ** 2
        passed = np.where(np.isfinite(rays.y) & np.isfinite(at_iris), rays.i, 0.0)
        return np.nan_to_num(-rays.y * np.sign(self._turn)), np.nan_to_num(at_iris, nan=np.inf), passed

    @cached_property
    def _turn(self) -> float:
        # A lens turns the picture over; one with an inner image would not.
        return -self._paraxial(-self.pupil, 1.0, GREEN)[0]

    def chief_aims(self, tangent: Real, wavelength: float = GREEN) -> Real:
        """Where in the pupil's plane, mm above the axis, rays of these field angles (n,) go that meet the middle of the iris."""
        aim = np.zeros_like(tangent)
        step = 1e-3 * self.focal_length
        for _ in range(6):
            here, there = (self._iris_height(tangent, aim + d, wavelength) for d in (0.0, step))
            aim = aim - here * step / (there - here)
        return aim

    def chief_heights(self, tangent: Real, wavelength: float = GREEN) -> Real:
        """Where the rays through the middle of the iris land, mm from the axis, at field angles of ``tangent`` (n,)."""
        return self.trace(tangent, 0 * tangent, self.chief_aims(tangent, wavelength), wavelength)[0]

    def _iris_height(self, tangent: Real, aim: Real, wavelength: float) -> Real:
        self.trace(tangent, 0 * aim, aim, wavelength)
        return np.asarray(self.optic.surfaces.y[self.prescription.iris - 1], dtype=np.float64)

    def _paraxial(self, height: float, slope: float, wavelength: float) -> tuple[float, float]:
        y, u = self.optic.paraxial.trace_generic(height, slope, 0.0, wavelength, skip=1)
        return float(np.ravel(y)[-1]), float(np.ravel(u)[-1])


def focused(prescription: Prescription, focus_distance: float, zoom: Zoom | None = None) -> SetLens:
    """The lens with its groups where ``focus_distance`` (metres from the sensor) is sharp near the axis.

    Raises BadInput where no travel of its groups focuses there.
    """
    nominal = prescription.gaps(zoom)
    change = np.array(prescription.gaps(zoom, 1.0)) - np.array(nominal)
    room = [(-gap / step) for gap, step in zip(nominal, change, strict=True) if step > 0]
    reach = [(gap / -step) for gap, step in zip(nominal, change, strict=True) if step < 0]
    near, far = max(room, default=-sum(nominal)), min(reach, default=sum(nominal))

    def at(travel: float) -> SetLens:
        return SetLens(prescription, prescription.gaps(zoom, travel), focus_distance)

    def miss(travel: float) -> float:
        lens = at(travel)
        return -math.inf if lens.object_distance <= 0 else lens.defocus()

    # A group that may not touch its neighbours: the ends themselves are left out. Of several travels the shortest is the ring's.
    places = np.linspace(near, far, 50)[1:-1]
    found = np.array([miss(place) for place in places])
    crossings = [n for n in range(len(places) - 1) if np.isfinite(found[n : n + 2]).all() and found[n] * found[n + 1] <= 0]
    # Where the light leaves parallel the defocus jumps through infinity: that changes sign and is no focus.
    crossings = [n for n in crossings if abs(found[n] - found[n + 1]) < sum(nominal)]
    if not crossings:
        raise BadInput(
            prescription.model or "lens prescription",
            f"does not focus at {focus_distance:g} m: its groups have no room for it",
            "name the groups that move (focusing), correct their gaps, or ask for a longer distance",
        )
    n = min(crossings, key=lambda n: abs(places[n] + places[n + 1]))
    return at(float(brentq(miss, places[n], places[n + 1], xtol=1e-7)))


def traced_lens(
    prescription: Prescription,
    focus_distances: Sequence[float] = (math.inf, 8.0, 4.0, 2.5, 1.6, 1.0),
    f_numbers: Sequence[float] = (),
    image_radius: float = 21.634,
) -> Lens:
    """The lens record over ``focus_distances`` (metres from the sensor), every zoom position, and the iris.

    ``f_numbers`` are those at which dark corners are traced (wide open and the next five stops); ``image_radius`` is half the diagonal
    of the largest sensor, mm. Raises BadInput where the lens does not focus at a distance or does not reach that radius.
    """
    _installed()
    zooms: tuple[Zoom | None, ...] = prescription.zooms or (None,)
    axes: tuple[Axis, ...] = ("focal_length", "focus_distance") if prescription.zooms else ("focus_distance",)
    stops = tuple(f_numbers) or tuple(prescription.f_number * 2 ** (n / 2) for n in range(6))
    places: dict[tuple[float, ...], SetLens] = {}
    for zoom in zooms:
        for distance in sorted(focus_distances):
            at = (zoom.focal_length, distance) if zoom else (distance,)
            places[at] = focused(prescription, distance, zoom)
    reference = focused(prescription, math.inf, zooms[0])
    tangent = _fields(reference, image_radius)
    barrel = _barrel(reference, tangent, stops)
    fields = {at: _fields(lens, image_radius) for at, lens in places.items()}
    dark = {
        (*at, stop): k
        for at, lens in places.items()
        for stop, k in _dark(lens, fields[at], stops, barrel, reference, image_radius).items()
    }
    settings = tuple(Setting(at=at, model=_distortion(lens, fields[at])) for at, lens in places.items())
    return Lens(
        make=prescription.make,
        model=prescription.model,
        attribution=prescription.attribution,
        minimum_focus_distance=min(focus_distances),
        pinhole_focal_length=Table.over(axes, {at: (lens.focal_length,) for at, lens in places.items()}, "logarithmic"),
        entrance_pupil_offset=Table.over(axes, {at: ((lens.track - lens.pupil) / 1000,) for at, lens in places.items()}),
        distortion=DistortionTable(axes=axes, settings=settings),
        lateral_colour=Table.over(axes, {at: _lateral(lens, fields[at], image_radius) for at, lens in places.items()}),
        lateral_radius=image_radius,
        longitudinal_colour=(reference.defocus(RED), reference.defocus(GREEN), reference.defocus(BLUE)),
        vignetting=Table.over((*axes, "f_number"), dark),
        vignetting_radius=image_radius,
        barrel=barrel,
    )


def _fields(lens: SetLens, image_radius: float) -> Real:
    """Tangents of field angles (n,) from the axis to what lands at ``image_radius``, even in the picture."""
    edge = image_radius / lens.focal_length
    for _ in range(12):
        height = float(lens.chief_heights(np.array([edge]))[0])
        if not height > 0:
            raise BadInput(
                lens.prescription.model or "lens prescription",
                f"lets no light through to {image_radius:g} mm from the axis",
                "ask for a smaller image radius, or correct semi-diameters",
            )
        edge *= image_radius / height
    return np.linspace(0, edge, _FIELDS)[1:]


def _distortion(lens: SetLens, tangent: Real) -> Distortion:
    """k1 to k3 of Brown and Conrady through the chief rays, each field weighing alike."""
    gain = lens.chief_heights(tangent) / (lens.focal_length * tangent) - 1
    k = np.linalg.lstsq(tangent[:, None] ** np.array([2, 4, 6]) * tangent[:, None], gain * tangent, rcond=None)[0]
    return Distortion(radial=tuple(float(v) for v in k))


def _lateral(lens: SetLens, tangent: Real, image_radius: float) -> tuple[float, ...]:
    green = lens.chief_heights(tangent) / image_radius
    series = green[:, None] ** np.arange(1, 4)
    fitted = (np.linalg.lstsq(series, lens.chief_heights(tangent, w) / image_radius, rcond=None)[0] for w in (RED, BLUE))
    return tuple(float(v) for channel in fitted for v in channel)


def _open_areas(lens: SetLens, tangent: Real, irises: Sequence[float]) -> Real:
    """The area of the pupil's plane, mm2, through which light of each field (n,) comes to the sensor, for irises of those radii, mm.

    (irises, n). Rays lie on rings round the chief ray, closer together near it, so that a small iris is measured as finely as a large one;
    a ring's cell that the iris's edge crosses counts in part.
    """
    edges = _PUPIL_MARGIN * max(irises) / lens.iris_radius * np.linspace(0, 1, _RINGS + 1) ** 2
    ring, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    # A lens is round: the half of the pupil on the right is as the half on the left.
    angle = (np.arange(_SPOKES) + 0.5) / _SPOKES * np.pi - np.pi / 2
    across = np.broadcast_to(ring[:, None] * np.cos(angle), (len(tangent), _RINGS, _SPOKES))
    up = lens.chief_aims(tangent)[:, None, None] + ring[:, None] * np.sin(angle)
    fields = np.broadcast_to(tangent[:, None, None], across.shape)
    _, at_iris, passed = (part.reshape(across.shape) for part in lens.trace(fields.ravel(), across.ravel(), up.ravel()))
    area = passed * (ring * width * np.pi / _SPOKES * 2)[:, None]
    inside = [np.clip((iris - np.sqrt(at_iris)) / (width * lens.iris_radius)[:, None] + 0.5, 0, 1) for iris in irises]
    return np.array([(area * part).sum(axis=(1, 2)) for part in inside])


def _shares(lens: SetLens, tangent: Real, irises: Sequence[float]) -> Real:
    """The same over the area on the axis: (irises, n)."""
    areas = _open_areas(lens, np.append(0.0, tangent), irises)
    return areas[:, 1:] / areas[:, :1]


def _iris_at(reference: SetLens, f_number: float) -> float:
    """The radius of the iris, mm, that makes this f-number at infinity."""
    return reference.focal_length / f_number / 2 * reference.iris_radius


def _barrel(reference: SetLens, tangent: Real, stops: Sequence[float]) -> Barrel | None:
    """The one round rim that cuts the pupil most like the lens's own rims do at all ``stops``; None where they cut next to nothing."""
    shares = _shares(reference, tangent, [_iris_at(reference, stop) for stop in stops])
    radii = [reference.focal_length / stop / 2 for stop in stops]
    if shares.min() > 0.97:
        return None

    def miss(rim: Real) -> Real:
        return np.concatenate([_cut(radius, rim[0], rim[1] * tangent) - share for radius, share in zip(radii, shares, strict=True)])

    largest = max(radii)
    bounds = ([largest, 1e-3], [20 * largest, 100 * largest / tangent[-1]])
    solved = least_squares(miss, [1.2 * largest, largest / tangent[-1]], bounds=bounds)
    return Barrel(rim_radius=float(solved.x[0]), rim_distance=float(solved.x[1]))


def _cut(pupil: float, rim: float, apart: Real) -> Real:
    """The part of a pupil that a rim leaves open when their centres are ``apart`` mm; radii in mm."""
    return np.asarray(overlap(pupil, rim, apart) / overlap(pupil, rim, np.zeros(1))[0])


def _dark(
    lens: SetLens, tangent: Real, stops: Sequence[float], barrel: Barrel | None, reference: SetLens, image_radius: float
) -> dict[float, tuple[float, float, float]]:
    """For each stop k1 to k3 of the falloff that is left after the cosine law and the barrel, which the record has by themselves.

    Light on the sensor over that on the axis: the area that is open, seen aslant, times the solid angle that lands on a square
    millimetre: cos^4 times f^2 t / (r dr/dt) for a field of tangent t that lands at r.
    """
    shares = _shares(lens, tangent, [_iris_at(reference, stop) for stop in stops])
    step = 1e-4 * tangent[-1]
    height, beside = lens.chief_heights(tangent), lens.chief_heights(tangent - step)
    landed = height / lens.focal_length
    solid = lens.focal_length**2 * tangent / (height * (height - beside) / step)
    law = solid * natural_falloff(tangent) / natural_falloff(landed)
    out = {}
    for stop, share in zip(stops, shares, strict=True):
        cut = _cut(reference.focal_length / stop / 2, barrel.rim_radius, landed * barrel.rim_distance) if barrel else np.ones(1)
        series = (height / image_radius)[:, None] ** np.array([2, 4, 6])
        # What is wanted is share * law; the record gives cut * (1 + series k).
        k = np.linalg.lstsq(series * cut[:, None], share * law - cut, rcond=None)[0]
        out[stop] = (float(k[0]), float(k[1]), float(k[2]))
    return out


def _optic(prescription: Prescription, gaps: tuple[float, ...]) -> Optic:
    from optiland.materials import AbbeMaterial
    from optiland.optic import Optic

    optic = Optic()
    optic.surfaces.add(index=0, radius=np.inf, thickness=np.inf)
    for n, (surface, gap) in enumerate(zip(prescription.surfaces, gaps, strict=True), 1):
        shape: dict[str, Any] = {}
        if surface.conic or surface.asphere:
            # optiland's series begins with r^2, which a conic's own curvature already is.
            shape = {"surface_type": "even_asphere", "conic": surface.conic, "coefficients": [0.0, *surface.asphere]}
        optic.surfaces.add(
            index=n,
            radius=surface.radius,
            thickness=gap,
            material=AbbeMaterial(surface.glass.index, surface.glass.abbe, model="buchdahl") if surface.glass else "air",
            is_stop=surface.iris,
            aperture=2 * surface.semi_diameter if surface.semi_diameter else None,
            **shape,
        )
    optic.surfaces.add(index=len(gaps) + 1)
    optic.wavelengths.add(value=GREEN, is_primary=True)
    return optic


@contextmanager
def _quiet() -> Iterator[None]:
    # numba reports a doubt of its own about optiland's loops each time it compiles one; it changes no result.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*variable .* is not in scope")
        yield


def _installed() -> None:
    if importlib.util.find_spec("optiland") is None:
        raise BadInput("optiland", "is not installed, and rays are traced with it", "pip install 'answerprint[prescription]'")
