"""Nuke: a script for each shot with plate, layers, the merge that was made of them, the result, the grade to look through, a Write.

The script is Nuke's own text form, version-neutral; it was not opened in Nuke. Files are named from where the script lies, so that the
package may be moved. What the artist renders goes to ``artist/``, which a new delivery never touches.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from answerprint.colour.cdl import CDL
from answerprint.deliver.laid import Laid, LaidShot, Run
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

_HERE = "[file dirname [value root.name]]/.."
"""The package, as Nuke finds it from the script."""
Knobs = Mapping[str, object]


def write(laid: Laid) -> None:
    """Write ``nuke/NAME.nk`` for each shot and the folder for the artist."""
    for one in laid.shots:
        write_atomically(laid.folder / "nuke" / f"{one.name}.nk", script(laid, one))
        (laid.folder / "artist" / one.shot.name).mkdir(parents=True)
        write_atomically(
            laid.folder / "artist" / one.shot.name / "README.txt",
            f"Render {one.name} here. A new delivery keeps every file in this folder as it is.\n",
        )


def script(laid: Laid, one: LaidShot) -> str:
    """One shot as a Nuke script."""
    nodes = [_root(laid, one)]
    nodes += _read("Result", one.frames, -220, 0, inputs_note="as delivered")
    nodes += _to_scene("ResultScene", one.frames, -220, 100)
    nodes.append("set Result [stack 0]\n")
    if one.plate is not None and {"fill", "matte"} <= one.layers.keys():
        nodes += _comp(one)
    else:
        nodes.append("push $Result\n")
    nodes.append("set Comp [stack 0]\n")
    nodes.append(_node("Write", {**_write_knobs(one), "name": "Write_comp", "xpos": 0, "ypos": 620}))
    for place, (name, run) in enumerate(sorted(one.layers.items())):
        if name not in ("fill", "matte", "grain"):
            nodes += _read(_title(name), run, 440 + 120 * place, 0)
    if one.shot.grade is not None:
        nodes += _look(one.shot.grade)
    nodes.append(_node("StickyNote", {"inputs": 0, "label": _label(one), "name": "Answerprint", "xpos": -520, "ypos": 0}))
    return "".join(nodes)


def _root(laid: Laid, one: LaidShot) -> str:
    rate = Fraction(laid.rate)
    return "version 13.2 v1\n" + _node(
        "Root",
        {
            "inputs": 0,
            "frame": one.first,
            "first_frame": one.first,
            "last_frame": one.last,
            "lock_range": "true",
            "fps": f"{float(rate):.6g}",
            "format": f"{one.width} {one.height} 0 0 {one.width} {one.height} 1 {one.name}",
            "colorManagement": "OCIO",
            "OCIO_config": "custom",
            "customOCIOConfigPath": f"{_HERE}/{laid.config}",
        },
    )


def _comp(one: LaidShot) -> list[str]:
    """The fill through its matte over the plate, and grain on top where the operation left some."""
    nodes = _read("Matte", one.layers["matte"], 220, 0)
    nodes += _read("Fill", one.layers["fill"], 0, 0)
    nodes.append(
        _node("Copy", {"inputs": 2, "from0": "rgba.red", "to0": "rgba.alpha", "name": "Matte_to_alpha", "xpos": 0, "ypos": 220})
    )
    nodes += _read("Plate", one.plate, -110, 0)
    nodes += _to_scene("PlateScene", one.plate, -110, 100)
    nodes.append("set Plate [stack 0]\n")
    nodes.append(
        _node(
            "Merge2",
            {"inputs": 2, "operation": "matte", "also_merge": "none", "name": "Fill_over_plate", "xpos": -110, "ypos": 320},
        )
    )
    if "grain" in one.layers:
        nodes.append("set Clean [stack 0]\n")
        nodes += _read("Grain", one.layers["grain"], 110, 300)
        nodes.append("push $Clean\n")
        nodes.append(_node("Merge2", {"inputs": 2, "operation": "plus", "name": "Grain_over", "xpos": -110, "ypos": 420}))
    return nodes


def _read(name: str, run: Run | None, x: int, y: int, inputs_note: str = "") -> list[str]:
    if run is None:
        return [_node("Constant", {"inputs": 0, "name": name, "xpos": x, "ypos": y})]
    kind = run.suffix.lstrip(".").replace("tif", "tiff").replace("tifff", "tiff").replace("jpg", "jpeg")
    knobs: dict[str, object] = {
        "inputs": 0,
        "file_type": kind,
        "file": f"{_HERE}/{run.hashes}",
        "first": run.first,
        "last": run.last,
        "origfirst": run.first,
        "origlast": run.last,
        "origset": "true",
        "raw": "true",
        "label": inputs_note or ("" if run.space == "data" else run.space),
        "name": name,
        "xpos": x,
        "ypos": y,
    }
    return [_node("Read", knobs)]


def _to_scene(name: str, run: Run | None, x: int, y: int) -> list[str]:
    """From the frames' own space to ACEScg, by the configuration of the package."""
    if run is None or run.space == "ACEScg":
        return []
    return [_node("OCIOColorSpace", {"in_colorspace": run.space, "out_colorspace": "ACEScg", "name": name, "xpos": x, "ypos": y})]


