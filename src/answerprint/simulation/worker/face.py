"""A face's paint: what a close view of skin shows and a far one still tells, as one picture over the front of the head. Only numpy.

Eye sockets, lashes and brows, the sides of the nose and the nostrils, the line between the lips, redness and tone that wander, freckles
and moles, a beard's shadow, and with age the lines: as a factor on the skin's colour and as relief. It is laid on from the front; where
the head turns away it fades. How dark each is against the cheek is set by real faces of 14 pixels (``tests/simulation/test_faces.py``):
eyes 0.23 to 0.59 of the cheek's luminance, brows 0.31 to 0.74, mouth 0.21 to 0.64.
"""

from __future__ import annotations

import numpy as np

SIZE = 0.26
"""Metres across, around the middle between the eyes and 3 cm below."""
BELOW = 0.03
_TEXELS = 448
_BRIGHTEST = 1.12
"""The most that paint brightens: the palest skin, 0.41 in luminance, comes to 0.46 on a cheekbone."""
_BROW = 1.24
"""Height of a brow's arch above the middle of the eye in radii of the eyeball (16 mm on this mesh): 20 mm."""


class _Canvas:
    """The picture under work: ``x``, ``z`` and ``side`` (away from the middle) in metres, a plane of factors for each colour, and relief."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        at = ((np.arange(_TEXELS) + 0.5) / _TEXELS - 0.5) * SIZE
        self.x, self.z = np.meshgrid(at, at - BELOW)
        self.side = np.abs(self.x)
        self.colour, self.relief = np.ones((3, _TEXELS, _TEXELS)), np.zeros((_TEXELS, _TEXELS))

    def blob(self, cx: float, cz: float, sx: float, sz: float) -> np.ndarray:
        """A soft spot on both sides of the face."""
        return np.exp(-(((self.side - cx) / sx) ** 2) - ((self.z - cz) / sz) ** 2)

    def tint(self, share: np.ndarray, factor) -> None:
        """Colour times ``factor`` (three) where ``share`` is 1."""
        # A plane at a time: numpy takes three times as long where the colours of a texel lie side by side.
        for plane, own in zip(self.colour, np.asarray(factor) - 1, strict=True):
            plane *= 1 + share * own

    def cloud(self, metres: float) -> np.ndarray:
        """Smooth noise of unit deviation whose features are about ``metres`` wide."""
        step = SIZE / _TEXELS
        along, down = (np.exp(-0.5 * (f(_TEXELS, step) * metres * 2) ** 2) for f in (np.fft.rfftfreq, np.fft.fftfreq))
        noise = self.random.normal(size=self.x.shape)
        out = np.fft.irfft2(np.fft.rfft2(noise) * down[:, None] * along, s=noise.shape)
        return out / out.std()


def paint(skin, hair, marks: dict, age: float, gender: float, seed: int) -> np.ndarray:
    """(texels, texels, 4) from the chin up: factors on the skin's colour, and relief around 0.5.

    ``marks`` are places (x, z) in metres from the middle between the eyes: ``eye`` (of the right side), ``radius`` of the eyeball, ``lids``
    the ``upper`` and ``lower`` ``edge``, ``nose`` and ``mouth`` heights. ``skin`` and ``hair`` are colours, ``gender`` 0 female to 1 male.
    """
    canvas = _Canvas(seed)
    old = float(np.clip((age - 25) / 45, 0, 1))
    _tone(canvas)
    _sockets(canvas, marks, old, _dark(skin))
    _nose_and_mouth(canvas, marks)
    _lines(canvas, marks, old)
    canvas.tint(_spots(canvas, int(canvas.random.integers(0, 90)), (0.0006, 0.0012)), (0.74, 0.6, 0.52))
    canvas.tint(_spots(canvas, int(canvas.random.integers(1, 5)), (0.0012, 0.0018)), (0.35, 0.25, 0.22))
    if gender > 0.5:
        canvas.tint(_beard(canvas, marks), 0.45 + 0.55 * np.minimum(1, np.asarray(hair) / np.asarray(skin)))
    brow = _brow(canvas, marks, gender)
    canvas.tint(0.92 * brow, np.clip(0.5 * np.asarray(hair) / np.asarray(skin), 0.06, 0.3))
    canvas.relief += 0.4 * brow
    _lashes(canvas, marks, gender)
    relief = np.clip(0.5 + 0.5 * canvas.relief, 0, 1)
    return np.stack([*np.clip(canvas.colour, 0.02, _BRIGHTEST), relief], axis=-1).astype(np.float32)


def edge(lashes: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """A lid's edge along the roots of its ``lashes`` (n, 3), metres: the coefficients, highest first, of a parabola that gives the height
    above the eyeball's ``centre`` for a place outward of it, both in radii."""
    near = (lashes - centre) / radius
    away = np.linalg.norm(near, axis=1)
    roots = near[away <= np.quantile(away, 0.3)]
    return np.polyfit(roots[:, 0] * np.sign(centre[0]), roots[:, 2], 2)


