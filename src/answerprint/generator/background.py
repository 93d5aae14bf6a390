"""Background: another set behind the subject, by key or matte, with the subject's edge, light and grain kept together.

At an edge the plate is the subject's light and the old background's, in the matte's shares. The old one's is taken out and
the new one's put in, in scene-linear light, so hair and blur keep all they have. Inside the subject nothing is touched
unless spill is taken out or the subject is relit; the new background, the foreground and the matte are layers of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from answerprint.generator.air import Falling, Weather, fallen, haze
from answerprint.generator.noise_model import NoiseModel, measure_noise_model
from answerprint.generator.regrain import amplitudes, made_grain
from answerprint.generator.screen_key import Screen, around, key, thrown_shadow, without_spill
from answerprint.graph.compositor import scaled_to_hd
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Picture,
    Plane,
    Socket,
    SocketType,
    SourceUse,
)
from answerprint.production import BadInput

__all__ = ["Background", "BackgroundParameters"]

_MOST_STOPS = 2.0
_SHADOW_BLUR = 6.0
"""Over how many pixels at HD width a thrown shadow is averaged, so that it carries none of the plate's grain."""
_BESIDE = 0.012
"""Of the picture's width: how far around an edge the old background is averaged that a matte leaves; a screen, which is of one colour, is
averaged over more. Over a soft edge of moving figures before textured sets it halves the error against five times that."""
_DROPS_LIT = 1.6
"""Light of drops and flakes against the mean of the background: they gather that of the whole sky."""
_ACESCG_LUMINANCE = np.array([0.2722287, 0.6740818, 0.0536895], np.float32)


class BackgroundParameters(OperationParameters):
    """How the new background goes in."""

    screen: Screen = Field(default="none", description="key a green or blue screen; none takes the matte")
    key_low: float = Field(default=0.1, ge=0, le=1, description="share of the screen's colour below which all is subject")
    key_high: float = Field(default=0.85, ge=0, le=1, description="share of the screen's colour above which all is screen")
    edge: float = Field(
        default=0.0, ge=-8, le=8, description="the subject's edge moved outward (above 0) or inward, pixels at HD width"
    )
    spill: float = Field(default=1.0, ge=0, le=1, description="how much of the screen's light is taken off the subject")
    relight: float = Field(
        default=0.0, ge=0, le=1, description="how far the subject takes on the new background's light (at most 2 stops)"
    )
    exposure: float = Field(default=0.0, ge=-10, le=10, description="stops by which the new background is brighter")
    defocus: float = Field(default=0.0, ge=0, le=60, description="radius of the new background's blur disc, pixels at HD width")
    grain: float = Field(default=1.0, ge=0, le=2, description="share of the plate's grain put on the new background")
    shadow: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="how much of the shadow that the subject throws on the old background falls on the new one",
    )
    visibility: float = Field(
        default=0.0, ge=0, description="metres one can see through haze before the new background; 0: no haze"
    )
    distance: float = Field(
        default=100.0, gt=0, description="metres to the new background, where its depth is not given or not known"
    )
    weather: Weather = Field(default="none", description="rain or snow between the subject and the new background")
    amount: float = Field(default=1.0, ge=0, le=5, description="how much of it: 1 a steady shower")
    subject_distance: float = Field(default=4.0, gt=0, description="metres to the subject: nothing falls before it")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "green screen": {"screen": "green", "relight": 0.5},
        "soft": {"defocus": 8.0},
        "plain": {"grain": 0.0},
        "misty morning": {"visibility": 150.0, "defocus": 4.0},
        "rain": {"weather": "rain", "visibility": 800.0},
    }


