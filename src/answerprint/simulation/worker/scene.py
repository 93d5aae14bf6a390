"""Builds the stage that an order describes and renders its frames, every pass in one go.

Repeatable by design: fixed seed, no light tree (its choices change with the lights' power, and with them the noise of every
other light), no adaptive sampling, no clamping, so that light groups stay independent and add up to the beauty.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import lights
import models
import numpy as np
import shapes
import surfaces
from material_sheet import DULL, SHINE
from mathutils import Euler
from people import Performer, keyed

NOW = 10
"""The frame that is always rendered; its neighbours carry the moments before and after."""

_DATA_PASSES = {
    "depth": "use_pass_z",
    "normal": "use_pass_normal",
    "albedo": "use_pass_diffuse_color",
    "vectors": "use_pass_vector",
    "object_id": "use_pass_object_index",
    "material_id": "use_pass_material_index",
    "mattes": "use_pass_cryptomatte_object",
}


class Stage:
    """One built stage, ready to render any of its frames."""

    def __init__(self, order: dict) -> None:
        self.order = order
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
        # Everything below is given in ACEScg already, so nothing is to be converted.
        bpy.ops.wm.set_working_color_space(working_space="ACEScg", convert_colors=False)
        self.scene = bpy.context.scene
        self.layer = bpy.context.view_layer
        for group in order["groups"]:
            self.layer.lightgroups.add(name=group)
        self.materials = {name: surfaces.make(name, about) for name, about in order["materials"].items()}
        for index, material in enumerate(self.materials.values(), start=1):
            material.pass_index = index
        self.objects: dict = {}
        for item in order["items"]:
            self._item(item)
        self.lights = {light["name"]: lights.lamp(light, self._link) for light in order["lights"]}
        self.lit = {light["name"]: light for light in order["lights"]}
        self.scene.world = lights.sky(order.get("sky"))
        self.people = {about["name"]: Performer(about, self._link, about["index"]) for about in order.get("people", [])}
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self._link(self.camera)
        self.scene.camera = self.camera
        # Last, because what is hidden and shown again changes the places of all that comes after it, and with a lamp's place the noise of
        # its light: beauty and clean plate would differ everywhere.
        for item in order.get("rig", []):
            self._item(item)
        self._cycles(order)

    def relight(self, order: dict) -> None:
        """Take the lamps' and the sky's light from an order that describes the same stage otherwise."""
        self.order = order
        if order.get("sky"):
            lights.shine(self.scene.world, order["sky"])

    def frame(self, order: dict) -> dict:
        """Put everything where it is in this frame and render its jobs; returns what only the renderer knows."""
        self._move(order.get("items", {}))
        for name, poses in order.get("people", {}).items():
            self.people[name].show(poses, NOW)
        self._light(order.get("lights", {}))
        known = {name: self.people[name].extent(poses[1]) for name, poses in order.get("people", {}).items()}
        for job in order["jobs"]:
            self._job(job)
        return {"people": known}

    def _move(self, now: dict) -> None:
        """Things where they are just before, at and just after this frame; one that moved before and does not now is where it was built."""
        for item in (*self.order["items"], *self.order.get("rig", ())):
            made = self.objects[item["name"]]
            if item["name"] not in now and made.animation_data:
                made.animation_data_clear()
                made.location, made.rotation_euler = item["at"], Euler(np.radians(item["turn"]))
        for name, states in now.items():
            made = self.objects[name]
            for step, (at, turn) in zip((-1, 0, 1), states, strict=True):
                made.location, made.rotation_euler = at, Euler(np.radians(turn))
                for path in ("location", "rotation_euler"):
                    made.keyframe_insert(path, frame=NOW + step)

    def _light(self, now: dict) -> None:
        """Every lamp as it is in this frame: what one did in a frame before, or before the light was changed, must not stay."""
        for state in (now.get(about["name"], about) for about in self.order["lights"]):
            # Untouched where nothing changes: kept data stay kept.
            if self.lit[state["name"]] != state:
                lights.put(self.lights[state["name"]], state)
                self.lit[state["name"]] = state

    def _job(self, job: dict) -> None:
        scene, cycles = self.scene, self.scene.cycles
        hidden = set(job.get("hide", ()))
        for name, made in self.objects.items():
            made.hide_render = name in hidden
        self._aim(job["camera"], job.get("plain", False))
        scene.render.resolution_x, scene.render.resolution_y = job["width"], job["height"]
        aspect = job.get("pixel_aspect", 1.0)
        scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = (aspect, 1.0) if aspect >= 1 else (1.0, 1 / aspect)
        cycles.samples, cycles.film_exposure = job["samples"], job["exposure"]
        cycles.seed = job["seed"]
        scene.render.use_motion_blur = job.get("motion_blur", False)
        scene.render.motion_blur_shutter = job.get("shutter", 0.5)
        for name, switch in _DATA_PASSES.items():
            setattr(self.layer, switch, name in job["passes"])
        self._guides("guides" in job["passes"])
        scene.frame_set(NOW)
        scene.render.filepath = job["out"]
        bpy.ops.render.render(write_still=True)

    def _guides(self, wanted: bool) -> None:
        """What the filter is guided by beside the data passes; the renderer's own albedo of mirrors knows their light and is left alone."""
        self.layer.cycles.denoising_store_passes = self.layer.use_pass_glossy_color = self.layer.use_pass_environment = wanted
        while len(self.layer.aovs) and not wanted:
            self.layer.aovs.remove(self.layer.aovs[0])
        if wanted and not len(self.layer.aovs):
            for name, kind in ((SHINE, "COLOR"), (DULL, "VALUE")):
                own = self.layer.aovs.add()
                own.name, own.type = name, kind

    def _aim(self, states: list, plain: bool = False) -> None:
        """Camera states before, now and after: a matrix (3x4) and the lens, without its barrel where ``plain``."""
        data = self.camera.data
        data.type, data.sensor_fit = "PERSP", "HORIZONTAL"
        keyed(self.camera, [[*state["matrix"], [0, 0, 0, 1]] for state in states], NOW)
        for step, state in zip((-1, 0, 1), states, strict=True):
            data.lens, data.dof.focus_distance = state["focal_mm"], state["focus_m"]
            data.keyframe_insert("lens", frame=NOW + step)
        now = states[1]
        data.dof.focus_distance = now["focus_m"]
        data.sensor_width, data.sensor_height = now["sensor_mm"]
        data.shift_x, data.shift_y = now["shift"]
        data.clip_start, data.clip_end = 0.05, 2000.0
        data.dof.use_dof = now["f_stop"] > 0
        if data.dof.use_dof:
            data.dof.aperture_fstop = now["f_stop"] / now["corner"]
            data.dof.aperture_blades = now["blades"]
            data.dof.aperture_rotation = now["blade_turn"]
            data.dof.aperture_ratio = now["squeeze"]
        if now.get("barrel") and data.dof.use_dof and not plain:
            self._through_barrel(data, now)

    def _through_barrel(self, data, now: dict) -> None:
        """The same thin lens as a camera program of our own, with the barrel's rim before it."""
        width, height = now["sensor_mm"]
        data.type, data.custom_mode = "CUSTOM", "INTERNAL"
        if data.custom_shader is None:
            data.custom_shader = _lens_program(data)
        for name, value in (
            ("focal", now["focal_mm"]), ("focus", now["focus_m"]), ("pupil", now["focal_mm"] / now["f_stop"] * now["corner"] / 2), ("turn", now["blade_turn"]), ("squeeze", now["squeeze"]),
            ("width", width), ("height", height), ("up", now["shift"][1] * (width / height - 1)), ("rim", now["barrel"][0]), ("ahead", now["barrel"][1]),
        ):  # fmt: skip
            data.cycles_custom[name] = float(value)
        data.cycles_custom["blades"] = int(now["blades"])
        data.update_tag()

    def _cycles(self, order: dict) -> None:
        render, cycles = self.scene.render, self.scene.cycles
        render.engine = "CYCLES"
        render.resolution_percentage = 100
        # Kept data save most of a frame's fixed cost, but the next stage in this process may crash on them: the caller starts a new one.
        render.use_persistent_data = bool(order.get("keep"))
        render.film_transparent = False
        settings = render.image_settings
        settings.media_type = "MULTI_LAYER_IMAGE"
        settings.file_format = "OPEN_EXR_MULTILAYER"
        settings.color_depth, settings.exr_codec = "32", "ZIPS"
        # One part for all: with a part for each pass the file is refused wherever pixels are not square.
        settings.use_exr_interleave = True
        if order.get("threads"):
            render.threads_mode, render.threads = "FIXED", order["threads"]
        cycles.device = order.get("device", "CPU")
        cycles.use_light_tree = False
        # Above zero, faint shadow rays are dropped by chance that depends on the lights' power.
        cycles.light_sampling_threshold = 0.0
        cycles.use_adaptive_sampling = False
        cycles.use_denoising = False
        cycles.use_animated_seed = False
        cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0.0
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.blur_glossy = 1.0
        bounces = order.get("bounces", 4)
        cycles.max_bounces = bounces + 2
        cycles.diffuse_bounces, cycles.glossy_bounces = bounces, min(3, bounces)
        cycles.transmission_bounces, cycles.transparent_max_bounces = 6, 12
        cycles.pixel_filter_type = "BLACKMAN_HARRIS"
        self.layer.pass_cryptomatte_depth = 12
        self.layer.pass_alpha_threshold = 0.0

    def _link(self, made) -> None:
        self.scene.collection.objects.link(made)

    def _item(self, item: dict) -> None:
        if item.get("file"):
            self._imported(item)
            return
        made = bpy.data.objects.new(item["name"], _mesh_of(item, self.materials))
        made.location, made.rotation_euler = item["at"], Euler(np.radians(item["turn"]))
        made.pass_index = item["index"]
        made.lightgroup = item.get("group", "")
        made.visible_shadow = item.get("shadow", True)
        made.visible_camera = item.get("seen", True)
        if item.get("only_seen"):
            # No shadow, no reflection, no bounce: parts what a thing covers in the picture from the light that it changes.
            made.visible_shadow = made.visible_diffuse = made.visible_glossy = made.visible_transmission = False
        self._link(made)
        self.objects[item["name"]] = made

    def _imported(self, item: dict) -> None:
        """A model file of the studio: everything in it becomes one thing."""
        parts = models.load(item["file"])
        root = bpy.data.objects.new(item["name"], None)
        self._link(root)
        for number, made in enumerate(parts):
            made.pass_index = item["index"]
            made.lightgroup = item.get("group", "")
            made.name = f"{item['name']}.{number}"
            if made.parent is None:
                made.parent = root
        root.location, root.rotation_euler = item["at"], Euler(np.radians(item["turn"]))
        root.scale = (item.get("scale", 1.0),) * 3
        self.objects[item["name"]] = root