def arch(outward, radius: float):
    """Height of a brow's middle line above the eye's for places ``outward`` of the eye, metres."""
    beyond = outward - 0.007
    return radius * (_BROW - np.where(beyond < 0, 230.0, 850.0) * beyond**2)


def _half(outward, gender: float):
    """Half of a brow's height for places ``outward`` of the eye, metres."""
    along = np.clip((outward + 0.021) / 0.05, 0, 1)
    return (0.0038 + 0.0009 * gender) * (0.3 + 0.7 * np.sin(np.pi * (0.2 + 0.8 * along) ** 0.85))


def brows(rest: np.ndarray, faces: np.ndarray, eyes: list) -> np.ndarray:
    """Strands (n, 4, 3) of both eyebrows, flat on the skin and within the painted brow; ``eyes`` are centre and radius of each eyeball."""
    random = np.random.default_rng(5)
    out = []
    for centre, radius in eyes:
        start, rise = random.uniform(-0.019, 0.021, 240)[:, None], random.normal(0.0, 0.12, 240)[:, None]
        along = np.linspace(0, 0.005, 4)
        outward = start + along
        above = random.uniform(-0.0034, 0.0034, 240)[:, None] + rise * along
        within = ((np.abs(above) < 0.8 * _half(outward, 0.0)) & (outward < 0.025)).all(axis=1)
        outward, above = outward[within], above[within]
        x = centre[0] + np.sign(centre[0]) * outward
        z = centre[2] + arch(outward, radius) + above
        y = _front(rest, faces, x, z, centre[1])
        strands = np.stack([x, y + 0.0001, z], axis=-1)[np.isfinite(y).all(axis=1)]
        # Where the brow turns to the temple 5 mm outward is farther along the skin.
        out.append(strands[np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(axis=1) < 0.006])
    return np.concatenate(out) if out else np.zeros((0, 4, 3))


def _front(rest: np.ndarray, faces: np.ndarray, x: np.ndarray, z: np.ndarray, behind: float) -> np.ndarray:
    """How far forward the skin is at each ``x`` and ``z``; minus infinity where there is none in front of ``behind`` less 1 cm."""
    if not x.size:
        return np.zeros_like(x)
    corners = rest[faces]
    over = (
        (corners[..., 1].min(axis=1) > behind - 0.01)
        & (corners[..., 0].max(axis=1) > x.min())
        & (corners[..., 0].min(axis=1) < x.max())
    )
    corners = corners[over & (corners[..., 2].max(axis=1) > z.min()) & (corners[..., 2].min(axis=1) < z.max())]
    one, two, three = np.moveaxis(np.concatenate([corners[:, :3], corners[:, [0, 2, 3]]]), 1, 0)
    (ax, ay, az), (bx, by, bz) = (two - one).T, (three - one).T
    px, pz = x[..., None] - one[:, 0], z[..., None] - one[:, 2]
    turned = ax * bz - bx * az
    turned = np.where(np.abs(turned) < 1e-12, np.inf, turned)
    u, v = (px * bz - bx * pz) / turned, (ax * pz - px * az) / turned
    hit = (u > -1e-6) & (v > -1e-6) & (u + v < 1 + 1e-6) & np.isfinite(turned)
    return np.where(hit, one[:, 1] + u * ay + v * by, -np.inf).max(axis=-1, initial=-np.inf)


def _dark(skin) -> float:
    """0 for fair skin to 1 for the darkest: of what a dark skin sends back more is its gloss, which has no features, and melanin gathers round
    the eyes (R. Sarkar and others, "Periorbital hyperpigmentation", Journal of Clinical and Aesthetic Dermatology 9, 2016)."""
    return float(np.clip(1 - skin[1] / 0.12, 0, 1))


