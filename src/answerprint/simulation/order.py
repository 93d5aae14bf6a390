"""From the stage description to what the renderer's process is told: plain JSON, every unit resolved, nothing left to choose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from answerprint.optics.thin_lens import Focus
from answerprint.production import BadInput
from answerprint.simulation import cameras, light
from answerprint.simulation.defocus import Defocus
from answerprint.simulation.directed import directed
from answerprint.simulation.lens import overscan
from answerprint.simulation.performers import Performer, skin_reflectance
from answerprint.simulation.pieces import Item, Material, Part, Vector, box, tube
from answerprint.simulation.place import Place
from answerprint.simulation.poses import pose_at
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import Light, RigObject, Stage, StageCamera
from answerprint.simulation.studio_files import model_file, sky_file

SKY_GROUP = "sky"
_FAINTEST = 1e-9
"""Power of a lamp of the document that is set to no light: without any, the renderer forgets it and draws other noise for the others."""

_FINE_PIXELS = 960 * 540
"""Pixels of a camera's picture up to which it is rendered at twice its size for the filter."""
_FINE_SAMPLES = 8
"""Light paths for a pixel from which it is."""


@dataclass(frozen=True)
class Shoot:
    """A stage with its place built: makes the orders for the renderer."""

    asked: Stage
    """The document as it was written."""

    @cached_property
    def place(self) -> Place:
        return build(self.asked.set)

    @cached_property
    def stage(self) -> Stage:
        """The document with keys for every move and lamps for a lighting pattern: what is shot."""
        return directed(self.asked, self.place)

    @cached_property
    def lights(self) -> tuple[Light, ...]:
        """The document's lights and those of the place."""
        return (*self.stage.lights, *self.place.lights)

    @cached_property
    def items(self) -> list[Item]:
        """Everything with a matte of its own, performers apart, in the order of their object ids from 1."""
        items = [*self.place.items, *(_rig_item(rig) for rig in self.stage.rig if rig.present)]
        names = [item.name for item in items] + [performer.name for performer in self.stage.performers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BadInput(f"stage {self.stage.name}", f"two things or people are called {twice[0]!r}", "give each its own name")
        return items

    @cached_property
    def object_ids(self) -> dict[str, int]:
        """Object id of every item and performer."""
        names = [item.name for item in self.items] + [p.name for p in self.stage.performers]
        return {name: number for number, name in enumerate(names, start=1)}

    @cached_property
    def groups(self) -> list[str]:
        """Names of the light groups that can hold light, sorted."""
        found = {lamp.group or lamp.name for lamp in self.lights if lamp.kind != "sky"}
        shining = {name for name, m in self.materials.items() if m.kind in ("glow", "screen")}
        # Whether anything in a model file glows is known only when it is brought in.
        glowing = [item for item in self.items if item.file is not None or any(part.material in shining for part in item.parts)]
        found |= {item.group for item in glowing}
        if self._sky is not None:
            found.add(SKY_GROUP)
        return sorted(found)

    @cached_property
    def materials(self) -> dict[str, Material]:
        """Materials of the place and of the rig."""
        rig = {f"rig {r.name}": _rig_material(r) for r in self.stage.rig if r.present}
        return {**self.place.materials, **rig}

    @property
    def material_ids(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.materials, start=1)}

    def build_order(self, threads: int) -> dict[str, Any]:
        """What is on the stage, for all frames."""
        used = {part.material for item in self.items for part in item.parts}
        missing = sorted(used - set(self.materials))
        rig = set(self.hidden_for_clean)
        if missing:
            raise BadInput(f"stage {self.stage.name}", f"there is no material {missing[0]!r}", "add it to the set's materials")
        return {
            "do": "build",
            "threads": threads,
            "keep": self._keeps,
            "bounces": self.stage.render.bounces,
            "groups": self.groups,
            "materials": {name: _material(about) for name, about in self.materials.items()},
            "items": [self._item(item) for item in self.items if item.name not in rig],
            "rig": [self._item(item) for item in self.items if item.name in rig],
            "lights": [self._lamp(lamp, self.stage.first_frame) for lamp in self.lights if lamp.kind != "sky"],
            "sky": self._sky,
            "people": [self._person(performer) for performer in self.stage.performers],
        }

    def frame_order(self, frame: int) -> dict[str, Any]:
        """What moves, where it is just before, at and just after this frame; jobs are added by the caller."""
        rate = float(self.stage.rate)
        moments = (frame - 1, frame, frame + 1)
        moving = [rig for rig in self.stage.rig if rig.present and any(rig.drift)]
        return {
            "do": "frame",
            "id": frame,
            "items": {
                rig.name: [[[d * (m - self.stage.first_frame) / rate for d in rig.drift], [0, 0, 0]] for m in moments]
                for rig in moving
            },
            "people": {p.name: [pose_at(p, m, rate, self.place.marks) for m in moments] for p in self.stage.performers},
            "lights": {lamp.name: self._lamp(lamp, frame) for lamp in self.lights if lamp.keys},
        }

    def camera_job(self, camera: StageCamera, frame: int, eyes: dict[str, Vector], shift_mm: float = 0.0) -> dict[str, Any]:
        """The part of a render job that says how one camera sees; ``shift_mm`` is how far behind the sensor the light comes to a focus."""
        states = [cameras.at_frame(camera, m) for m in (frame - 1, frame, frame + 1)]
        focus = cameras.focus_distance(states[1], eyes)
        scale, pad = self.stage.render.resolution_scale, self.overscan(camera)
        width, height = cameras.size(camera, scale)
        wide = [cameras.overscanned(cameras.with_lens(state, focus), scale, pad) for state in states]
        barrel = camera.lens.barrel if camera.lens is not None and self.traces_barrel(camera) else None
        rim = {} if barrel is None else {"barrel": [barrel.rim_radius, barrel.rim_distance]}
        return {
            "camera": [cameras.renderer_state(state, cameras.focus_of_channel(state, focus, shift_mm)) | rim for state in wide],
            "width": self.finer(camera) * (width + 2 * pad[0]),
            "height": self.finer(camera) * (height + 2 * pad[1]),
            "pixel_aspect": cameras.pixel_aspect(camera),
            "exposure": light.exposure(camera, states[1].t_stop, float(self.stage.rate)),
            "shutter": camera.shutter_angle / 360.0,
            "seed": self.stage.seed + frame,
        }

    def defocus(self, camera: StageCamera, frame: int, eyes: dict[str, Vector]) -> Defocus | None:
        """What the filter is told of a camera's blur; None where everything is sharp."""
        state = cameras.at_frame(camera, frame)
        focus = cameras.focus_distance(state, eyes)
        if focus is None:
            return None
        scale, own = self.stage.render.resolution_scale, cameras.with_lens(state, focus)
        pitch = own.active_sensor_physical_dimensions[0] / cameras.size(camera, scale)[0] / self.finer(camera)
        focal = own.pinhole_focal_length
        return Defocus(Focus(focus, focal, focal / cameras.f_stop(own)), pitch, self.samples(camera))

    def finer(self, camera: StageCamera) -> int:
        """How many times finer across and down the renderer's picture is than the camera's: the filter tells edges better there.

        Four pixels of a quarter of the samples cost the renderer about as much as one. Only up to ``_FINE_PIXELS``: beyond, edges are
        fine enough, and memory counts; and only from ``_FINE_SAMPLES``, as a pixel cannot have less than one.
        """
        width, height = cameras.size(camera, self.stage.render.resolution_scale)
        render = self.stage.render
        return 2 if render.denoise == "features" and width * height <= _FINE_PIXELS and render.samples >= _FINE_SAMPLES else 1

    def samples(self, camera: StageCamera) -> int:
        """Light paths for a pixel of the renderer's picture."""
        return -(-self.stage.render.samples // self.finer(camera) ** 2)

    def traces_barrel(self, camera: StageCamera) -> bool:
        """Whether a camera's lens cuts cat's eyes, for which the renderer is given a camera program."""
        return camera.lens is not None and camera.lens.barrel is not None

    def overscan(self, camera: StageCamera) -> tuple[int, int]:
        """Pixels that a camera's pictures are rendered beyond its frame on each side, across and down."""
        return self._overscans[camera.label]

    @cached_property
    def _overscans(self) -> dict[str, tuple[int, int]]:
        scale, rate = self.stage.render.resolution_scale, float(self.stage.rate)
        return {c.label: overscan(c, self.stage.frames, scale, rate) for c in self.stage.cameras}

    @property
    def hidden_for_clean(self) -> list[str]:
        """What is taken away for the clean plate."""
        return [rig.name for rig in self.stage.rig if rig.present]

    @property
    def _keeps(self) -> list[Any] | None:
        """Where the renderer is to keep its data from one render to the next: size and passes of all pictures; else None.

        Worth it for several renders of one stage; only safe while the pictures' size and passes stay the same throughout.
        """
        render = self.stage.render
        renders = (
            self.stage.frame_count * len(self.stage.cameras) * (2 if "clean" in render.passes and self.hidden_for_clean else 1)
        )
        kinds = {(*cameras.size(c, render.resolution_scale), *self.overscan(c), bool(c.readout_time)) for c in self.stage.cameras}
        one_kind = not (render.motion_blur and "vectors" in render.passes) and not any(map(self.traces_barrel, self.stage.cameras))
        if renders == 1 or len(kinds) > 1 or not one_kind:
            return None
        return [*kinds.pop(), render.motion_blur, render.denoise, *sorted(render.passes)]

    @cached_property
    def _sky(self) -> dict[str, Any] | None:
        plan = self.stage.set
        if plan.hdri is not None:
            return {"group": SKY_GROUP, "file": str(sky_file(plan.hdri)), "radiance": plan.hdri_nits, "turn": plan.hdri_turn}
        own = next((lamp for lamp in self.stage.lights if lamp.kind == "sky"), None)
        if own is not None:
            # A dome of radiance L all round gives pi L on the ground.
            colour = light.light_colour(own.kelvin, own.tint, own.gel)
            even = {"zenith": colour, "horizon": colour, "ground": tuple(0.35 * c for c in colour)}
            return {"group": SKY_GROUP, "radiance": light.lux_at_aim(own, self.stage.lights) / np.pi, **even}
        if self.place.sky is None:
            return None
        return {**self.place.sky, "group": SKY_GROUP, "radiance": self.place.sky["radiance"] * 2.0**plan.daylight_stops}

    def _item(self, item: Item) -> dict[str, Any]:
        about: dict[str, Any] = {
            "name": item.name, "at": item.at, "turn": item.turn, "index": self.object_ids[item.name], "group": item.group,
            "seen": item.seen, "shadow": item.shadow,
        }  # fmt: skip
        if item.file is not None:
            return {**about, "file": str(model_file(item.file)), "scale": item.file_scale}
        if not item.parts:
            raise BadInput(f"item {item.name}", "has neither parts nor a file", "give it one or the other")
        return {**about, "parts": [_part(part) for part in item.parts]}

    def _lamp(self, lamp: Light, frame: float) -> dict[str, Any]:
        own = lamp in self.stage.lights
        lux = light.lux_at_aim(lamp, self.stage.lights if own else self.lights)
        about: dict[str, Any] = {
            "name": lamp.name,
            "group": lamp.group or lamp.name,
            "type": {"fresnel": "SPOT", "bulb": "POINT", "sun": "SUN"}.get(lamp.kind, "AREA"),
            "power": max(light.power(lamp, lux) * 2.0 ** light.key_stops(lamp.keys, frame), _FAINTEST if own else 0.0),
            "colour": light.light_colour(lamp.kelvin, lamp.tint, lamp.gel),
            "matrix": light.facing(lamp.translation, lamp.aim),
            "size": lamp.size,
            "radius": max(lamp.size) / 2,
            "beam": lamp.beam,
            "angle": 0.53,
        }
        if lamp.kind == "softbox":
            about["spread"] = 180.0 if lamp.beam == 45.0 else lamp.beam
        return about

    def _person(self, performer: Performer) -> dict[str, Any]:
        b = performer.build
        return {
            "name": performer.name,
            "index": self.object_ids[performer.name],
            "seed": sum(ord(c) * 31**i for i, c in enumerate(performer.name)) % 2**31,
            "shape": {
                "age": b.age, "gender": b.gender, "height": b.height, "weight": b.weight, "muscle": b.muscle, "ancestry": b.ancestry,
            },
            "skin": light.acescg(skin_reflectance(b.skin)),
            "eyes": light.acescg(performer.eye_colour),
            "hair": {"style": performer.hair, "colour": light.acescg(performer.hair_colour)},
            "wardrobe": _wardrobe(performer),
        }  # fmt: skip


_SOLE = (0.012, 0.011, 0.01)
"""Linear Rec.709 of black rubber."""

_TOPS: dict[str, dict[str, Any]] = {
    "shirt": {"sleeves": "long", "collar": "high", "top_hem": "waist", "ease": 0.014, "wrinkle": 7.0, "weave": 220.0},
    "tshirt": {"sleeves": "short", "collar": "crew", "top_hem": "hip", "ease": 0.013, "wrinkle": 7.0, "weave": 260.0},
    "jumper": {"sleeves": "long", "collar": "crew", "top_hem": "hip", "ease": 0.018, "wrinkle": 9.0, "weave": 70.0},
    "jacket": {"sleeves": "long", "collar": "high", "top_hem": "hip", "ease": 0.026, "wrinkle": 6.0, "weave": 130.0},
}


def _wardrobe(performer: Performer) -> dict[str, Any]:
    worn = performer.wardrobe
    top = dict(_TOPS[worn.top])
    top_colour, bottom_colour = light.acescg(worn.top_colour), light.acescg(worn.bottom_colour)
    darker = tuple(c * 0.8 for c in top_colour)
    cloth: dict[str, Any] = {"kind": "fabric", "colour": top_colour, "colour2": darker, "scale": 0.6}
    cloth |= {"cut": worn.top, "wrinkle": top.pop("wrinkle"), "weave": top.pop("weave"), "stripe": 5.0 if worn.stripe else 0}
    if worn.stripe:
        cloth["colour2"] = tuple(min(0.8, c * 2.2 + 0.04) for c in top_colour)
    legs = {
        "kind": "fabric",
        "colour": bottom_colour,
        "colour2": tuple(c * 0.75 for c in bottom_colour),
        "wrinkle": 8.0,
        "weave": 200.0,
    }
    shoe = {"kind": "leather", "colour": light.acescg(worn.shoe_colour), "roughness": 0.35}
    rubber = {"kind": "plastic", "colour": light.acescg(_SOLE), "roughness": 0.8}
    ends = {"trousers": "ankle", "shorts": "knee", "skirt": "knee"}
    return {
        **top,
        "bottom": "skirt" if worn.bottom == "skirt" else "trousers",
        "bottom_hem": ends[worn.bottom],
        "flare": 0.02 if worn.bottom == "trousers" else 0.03,
        "materials": {"top": cloth, "bottom": legs, "shoes": shoe, "soles": rubber},
    }


def _part(part: Part) -> dict[str, Any]:
    return {"shape": part.shape, "material": part.material, "at": part.at, "turn": part.turn, **part.figures}


def _material(about: Material) -> dict[str, Any]:
    """A material in the renderer's terms: colours in ACEScg, luminous ones by their luminance."""
    out: dict[str, Any] = {"kind": about.kind, "scale": about.scale, "wear": about.wear}
    out["colour"] = light.acescg(about.colour)
    if about.colour2 is not None:
        out["colour2"] = light.acescg(about.colour2)
    for name in ("roughness", "metallic"):
        if getattr(about, name) is not None:
            out[name] = getattr(about, name)
    if about.kind in ("glow", "screen"):
        shine = light.light_colour(about.kelvin or 6500.0)
        out["colour"] = tuple(c * s for c, s in zip(out["colour"], shine, strict=True))
        if "colour2" in out:
            out["colour2"] = tuple(c * s for c, s in zip(out["colour2"], shine, strict=True))
        out["nits"] = about.nits if about.nits is not None else 200.0
    for name, value in about.detail.items():
        out[name] = light.acescg(value) if isinstance(value, tuple) else value
    return out


def _rig_item(rig: RigObject) -> Item:
    """A wire, boom or stand as a thing on the stage."""
    material = f"rig {rig.name}"
    points = list(rig.points) or [(0.0, 0.0, 2.0)]
    if rig.kind in ("wire", "rod", "boom"):
        if len(points) < 2:
            raise BadInput(f"rig {rig.name}", "has no course", "give at least two points")
        parts = [tube(points, rig.diameter / 2, material)]
        if rig.kind == "boom":
            parts.append(Part(shape="sphere", material=material, at=points[-1], figures={"size": (0.07, 0.24, 0.07)}))
        return Item(name=rig.name, parts=tuple(parts), group="rig")
    x, y, z = points[0]
    if rig.kind == "stand":
        legs = [
            tube([(x, y, z + 0.5), (x + 0.45 * c, y + 0.45 * s, z + 0.01)], 0.012, material)
            for c, s in ((1, 0), (-0.5, 0.87), (-0.5, -0.87))
        ]
        return Item(name=rig.name, parts=(tube([(x, y, z + 0.3), (x, y, z + 2.0)], 0.016, material), *legs), group="rig")
    size = max(rig.diameter, 0.02)
    if rig.kind == "mark":
        bars = (
            box((0.3, 0.05, 0.001), material, (x, y, z + 0.001), bevel=0.0),
            box((0.05, 0.2, 0.001), material, (x, y - 0.1, z + 0.001), bevel=0.0),
        )
        return Item(name=rig.name, parts=bars, group="rig")
    return Item(
        name=rig.name,
        parts=(Part(shape="sphere", material=material, at=(x, y, z), figures={"size": (size, size, size)}),),
        group="rig",
    )


def _rig_material(rig: RigObject) -> Material:
    kind = "metal" if rig.kind in ("wire", "rod", "stand") and max(rig.colour) > 0.3 else "plastic"
    return Material(kind=kind, colour=rig.colour, roughness=0.45, wear=0.1)