def _lens_program(data):
    """The camera program, compiled for a camera. Raises RuntimeError where this renderer cannot compile it."""
    own = str(Path(bpy.utils.resource_path("LOCAL")) / "python" / "lib" / "python3.11" / "site-packages")
    if own not in sys.path:
        # What the renderer's own compiling needs lies there, and it does not say so.
        sys.path.append(own)
    from cycles import osl

    data.custom_shader = bpy.data.texts.new("barrel")
    data.custom_shader.write((Path(__file__).parent / "barrel.osl").read_text())
    said: list = []
    osl.update_custom_camera_shader(data, lambda kind, what: said.append((kind, what)))
    if any("ERROR" in kind for kind, _ in said) or not data.custom_bytecode:
        raise RuntimeError(f"the lens program does not compile: {said[-1][1] if said else 'nothing was said'}")
    return data.custom_shader


def _mesh_of(item: dict, materials: dict):
    """All parts of an item as one mesh; ``flat`` and ``grain`` carry each part's own coordinates for its texture."""
    vertices, faces, flat, grain, slots, which, smooth = [], [], [], [], [], [], []
    for number, part in enumerate(item["parts"]):
        points, polygons, local = shapes.of(part)
        start = sum(len(v) for v in vertices)
        vertices.append(points)
        faces += [[start + i for i in f] for f in polygons]
        offset = np.random.default_rng(item["index"] * 1000 + number).uniform(-20, 20, 3)
        flat.append(_ordered(local, _slab(local)) + np.round(offset))
        grain.append(_ordered(local, np.argsort(-np.ptp(local, axis=0), kind="stable")) + offset)
        if part["material"] not in slots:
            slots.append(part["material"])
        which += [slots.index(part["material"])] * len(polygons)
        smooth += [part["shape"] not in ("box", "prism", "leaves") and not part.get("faceted")] * len(polygons)
    mesh = bpy.data.meshes.new(item["name"])
    mesh.from_pydata(np.concatenate(vertices).tolist(), [], faces)
    for name, values in (("flat", flat), ("grain", grain)):
        mesh.attributes.new(name, "FLOAT_VECTOR", "POINT").data.foreach_set(
            "vector", np.concatenate(values).astype(np.float32).ravel()
        )
    for slot in slots:
        mesh.materials.append(materials[slot])
    mesh.polygons.foreach_set("material_index", np.array(which, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.array(smooth, dtype=bool))
    if any(smooth):
        mesh.set_sharp_from_angle(angle=np.radians(40))
    mesh.validate()
    return mesh


def _slab(local: np.ndarray) -> list:
    """The axes of a part as (width, height, thickness): upright things keep their height upright."""
    thin = int(np.argmin(np.ptp(local, axis=0)))
    if thin == 2:
        return [0, 1, 2] if np.ptp(local[:, 0]) >= np.ptp(local[:, 1]) else [1, 0, 2]
    return [1 - thin, 2, thin]


def _ordered(local: np.ndarray, axes) -> np.ndarray:
    return local[:, list(axes)]
