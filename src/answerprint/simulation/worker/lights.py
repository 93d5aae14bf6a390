"""Lamps and the sky of a stage: made once, and given their light again for every frame and every change of it."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix


def lamp(about: dict, link) -> bpy.types.Object:
    """A lamp of the kind, size, place and light that ``about`` says."""
    made = bpy.data.objects.new(about["name"], bpy.data.lights.new(about["name"], about["type"]))
    made.visible_camera = False
    link(made)
    put(made, about)
    return made


def put(made, about: dict) -> None:
    """Size, place and light of a lamp; its kind stays."""
    made.lightgroup = about["group"]
    data = made.data
    if about["type"] == "AREA":
        data.shape, data.size, data.size_y = about.get("shape", "RECTANGLE"), *about["size"]
        data.spread = np.radians(about.get("spread", 180.0))
    elif about["type"] == "SUN":
        data.angle = np.radians(about.get("angle", 0.53))
    else:
        data.shadow_soft_size = about["radius"]
        if about["type"] == "SPOT":
            data.spot_size, data.spot_blend = np.radians(about["beam"]), about.get("edge", 0.3)
    data.energy, data.color = about["power"], about["colour"]
    made.hide_render = about["power"] <= 0
    # Angles are found near those that were there before: from the same start they are the same to the last bit.
    made.rotation_euler = (0.0, 0.0, 0.0)
    made.matrix_world = Matrix([*about["matrix"], [0, 0, 0, 1]])


def sky(about: dict | None) -> bpy.types.World:
    """The world around a stage: black, a picture of the studio's, or a dome with clouds."""
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    tree = world.node_tree
    back = tree.nodes["Background"]
    if not about:
        back.inputs["Strength"].default_value = 0.0
        return world
    world.lightgroup = about["group"]
    shine(world, about)
    if about.get("file"):
        _picture(tree, back, about)
        return world
    _gradient(tree, back, about)
    # Where the sky is bright is found on a map of it. By itself the renderer draws one of 1024 by 512 for every picture (2.3 CPU seconds,
    # more than a preview's light takes); broad clouds need no more than this.
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 256
    return world


def shine(world, about: dict) -> None:
    """How bright a sky is: ``radiance`` in the renderer's units."""
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = about["radiance"]


def _picture(tree, back, about: dict) -> None:
    """A panorama in the file that ``about`` names, turned about the vertical."""
    image = tree.nodes.new("ShaderNodeTexEnvironment")
    image.image = bpy.data.images.load(about["file"])
    place, map_ = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    map_.inputs["Rotation"].default_value = (0, 0, np.radians(about.get("turn", 0.0)))
    tree.links.new(place.outputs["Generated"], map_.inputs[0])
    tree.links.new(map_.outputs[0], image.inputs[0])
    tree.links.new(image.outputs[0], back.inputs["Color"])


def _gradient(tree, back, sky: dict) -> None:
    """A dome from ``ground`` below through ``horizon`` to ``zenith``, with clouds of ``cloud`` cover."""
    place = tree.nodes.new("ShaderNodeTexCoord")
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(place.outputs["Generated"], split.inputs[0])
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    shift = tree.nodes.new("ShaderNodeMath")
    shift.operation = "MULTIPLY_ADD"
    shift.inputs[1].default_value = shift.inputs[2].default_value = 0.5
    tree.links.new(split.outputs[2], shift.inputs[0])
    tree.links.new(shift.outputs[0], ramp.inputs[0])
    stops = ramp.color_ramp.elements
    stops[0].position, stops[0].color = 0.47, (*sky["ground"], 1)
    stops[1].position, stops[1].color = 0.9, (*sky["zenith"], 1)
    middle = stops.new(0.51)
    middle.color = (*sky["horizon"], 1)
    colour = ramp.outputs[0]
    if sky.get("cloud", 0) > 0:
        noise = tree.nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 2.6, 7.0
        tree.links.new(place.outputs["Generated"], noise.inputs["Vector"])
        cover = tree.nodes.new("ShaderNodeMapRange")
        cover.inputs[1].default_value = 0.68 - 0.36 * sky["cloud"]
        cover.inputs[2].default_value = cover.inputs[1].default_value + 0.18
        tree.links.new(noise.outputs[0], cover.inputs[0])
        mix = tree.nodes.new("ShaderNodeMix")
        mix.data_type = "RGBA"
        tree.links.new(cover.outputs[0], mix.inputs[0])
        tree.links.new(colour, mix.inputs[6])
        mix.inputs[7].default_value = (*sky["cloud_colour"], 1)
        colour = mix.outputs[2]
    tree.links.new(colour, back.inputs["Color"])