def _tone(canvas: _Canvas) -> None:
    for metres, much in ((0.003, 0.05), (0.008, 0.08), (0.025, 0.10)):
        cloud = canvas.cloud(metres)
        canvas.tint(np.clip(cloud, 0, 2), (1 - 0.5 * much, 1 - much, 1 - 1.1 * much))
        canvas.tint(np.clip(-cloud, 0, 2), (1 + 0.3 * much, 1 + 0.35 * much, 1 + 0.3 * much))
    pores = canvas.cloud(0.0011)
    canvas.relief += 0.05 * pores + 0.06 * canvas.cloud(0.004)
    canvas.tint(np.clip(pores, 0, 2) * 0.5, (0.93, 0.9, 0.88))


def _sockets(canvas: _Canvas, marks: dict, old: float, dark: float) -> None:
    """The shade around the eyes, the cheekbones below it, the fold over the lid and the bag below the eye."""
    (ex, ez), radius = marks["eye"], marks["radius"]
    hollow = np.exp(-(((canvas.side - ex + 0.15 * radius) / 0.0215) ** 4) - ((canvas.z - ez - 0.3 * radius) / 0.016) ** 4)
    canvas.tint(hollow, np.array((0.5, 0.41, 0.39)) ** (1 + dark))
    # The corner that a profile shows.
    canvas.tint(canvas.blob(ex + 0.8 * radius, ez + 0.1 * radius, 0.008, 0.008), (0.6, 0.52, 0.5))
    canvas.tint(canvas.blob(ex + 0.006, ez - 0.033, 0.017, 0.013), (1.12, 1.12, 1.12))
    canvas.tint(canvas.blob(ex - 1.05 * radius, ez + 0.1 * radius, 0.007, 0.011), (0.72, 0.63, 0.6))
    fold = ez + radius * (0.3 + np.polyval(marks["lids"]["upper"], (canvas.side - ex) / radius))
    canvas.tint(np.exp(-(((canvas.z - fold) / 0.0013) ** 2)) * (np.abs(canvas.side - ex) < 0.85 * radius), (0.66, 0.56, 0.54))
    canvas.tint(canvas.blob(ex, ez - 0.85 * radius, 0.014, 0.0045), 1 - np.array((0.12, 0.17, 0.16)) * (0.6 + old))
    canvas.relief -= 0.35 * (0.2 + old) * canvas.blob(ex, ez - 1.1 * radius, 0.015, 0.0022)


def _lashes(canvas: _Canvas, marks: dict, gender: float) -> None:
    """The dark line along both lids: 2 mm above the eye, thinner and lighter below it."""
    (ex, ez), radius = marks["eye"], marks["radius"]
    outward = (canvas.side - ex) / radius
    upper, lower = (radius * np.polyval(marks["lids"][which], outward) for which in ("upper", "lower"))
    height, open_ = canvas.z - ez, np.clip((upper - lower) / (0.12 * radius), 0, 1)
    over, under = height - upper, lower - height
    line = np.exp(-((np.where(over > 0, over / (0.0026 - 0.0005 * gender), over / 0.004)) ** 2))
    canvas.tint(open_ * line, (0.1, 0.085, 0.08))
    line = np.exp(-((np.where(under > 0, under / 0.0014, under / 0.003)) ** 2))
    canvas.tint(0.8 * open_ * line, (0.25, 0.19, 0.18))


def _nose_and_mouth(canvas: _Canvas, marks: dict) -> None:
    ez, nose, mouth = marks["eye"][1], marks["nose"], marks["mouth"]
    canvas.tint(canvas.blob(0.0075, nose - 0.008, 0.0042, 0.003), (0.25, 0.16, 0.15))
    canvas.tint(canvas.blob(0.0, nose - 0.011, 0.014, 0.0045), (0.62, 0.52, 0.5))
    canvas.tint(canvas.blob(0.017, nose - 0.002, 0.004, 0.008), (0.78, 0.66, 0.64))
    canvas.tint(canvas.blob(0.0125, 0.5 * (ez + nose), 0.0045, 0.014), (0.88, 0.82, 0.8))
    along = np.exp(-((canvas.side / 0.023) ** 4))
    canvas.tint(along * np.exp(-(((canvas.z - mouth) / 0.0026) ** 2)), (0.15, 0.1, 0.1))
    canvas.tint(along * np.exp(-(((canvas.z - mouth - 0.004) / 0.004) ** 2)), (0.62, 0.54, 0.54))
    canvas.tint(canvas.blob(0.025, mouth - 0.001, 0.0045, 0.004), (0.74, 0.64, 0.62))
    canvas.tint(canvas.blob(0.0, mouth - 0.016, 0.016, 0.005), (0.66, 0.57, 0.55))
    canvas.tint(canvas.blob(0.054, mouth + 0.006, 0.012, 0.02), (0.9, 0.87, 0.86))