def _look(grade: CDL) -> list[str]:
    """The grade as the dailies showed it, beside the comp and not in it."""

    def three(values: tuple[float, float, float]) -> str:
        return "{" + " ".join(f"{value:.6g}" for value in values) + "}"

    space = grade.working_space
    return [
        "push $Comp\n",
        _node(
            "OCIOColorSpace", {"in_colorspace": "ACEScg", "out_colorspace": space, "name": "To_grading", "xpos": 220, "ypos": 620}
        ),
        _node(
            "OCIOCDLTransform",
            {
                "slope": three(grade.slope),
                "offset": three(grade.offset),
                "power": three(grade.power),
                "saturation": f"{grade.saturation:.6g}",
                "name": "Grade",
                "xpos": 220,
                "ypos": 680,
            },
        ),
        _node(
            "OCIOColorSpace", {"in_colorspace": space, "out_colorspace": "ACEScg", "name": "From_grading", "xpos": 220, "ypos": 740}
        ),
        _node("Viewer", {"frame_range": "", "name": "Viewer1", "xpos": 220, "ypos": 820}),
    ]


def _write_knobs(one: LaidShot) -> dict[str, object]:
    return {
        "file": f"{_HERE}/artist/{one.shot.name}/{one.name}_comp.####.exr",
        "file_type": "exr",
        "datatype": "16 bit half",
        "compression": "Zip (16 scanlines)",
        "raw": "true",
        "create_directories": "true",
        "first": one.first,
        "last": one.last,
        "use_limit": "true",
        "channels": "rgb",
    }


def _label(one: LaidShot) -> str:
    shot = one.shot
    lines = [one.name, f"{one.first}-{one.last}, in the cut {one.number(shot.cut.start)}-{one.number(shot.cut.end - 1)}"]
    lines.append(f"reel {shot.event.reel} from {shot.start + shot.frames.start}")
    if shot.refused:
        lines.append(f"{len(shot.refused)} frames left as shot; the merge shows what would have been there")
    return "\n".join(lines)


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_")) or "Layer"


def _node(kind: str, knobs: Knobs) -> str:
    lines = [f" {name} {_value(value)}" for name, value in knobs.items() if value != ""]
    return "\n".join([f"{kind} {{", *lines, "}"]) + "\n"


def _value(value: object) -> str:
    """A knob's value as Nuke writes it: bare where it is one word, a list in braces, else in quotes with Tcl's own signs escaped."""
    text = str(value)
    if text.startswith("{") and text.endswith("}"):
        return text
    if text and all(c.isalnum() or c in "._-+/" for c in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("[", "\\[").replace("$", "\\$").replace("\n", "\\n")
    return f'"{escaped}"'


RECEIVER = Receiver(
    name="nuke",
    title="Foundry Nuke",
    gets="a .nk for each shot, result, plate and every layer as sequences, the OCIO configuration, CDL, OTIO and EDL",
    edits=(".otio", ".edl"),
    grades=(".ccc", ".cc"),
    plates=True,
    layers="separate",
    own=write,
    notes=("The scripts were checked for their syntax and not opened in Nuke.",),
)
