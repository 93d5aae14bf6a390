"""What the ledger says of a run: a row for each frame, the events that belong to it, and the run in a few numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answerprint.colour.config import config_digest
from answerprint.graph.runner import GraphRun
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow, FrameRow, ModelUse, SourceUse


def frame_rows(
    run: GraphRun, records: list[dict[str, Any]], job: str, requested_by: str, policy: str, folder: str = "", dataset: str = ""
) -> list[FrameRow]:
    """Ledger rows of a run's frames, in frame order. ``folder`` is where the frames lie, counted from the ledger's root.

    ``dataset`` is the root of the lock the job was dispatched under.
    """
    steps = run.steps()
    final = next(s for s in steps if s["node"] == run.graph.result)
    models = {
        m["sha256"]: ModelUse(name=m["name"], digest=m["sha256"], kind=m.get("kind", "analysis"))
        for s in steps
        for m in s["models"]
    }
    parameters: dict[str, Any] = {
        "steps": [{k: s[k] for k in ("node", "operation", "version", "parameters", "key")} for s in steps],
        "crossing": run.binding.crossing,
    }
    if dataset:
        parameters["dataset_root"] = dataset
    return [
        FrameRow(
            job=job,
            node=final["node"],
            operation=final["operation"],
            operation_version=final["version"],
            frame=r["frame"],
            timecode=r["timecode"] or None,
            output=f"{folder}/{r['output']}" if folder else r["output"],
            output_digest=r["pixel_digest"],
            parameters=parameters,
            sources=(
                SourceUse(digest=r["source_digest"], clip=run.binding.plate.clip, frame=r["frame"]),
                *(
                    SourceUse(
                        digest=s["digest"],
                        of="file",
                        clip=s["clip"],
                        frame=s["frame"],
                        role="plate" if s["clip"] == run.binding.plate.clip else "candidate",
                    )
                    for s in r["sources"]
                ),
            ),
            models=tuple(models.values()),
            performance_class=_class_written(r),
            changed_share=r["changed_share"],
            support_share=r["support_share"],
            invented_share=round(1 - r["support_share"], 6),
            restored=r["restored"],
            unreached=r["unreached"],
            colour_config=config_digest(),
            policy=policy or None,
            requested_by=requested_by,
        )
        for r in records
    ]


def _class_written(record: dict[str, Any]) -> Any:
    # A refused frame leaves as it came: nothing was altered, so the frame itself is class A; the refusal is an event.
    return "A" if record["refused"] else record["class"]


def keep_ledger(
    path: Path, job: str, rows: list[FrameRow], records: list[dict[str, Any]], requested_by: str, word: EventRow | None = None
) -> str:
    """Write and seal a job's ledger; a sealed one is left alone. ``word`` is what class D work rests on. Returns the sealed root."""
    with Ledger.at(path, job) as ledger:
        ledger.append_many(rows)
        refused = [r for r in records if r["refused"]]
        said = any(line.kind == "event" and line.body.get("event") == "refusal" for line in ledger.lines)
        if refused and not said:
            ledger.append_event(
                EventRow(
                    event="refusal",
                    who=requested_by or "answerprint",
                    when=datetime.now(UTC),
                    frames=tuple(r["frame"] for r in refused),
                    subjects=tuple(r["source_digest"] for r in refused),
                    note="class D: the fill would replace pixels of a performer; consent and sign-off are needed",
                )
            )
        if word is not None and not any(line.kind == "event" and line.body.get("note") == word.note for line in ledger.lines):
            ledger.append_event(word)
        return str(ledger.seal(own_signer()).root)


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """A run in a few numbers, as the command line and the page show them."""
    classes = Counter("D" if r["refused"] else r["class"] for r in records)
    changed = [r for r in records if r["changed"]]
    return {
        "class": {letter: classes.get(letter, 0) for letter in "ABCRD"},
        "changed_share": round(sum(r["changed_share"] for r in records) / max(1, len(records)), 6),
        "support_share": round(
            sum(r["support_share"] * r["changed"] for r in changed) / max(1, sum(r["changed"] for r in changed)), 6
        )
        if changed
        else 1.0,
        "refused": [r["frame"] for r in records if r["refused"]],
        "restored": [{"frame": r["frame"], "pixels": r["restored"]} for r in records if r["restored"]],
        "unreached": [{"frame": r["frame"], "pixels": r["unreached"]} for r in records if r["unreached"]],
    }
