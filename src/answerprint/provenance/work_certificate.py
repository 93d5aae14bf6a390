"""A job's certificate: what was done to performers and pixels, in numbers, the frames to look at first; JSON, its signature, and a page.

It says what the frames' records say and nothing else, so that the same job gives the same certificate.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from answerprint.production.atomic import write_atomically
from answerprint.provenance.keys import Signer
from answerprint.provenance.report import CLASSES
from answerprint.provenance.signed import write_signed

PURPOSE = "work certificate"
LOOK_AT = 5
"""Frames named to be looked at first."""

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:54rem;margin:2.5rem auto;padding:0 1rem;color:#1c1b20}
h1{font-size:1.35rem;margin:0}h2{font-size:1.02rem;margin:1.8rem 0 .4rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.28rem .8rem .28rem 0;border-bottom:1px solid #e4e2ea;vertical-align:top;font-variant-numeric:tabular-nums}
th{font-weight:600}.say{font-size:1.1rem;margin:.3rem 0 0}.faint{color:#6d6a76}code{font-size:.82em;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{background:#17161b;color:#e8e6ee}td,th{border-color:#33313b}.faint{color:#9b98a6}}"""


def certificate(
    *, job: str, title: str, operation: str, requested_by: str, records: list[dict[str, Any]], ledger_root: str,
    consents: list[str] | None = None, signed_off_by: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The certificate of a job from its frames' records (``GraphRun.render_frame``), plain JSON.

    Shares are of the picture for what changed, and of what changed for support and invention. ``worst`` names frames by what a
    person should see first: refused, class D, class R, then by invented area, then by changed area.
    """
    letters = Counter("D" if r["refused"] else r["class"] for r in records)
    done = [r for r in records if not r["refused"]]
    changed = sum(r["changed"] for r in records)
    invented = sum(round(r["changed"] * (1 - r["support_share"])) for r in records)
    worst = sorted((r for r in records if _gravity(r) > (0, 0.0, 0.0)), key=lambda r: (*(-g for g in _gravity(r)), r["frame"]))
    look = [{"frame": r["frame"], "class": "D" if r["refused"] else r["class"], "why": _why(r)} for r in worst[:LOOK_AT]]
    return {
        "document": "work certificate",
        "job": job,
        "title": title,
        "operation": operation,
        "requested_by": requested_by,
        "said": _said(len(done), len(records), look),
        "frames": len(records),
        "frames_done": len(done),
        "classes": {letter: {"frames": letters.get(letter, 0), "meaning": meaning} for letter, meaning in CLASSES.items()},
        "changed_share": round(sum(r["changed_share"] for r in records) / max(1, len(records)), 6),
        "support_share": round(1 - invented / changed, 6) if changed else 1.0,
        "invented_pixels": invented,
        "invented_share": round(invented / changed, 6) if changed else 0.0,
        "restored_pixels": sum(r["restored"] for r in records),
        "unreached_pixels": sum(r["unreached"] for r in records),
        "consents": consents or [],
        "signed_off_by": signed_off_by,
        "look_at": look,
        "worst_first": [r["frame"] for r in worst],
        "figures": _figures(records),
        "ledger_root": ledger_root,
    }


def write_certificate(path: Path, document: dict[str, Any], signer: Signer) -> Path:
    """Write ``path`` (JSON), its signature beside it and a page of the same name as HTML; returns the page's path."""
    write_signed(path, document, PURPOSE, signer)
    page = path.with_suffix(".html")
    write_atomically(page, _page(document, signer.fingerprint))
    return page


def _gravity(record: dict[str, Any]) -> tuple[int, float, float]:
    rank = 3 if record["refused"] else {"D": 3, "R": 2}.get(record["class"], 0)
    return rank, round(record["changed"] * (1 - record["support_share"]) + record["unreached"], 3), float(record["changed_share"])


def _why(record: dict[str, Any]) -> str:
    if record["refused"]:
        return record["reason"] or "refused"
    said = []
    if record["class"] in ("D", "R"):
        said.append(CLASSES[record["class"]])
    invented = round(record["changed"] * (1 - record["support_share"]))
    if invented:
        said.append(f"{invented} pixels that no source frame shows")
    if record["unreached"]:
        said.append(f"{record['unreached']} pixels left as they were")
    return ", ".join(said) or f"{record['changed_share']:.1%} of the picture changed"


def _said(done: int, total: int, look: list[dict[str, Any]]) -> str:
    named = ", ".join(str(one["frame"]) for one in look)
    head = f"{done} of {total} frames done"
    return (
        f"{head}, look at {'this one' if len(look) == 1 else f'these {_NUMBERS[len(look)]}'}: {named}"
        if look
        else f"{head}, none stands out"
    )


_NUMBERS = ("none", "one", "two", "three", "four", "five")


def _figures(records: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    names = sorted({name for r in records for name in r["figures"]})
    found = {}
    for name in names:
        values = [(float(r["figures"][name]), r["frame"]) for r in records if name in r["figures"]]
        found[name] = {
            "mean": round(sum(v for v, _ in values) / len(values), 6), "least": min(values)[0], "most": max(values)[0], "most_at": max(values)[1],
        }  # fmt: skip
    return found


def _page(document: dict[str, Any], fingerprint: str) -> str:
    def row(*cells: object) -> str:
        return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"

    shares = [
        ("changed", f"{document['changed_share']:.2%} of the picture"),
        ("seen in a source frame", f"{document['support_share']:.2%} of what changed"),
        ("invented", f"{document['invented_pixels']} pixels, {document['invented_share']:.2%} of what changed"),
        ("restored from a performer's own frames", f"{document['restored_pixels']} pixels"),
        ("asked for and left as filmed", f"{document['unreached_pixels']} pixels"),
        ("outside the matte", "copied, code value for code value; digests in the ledger"),
        ("consent", ", ".join(document["consents"]) or "none was needed, or none is recorded"),
        ("signed off by", document["signed_off_by"] or "nobody"),
        ("asked for by", document["requested_by"] or "not recorded"),
    ]
    classes = "".join(row(letter, one["frames"], one["meaning"]) for letter, one in document["classes"].items())
    look = "".join(row(one["frame"], one["class"], one["why"]) for one in document["look_at"])
    figures = "".join(
        row(name.replace("_", " "), f"{v['mean']:g}", f"{v['least']:g}", f"{v['most']:g}", v["most_at"])
        for name, v in document["figures"].items()
    )
    parts = [
        f"<h1>{escape(document['title'])}</h1><p class='faint'>{escape(document['operation'])}, certificate of the work</p>",
        f"<p class='say'>{escape(document['said'])}.</p>",
        f"<h2>Look at first</h2><table><tr><th>Frame<th>Class<th>Why</tr>{look}</table>" if look else "",
        f"<h2>Performance classes</h2><table><tr><th>Class<th>Frames<th>Meaning</tr>{classes}</table>",
        f"<h2>Pixels</h2><table>{''.join(row(*pair) for pair in shares)}</table>",
        f"<h2>Figures</h2><table><tr><th>Figure<th>Mean<th>Least<th>Most<th>at frame</tr>{figures}</table>" if figures else "",
        f"<p class='faint'>Ledger root <code>{escape(document['ledger_root'])}</code><br>Signer <code>{escape(fingerprint)}</code></p>",
    ]
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(document['title'])}: certificate</title><style>{_STYLE}</style>{''.join(parts)}</html>\n"
    )