def _beard(canvas: _Canvas, marks: dict) -> np.ndarray:
    ez, nose, mouth = marks["eye"][1], marks["nose"], marks["mouth"]
    grown = np.clip((nose - 0.004 - canvas.z) / 0.01, 0, 1) * (1 - canvas.blob(0.0, mouth, 0.026, 0.008))
    grown = np.maximum(grown, np.clip((canvas.side - 0.058) / 0.01, 0, 1) * np.clip((ez - canvas.z) / 0.02, 0, 1))
    return grown * canvas.random.uniform(0.15, 0.75) * np.clip(0.55 + 0.35 * canvas.cloud(0.0013), 0, 1)


def _brow(canvas: _Canvas, marks: dict, gender: float) -> np.ndarray:
    """How much of each brow covers the skin: hairs that lie outward, denser in the middle, thinner to the temple."""
    (ex, ez), radius = marks["eye"], marks["radius"]
    outward = canvas.side - ex
    body = np.clip(1.35 - np.abs(canvas.z - ez - arch(outward, radius)) / _half(outward, gender), 0, 1)
    ends = np.clip((outward + 0.024) / 0.005, 0, 1) * np.clip((0.031 - outward) / 0.006, 0, 1)
    grain = canvas.random.normal(size=canvas.z.shape)
    hairs = sum(np.roll(np.roll(grain, k // 2, axis=0), k, axis=1) for k in range(7)) / np.sqrt(7)
    return body * ends * np.clip(0.72 + 0.26 * hairs, 0, 1)


def _lines(canvas: _Canvas, marks: dict, old: float) -> None:
    """Folds beside the mouth, crow's feet and the lines of the forehead, deeper with age."""
    (ex, ez), nose, mouth = marks["eye"], marks["nose"], marks["mouth"]
    x, z, side = canvas.x, canvas.z, canvas.side
    way = np.clip((nose + 0.004 - z) / (nose + 0.004 - mouth + 0.008), 0, 1)
    fold = np.exp(-(((side - 0.019 - 0.011 * way) / 0.0028) ** 2)) * (z < nose + 0.004) * (z > mouth - 0.012)
    canvas.tint(fold * (0.6 + 0.6 * old), (0.8, 0.7, 0.68))
    canvas.relief -= 0.4 * (0.25 + old) * fold
    for k, high in enumerate((0.034, 0.043, 0.053)):
        wave = ez + high + 0.0012 * np.sin(x * (90 + 30 * k) + canvas.random.uniform(0, 6))
        line = np.exp(-(((z - wave) / 0.0011) ** 2)) * np.exp(-((side / 0.036) ** 4))
        canvas.tint(line * old, (0.8, 0.72, 0.7))
        canvas.relief -= 0.5 * old * line
    for slope in (-0.5, 0.0, 0.45):
        ray = np.exp(-(((z - ez - slope * (side - ex - 0.012)) / 0.0009) ** 2)) * np.exp(-(((side - ex - 0.024) / 0.008) ** 2))
        canvas.tint(ray * old, (0.8, 0.72, 0.7))


def _spots(canvas: _Canvas, count: int, sizes: tuple) -> np.ndarray:
    out, random = np.zeros_like(canvas.x), canvas.random
    for _ in range(count):
        cx, cz, size = random.normal(0, 0.045), random.normal(-0.025, 0.03), random.uniform(*sizes)
        row, column = (int((v / SIZE + 0.5) * _TEXELS) for v in (cz + BELOW, cx))
        part = (slice(max(row - 8, 0), row + 8), slice(max(column - 8, 0), column + 8))
        out[part] = np.maximum(out[part], np.exp(-((canvas.x[part] - cx) ** 2 + (canvas.z[part] - cz) ** 2) / size**2))
    return out
