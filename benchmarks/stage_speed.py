"""How long a frame of the virtual stage takes: the first one with its scene, those after it in a warm renderer, and one with another light.

For each family two frames' sizes: 320x180 with every pass (32 samples) and a 160x90 preview (beauty, 16 samples). The bars, wall on two idle
cores, for a frame in a warm renderer: 12 s and 3 s. CPU seconds are given in parts: the renderer's, and of this process smoothing, reading
with cryptomatte, and writing. Wall means something on an idle machine only; CPU seconds nearly anywhere.

Run: ``python benchmarks/stage_speed.py [--families kitchen,street] [--warm 2] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from answerprint.production import AnswerprintError
from answerprint.simulation import shoot
from answerprint.simulation.generate import generate
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.stage import FAMILIES, PASSES, Family, Pass, Stage

FRAME, PREVIEW = "320x180 all passes", "160x90 preview"
BARS = {FRAME: 12.0, PREVIEW: 3.0}
_PARTS = {"smooth": "smooth_by_features", "smooth_pair": "smooth_pair", "read": "read_rendered", "write": "write_pass"}


@dataclass
class Taken:
    """Seconds of one frame: wall, the renderer's processor, this process's, and parts of the latter."""

    wall: float
    renderer: float
    own: float
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        return self.renderer + self.own


def timed_stage(family: Family, kind: str, frames: int) -> Stage:
    """A stage of a family at night, the costlier hour, for as many frames."""
    stage = generate(family, 4, "night")
    size, samples, passes = ((320, 180), 32, PASSES) if kind == FRAME else ((160, 90), 16, ("beauty",))
    wanted: tuple[Pass, ...] = passes
    render = stage.render.model_copy(update={"samples": samples, "passes": wanted})
    cameras = tuple(camera.model_copy(update={"active_sensor_resolution": size}) for camera in stage.cameras)
    return stage.model_copy(update={"render": render, "cameras": cameras, "frame_count": frames})


def with_other_light(stage: Stage) -> Stage:
    """The same with a warmer key: what is shot after somebody changed a lamp."""
    key, *rest = stage.lights
    return stage.model_copy(update={"lights": (key.model_copy(update={"kelvin": 0.8 * key.kelvin}), *rest)})


def measured(stage: Stage, renderer: Renderer, out: Path, spent: dict[str, float], most: int | None = None) -> list[Taken]:
    """Each frame of the stage, or so many at ``most``, shot one after the other; the first with its scene where it does not stand yet."""
    taken = []
    with shoot.claimed(stage, out):
        for frame in stage.frames[:most]:
            spent.clear()
            wall, own = time.monotonic(), time.process_time()
            cpu = shoot.shoot_frames(stage, out, [frame], renderer)
            taken.append(Taken(time.monotonic() - wall, cpu, time.process_time() - own, dict(spent)))
    return taken


def _clocked(spent: dict[str, float]) -> None:
    """Add up what the parts of finishing a frame take, by the functions that do them."""

    def clocked(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            before = time.process_time()
            try:
                return made(*given, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - before

        return run

    for name, function in _PARTS.items():
        setattr(shoot, function, clocked(name, getattr(shoot, function)))


def main() -> int:
    """Print the table; 0 when every warm frame keeps its bar, 1 when one does not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--warm", type=int, default=2, help="frames after the first")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    families = options.families.split(",")
    unknown = [name for name in families if name not in FAMILIES]
    if unknown or options.warm < 1:
        parser.error(f"no family {unknown[0]!r}; use {', '.join(FAMILIES)}" if unknown else "--warm needs at least 1 frame")
    spent: dict[str, float] = {}
    _clocked(spent)
    rows: list[dict[str, Any]] = []
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'':20}{'':20}{'first: wall':>12}{'cpu':>7}{'warm: wall':>12}{'cpu':>7}{'relit: wall':>12}{'cpu':>7}{'renderer':>10}   own parts"
    )
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for kind in BARS:
                # One process for a size, as a sweep would have it; its start is not a frame's.
                with Renderer() as renderer:
                    for family in families:
                        folder = Path(scratch) / kind.replace(" ", "-") / family
                        stage = timed_stage(family, kind, 1 + options.warm)
                        first, *warm = measured(stage, renderer, folder, spent)
                        (relit,) = measured(with_other_light(stage), renderer, folder.with_name(f"{family}-relit"), spent, 1)
                        best = min(warm, key=lambda t: t.wall)
                        rows.append(
                            {
                                "kind": kind,
                                "family": family,
                                "first": asdict(first),
                                "warm": [asdict(t) for t in warm],
                                "relit": asdict(relit),
                            }
                        )
                        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in best.parts.items())
                        print(f"{kind:20}{family:20}{first.wall:12.1f}{first.cpu:7.1f}{best.wall:12.1f}{best.cpu:7.1f}{relit.wall:12.1f}{relit.cpu:7.1f}"
                              f"{best.renderer:10.1f}   {parts}", flush=True)  # fmt: skip
    except AnswerprintError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code
    kept = {kind: max(min(t["wall"] for t in r["warm"]) for r in rows if r["kind"] == kind) for kind in BARS}
    for kind, bar in BARS.items():
        print(f"{kind}: slowest warm frame {kept[kind]:.1f} s of wall, bar {bar:.0f} s")
    if options.json:
        options.json.write_text(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0], "rows": rows}, indent=1) + "\n")
    return int(any(kept[kind] > bar for kind, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
