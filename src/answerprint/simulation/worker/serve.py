"""The renderer's process: reads one JSON order a line, answers one JSON event a line, until the input ends.

``{"do": "build", ...}`` builds a stage, ``{"do": "relight", ...}`` changes nothing but its light, ``{"do": "frame", ...}`` renders a frame of it. Events: ``ready``, ``built``, ``frame``,
``fault``. Standard output carries events only; Blender's own words go to standard error.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
import traceback


def main() -> None:
    """Serve until standard input closes, or until the process that asked is gone."""
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(**event) -> None:
        events.write(json.dumps(event) + "\n")

    limit = int(os.environ.get("ANSWERPRINT_SIMULATION_MEMORY_MIB", "0"))
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit << 20, limit << 20))
    started = time.perf_counter()
    import bpy
    import scene

    tell(event="ready", bpy=bpy.app.version_string, python=sys.version.split()[0], seconds=time.perf_counter() - started)
    stage = None
    for line in sys.stdin:
        try:
            order = json.loads(line)
            wall, cpu = time.perf_counter(), time.process_time()
            if order["do"] == "build":
                stage = None
                stage = scene.Stage(order)
            elif order["do"] == "relight":
                stage.relight(order)
            told = stage.frame(order) if order["do"] == "frame" else {}
            tell(event="frame" if order["do"] == "frame" else "built", id=order.get("id"), seconds=time.perf_counter() - wall,
                 cpu_seconds=time.process_time() - cpu, peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **told)  # fmt: skip
        except MemoryError:
            tell(event="fault", kind="memory", what="the renderer ran out of memory")
        except Exception as error:
            traceback.print_exc()
            tell(event="fault", kind="error", what=f"{type(error).__name__}: {' '.join(str(error).split())}")


def _leave_with(parent: int) -> None:
    """A picture nobody waits for any more must not go on for minutes."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    main()
