"""A face's paint: what a close view of skin shows, as one picture over the front of the head. Only numpy.

Brows, the shade of the eye sockets, nostrils, redness and tone that wander, freckles and moles, a beard's shadow, and with age the lines: as a
factor on the skin's colour and as relief. It is laid on from the front; where the head turns away it fades.
"""

from __future__ import annotations

import numpy as np

SIZE = 0.26
"""Metres across, around the middle between the eyes and 3 cm below."""
BELOW = 0.03
_TEXELS = 448


def paint(skin, hair, marks: dict, age: float, gender: float, seed: int) -> np.ndarray:
    """(texels, texels, 4) from the chin up: factors on the skin's colour, and relief around 0.5.

    ``marks`` are places (x, z) in metres from the middle between the eyes: ``eye`` (of the right side), ``radius`` of the eyeball, ``nose``
    and ``mouth`` heights. ``skin`` and ``hair`` are colours, ``gender`` 0 female to 1 male.
    """
    random = np.random.default_rng(seed)
    at = ((np.arange(_TEXELS) + 0.5) / _TEXELS - 0.5) * SIZE
    x, z = np.meshgrid(at, at - BELOW)
    colour, relief = np.ones((_TEXELS, _TEXELS, 3)), np.zeros((_TEXELS, _TEXELS))
    side = np.abs(x)
    ex, ez, radius, nose, mouth = marks["eye"][0], marks["eye"][1], marks["radius"], marks["nose"], marks["mouth"]

    def blob(cx: float, cz: float, sx: float, sz: float) -> np.ndarray:
        return np.exp(-(((side - cx) / sx) ** 2) - ((z - cz) / sz) ** 2)

    def tinted(share: np.ndarray, factor) -> None:
        nonlocal colour
        colour = colour * (1 + share[..., None] * (np.asarray(factor) - 1))

    for metres, much in ((0.003, 0.05), (0.008, 0.07), (0.025, 0.09)):
        cloud = _cloud(metres, random)
        tinted(np.clip(cloud, 0, 2), (1 - 0.5 * much, 1 - much, 1 - 1.1 * much))
        tinted(np.clip(-cloud, 0, 2), (1 + 0.5 * much, 1 + 0.6 * much, 1 + 0.5 * much))
    pores = _cloud(0.0011, random)
    relief += 0.10 * pores + 0.08 * _cloud(0.004, random)
    tinted(np.clip(pores, 0, 2) * 0.5, (0.93, 0.9, 0.88))
    tinted(blob(ex, ez + 1.05 * radius, 0.017, 0.004), (0.8, 0.71, 0.69))
    tinted(blob(ex - 0.3 * radius, ez, 0.026, 0.014), (0.9, 0.84, 0.84))
    old = np.clip((age - 25) / 45, 0, 1)
    tinted(blob(ex, ez - 1.45 * radius, 0.014, 0.0045), 1 - np.array((0.12, 0.2, 0.18)) * (0.6 + old))
    relief -= 0.35 * (0.3 + old) * blob(ex, ez - 1.7 * radius, 0.015, 0.0022)
    tinted(blob(0.0075, nose - 0.008, 0.004, 0.0025), (0.4, 0.3, 0.3))
    tinted(blob(0.017, nose - 0.002, 0.004, 0.008), (0.86, 0.74, 0.72))
    tinted(np.exp(-((side / 0.02) ** 2) - ((z - mouth) / 0.0012) ** 2), (0.5, 0.4, 0.4))
    tinted(blob(0.0, mouth - 0.016, 0.014, 0.004), (0.82, 0.76, 0.74))
    _lines(x, z, side, marks, old, tinted, relief, random)
    tinted(_spots(x, z, int(random.integers(0, 90)), (0.0006, 0.0012), random), (0.74, 0.6, 0.52))
    tinted(_spots(x, z, int(random.integers(1, 5)), (0.0012, 0.0018), random), (0.35, 0.25, 0.22))
    if gender > 0.5:
        beard = np.clip((nose - 0.004 - z) / 0.01, 0, 1) * (1 - blob(0.0, mouth, 0.026, 0.008))
        beard = np.maximum(beard, np.clip((side - 0.058) / 0.01, 0, 1) * np.clip((ez - z) / 0.02, 0, 1))
        strong = random.uniform(0.1, 0.75) * np.clip(0.55 + 0.35 * _cloud(0.0013, random), 0, 1)
        tinted(beard * strong, 0.45 + 0.55 * np.minimum(1, np.asarray(hair) / np.asarray(skin)))
    brow = _brow(side, z, marks, gender, random)
    tinted(0.8 * brow, np.minimum(0.9, np.maximum(0.06, 0.8 * np.asarray(hair) / np.asarray(skin))))
    relief += 0.4 * brow
    return np.dstack([np.clip(colour, 0.02, 1.5), np.clip(0.5 + 0.5 * relief, 0, 1)]).astype(np.float32)