class Background(Operation):
    """Put another background behind the subject."""

    name = "background"
    version = "4"
    summary = "Replaces the background behind a key or matte: edge, spill, defocus, grain and light matched."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("background", SocketType.FRAME_SEQUENCE, "what shall stand behind: a still, or a clip as long as the plate"),
        Socket("depth", SocketType.DEPTH_SEQUENCE, "metres to each point of the new background, for haze", required=False),
        Socket(
            "matte", SocketType.MATTE, "the background that is replaced: white inside; not needed with a screen", required=False
        ),
    )
    Parameters = BackgroundParameters

    def analysis_parameters(self, parameters: BackgroundParameters) -> dict[str, Any]:
        """Grain is the plate's own, and the light that of both."""
        return {"screen": parameters.screen}

    def analyse(self, inputs: Inputs, parameters: BackgroundParameters, context: Context) -> Analysis:
        """The plate's grain, and how the light of the new background differs from the old one's."""
        plate, behind, matte = inputs["plate"], inputs["background"], inputs.get("matte")
        if parameters.screen == "none" and matte is None:
            raise BadInput("background", "there is neither a matte nor a screen", "give --matte, or --set screen=green")
        model = measure_noise_model(plate, context)
        old, new = [], []
        for frame in sorted({round(i * (plate.count - 1) / 2) for i in range(3)}):
            new.append(_mean_light(behind.read(frame), None))
            if parameters.screen == "none" and matte is not None:
                old.append(_mean_light(plate.read(frame), matte.read(frame)))
        light = np.mean(new, axis=0)
        # What stood before a screen was not lit by it: there only the colour of the new light counts.
        before = np.mean(old, axis=0) if old else np.full(3, light @ _ACESCG_LUMINANCE)
        gain = np.clip(np.log2(np.maximum(light, 1e-4) / np.maximum(before, 1e-4)), -_MOST_STOPS, _MOST_STOPS)
        seed = np.array([context.generator("air").integers(1 << 31)])
        return Analysis(model.arrays() | {"amplitude": amplitudes(model), "stops": gain, "air_seed": seed})

    def render(self, chunk: Chunk, analysis: Analysis, parameters: BackgroundParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame from its own pixels and the background's."""
        plate: FrameReader = chunk.inputs["plate"]
        model = NoiseModel.from_arrays(analysis.arrays)
        for frame in chunk.frames:
            context.check_cancelled()
            picture = plate.read(frame)
            alpha, old = _subject(picture, chunk.inputs, frame, parameters)
            behind, parts = _behind(chunk.inputs, frame, picture, old, parameters, int(analysis.arrays["air_seed"][0]))
            if parameters.grain > 0:
                rng = context.generator("background", frame)
                parts["grain"] = made_grain(behind, model, analysis.arrays["amplitude"], rng) * np.float32(parameters.grain)
                behind = behind + parts["grain"]
            subject = _lit(picture, alpha, old, analysis.arrays["stops"], parameters)
            fill = subject + (1 - alpha[..., None]) * behind
            changed = (alpha < 1) | (np.abs(fill - picture) > 1e-6).any(axis=2)
            height, width = alpha.shape
            yield FrameResult(
                frame,
                (0, 0, width, height),
                changed.astype(np.float32),
                np.asarray(fill, np.float32),
                np.ones((height, width), np.uint16),
                layers={"alpha": alpha, "foreground": subject, "background": behind} | parts,
                sources=[SourceUse("plate", frame), SourceUse("background", frame)],
                figures={"subject_share": float(alpha.mean())},
            )


def _subject(picture: Picture, inputs: Inputs, frame: int, parameters: BackgroundParameters) -> tuple[Plane, Picture]:
    """The subject's matte and the old background behind every pixel."""
    clean = np.nan_to_num(picture, nan=0.0, posinf=65504.0, neginf=0.0)
    matte = None if inputs.get("matte") is None else np.asarray(inputs["matte"].read(frame), np.float32)
    if parameters.screen == "none":
        assert matte is not None
        alpha, old = 1 - matte, around(clean, np.where(matte > 0.99, matte, 0).astype(np.float32), _BESIDE)
    else:
        alpha, old = key(picture, parameters.screen, parameters.key_low, parameters.key_high)
        if matte is not None:  # a matte beside the key is a garbage matte: black there stays plate
            alpha = np.maximum(alpha, 1 - matte)
    if parameters.shadow > 0:  # what lies in the subject's shadow is not the subject
        alpha = np.asarray(alpha * (1 - thrown_shadow(picture, old, _shadow_blur(picture))[1]), np.float32)
    move = scaled_to_hd(parameters.edge, picture.shape[1], picture.shape[0])
    return (_moved(alpha, move) if abs(move) > 0.05 else alpha), old


def _shadow_blur(picture: Picture) -> float:
    return max(1.0, scaled_to_hd(_SHADOW_BLUR, picture.shape[1], picture.shape[0]))


def _moved(alpha: Plane, pixels: float) -> Plane:
    """A soft edge moved by a part of a pixel or more: its half-way line, its softness kept."""
    blurred = cv2.GaussianBlur(alpha, (0, 0), max(1.0, abs(pixels)))
    spread = max(1.0, abs(pixels)) * np.sqrt(2 * np.pi)
    return np.asarray(np.clip((blurred - 0.5) * 1.5 + 0.5 + pixels / spread * 1.5, 0, 1), np.float32)


def _lit(picture: Picture, alpha: Plane, old: Picture, stops: npt.NDArray[np.float64], parameters: BackgroundParameters) -> Picture:
    """The subject's own light in each pixel (its share of the plate), spill out, under the new light."""
    part = alpha[..., None]
    own = np.where(part >= 1, picture, np.maximum(picture - (1 - part) * old, 0) * np.clip(part / 0.05, 0, 1))
    own = without_spill(np.asarray(own, np.float32), parameters.screen, parameters.spill)
    if parameters.relight > 0:
        own = own * np.exp2(parameters.relight * stops).astype(np.float32)
    return np.asarray(own, np.float32)


def _behind(
    inputs: Inputs, frame: int, plate: Picture, old: Picture, parameters: BackgroundParameters, seed: int
) -> tuple[Picture, dict[str, Plane | Picture]]:
    """What stands behind the subject, and what it is made of:
    ``(clean_background * shadow * haze_through + haze) * (1 - falling_cover) + falling``."""
    clean = np.nan_to_num(inputs["background"].read(frame), nan=0.0, posinf=65504.0, neginf=0.0) * np.float32(
        2.0**parameters.exposure
    )
    height, width = clean.shape[:2]
    radius = scaled_to_hd(parameters.defocus, width, height)
    out = clean = _disc_blurred(clean, radius) if radius > 0.5 else clean
    parts: dict[str, Plane | Picture] = {"clean_background": clean}
    air = _mean_light(clean, None).astype(np.float32)
    if parameters.shadow > 0:
        left, _ = thrown_shadow(plate, old, _shadow_blur(plate))
        parts["shadow"] = 1 - np.float32(parameters.shadow) * (1 - left)
        out = out * parts["shadow"][..., None]
    if parameters.visibility > 0:
        through, light = haze(_distance(inputs, frame, parameters.distance), parameters.visibility, air)
        parts["haze_through"] = np.broadcast_to(through, (height, width)).copy()
        parts["haze"] = np.broadcast_to(light, (height, width, 3)).copy()
        out = out * parts["haze_through"][..., None] + parts["haze"]
    if parameters.weather != "none":
        far = max(parameters.subject_distance * 1.5, min(parameters.distance, 40.0))
        falling = Falling.of(parameters.weather, parameters.amount, parameters.subject_distance, far)
        seconds = frame / float(getattr(inputs["plate"], "rate", 24) or 24)
        cover, light = fallen(falling, (height, width), seconds, 1 / 48, seed, air * np.float32(_DROPS_LIT))
        parts["falling_cover"], parts["falling"] = cover, light
        out = out * (1 - cover[..., None]) + light
    return np.asarray(out, np.float32), parts


def _distance(inputs: Inputs, frame: int, otherwise: float) -> Plane | float:
    """Metres to the new background: its depth where that is known, else ``otherwise``."""
    if inputs.get("depth") is None:
        return otherwise
    metres = np.asarray(inputs["depth"].read(frame), np.float32)
    return np.where(np.isfinite(metres) & (metres > 0), metres, np.float32(otherwise))


def _disc_blurred(picture: Picture, radius: float) -> Picture:
    """Out of focus at one distance: every point a disc of that radius (pixels), its rim antialiased."""
    size = int(np.ceil(radius)) + 1
    fine = (np.arange(-(size * 8) - 4, size * 8 + 4) + 0.5) / 8
    disc = (np.hypot(fine[:, None], fine[None]) <= radius).astype(np.float64)
    kernel = disc.reshape(2 * size + 1, 8, 2 * size + 1, 8).mean(axis=(1, 3))
    return np.asarray(cv2.filter2D(picture, cv2.CV_32F, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT), np.float32)


def _mean_light(picture: Picture, matte: Plane | None) -> npt.NDArray[np.float64]:
    clean = np.clip(np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0), 0, 64)
    weight = np.ones(picture.shape[:2]) if matte is None else np.asarray(matte, np.float64)
    return np.asarray((clean * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6))