def _brow(side: np.ndarray, z: np.ndarray, marks: dict, gender: float, random) -> np.ndarray:
    """How much of each brow covers the skin: hairs that lie outward, denser in the middle, thinner to the temple."""
    ex, ez, radius = marks["eye"][0], marks["eye"][1], marks["radius"]
    inner = side - ex
    arch = ez + radius * (1.68 - 9.0 * (inner - 0.004) ** 2 / 0.01)
    along = np.clip((inner + 0.021) / 0.05, 0, 1)
    half = (0.0026 + 0.0013 * gender) * (0.12 + 0.88 * np.sin(np.pi * (0.2 + 0.8 * along) ** 0.85))
    body = np.clip(1.35 - np.abs(z - arch) / half, 0, 1) * (inner > -0.022) * (inner < 0.03)
    grain = random.normal(size=z.shape)
    hairs = sum(np.roll(np.roll(grain, k // 2, axis=0), k, axis=1) for k in range(7)) / np.sqrt(7)
    return body * np.clip(0.72 + 0.3 * hairs, 0, 1)


def _lines(x, z, side, marks: dict, old: float, tinted, relief: np.ndarray, random) -> None:
    """Folds beside the mouth, crow's feet and the lines of the forehead, deeper with age."""
    ez, nose, mouth, ex = marks["eye"][1], marks["nose"], marks["mouth"], marks["eye"][0]
    way = np.clip((nose + 0.004 - z) / (nose + 0.004 - mouth + 0.008), 0, 1)
    fold = np.exp(-(((side - 0.019 - 0.011 * way) / 0.0022) ** 2)) * (z < nose + 0.004) * (z > mouth - 0.012)
    tinted(fold * (0.35 + old), (0.82, 0.72, 0.7))
    relief -= 0.4 * (0.25 + old) * fold
    for k, high in enumerate((0.034, 0.043, 0.053)):
        wave = ez + high + 0.0012 * np.sin(x * (90 + 30 * k) + random.uniform(0, 6))
        line = np.exp(-(((z - wave) / 0.0011) ** 2)) * np.exp(-((side / 0.036) ** 4))
        tinted(line * old, (0.8, 0.72, 0.7))
        relief -= 0.5 * old * line
    for slope in (-0.5, 0.0, 0.45):
        ray = np.exp(-(((z - ez - slope * (side - ex - 0.012)) / 0.0009) ** 2)) * np.exp(-(((side - ex - 0.024) / 0.008) ** 2))
        tinted(ray * old, (0.8, 0.72, 0.7))


def _spots(x: np.ndarray, z: np.ndarray, count: int, sizes: tuple, random) -> np.ndarray:
    out = np.zeros_like(x)
    for _ in range(count):
        cx, cz, size = random.normal(0, 0.045), random.normal(-0.025, 0.03), random.uniform(*sizes)
        row, column = (int((v / SIZE + 0.5) * _TEXELS) for v in (cz + BELOW, cx))
        part = (slice(max(row - 8, 0), row + 8), slice(max(column - 8, 0), column + 8))
        out[part] = np.maximum(out[part], np.exp(-((x[part] - cx) ** 2 + (z[part] - cz) ** 2) / size**2))
    return out


def _cloud(metres: float, random) -> np.ndarray:
    """Smooth noise of unit deviation whose features are about ``metres`` wide."""
    step = SIZE / _TEXELS
    along, down = (np.exp(-0.5 * (f(_TEXELS, step) * metres * 2) ** 2) for f in (np.fft.rfftfreq, np.fft.fftfreq))
    noise = random.normal(size=(_TEXELS, _TEXELS))
    out = np.fft.irfft2(np.fft.rfft2(noise) * down[:, None] * along, s=noise.shape)
    return out / out.std()
