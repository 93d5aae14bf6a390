"""The coverage map for people: as text, as a table (CSV) and as one HTML page to print, the script down and the takes across."""

from __future__ import annotations

import csv
import io

import jinja2

from answerprint.editorial.coverage import Coverage, SceneCoverage, ScriptLine, Take, shortened

MARKS = {("recorded", True): "●", ("recorded", False): "○", ("estimated", True): "◆", ("estimated", False): "◇"}
"""What a cell says: (who says so, whether the take is circled)."""
LEGEND = "● covered by a circled take, ○ by one not circled; ◆ ◇ the same, estimated from who was in front of the camera"


def mark(one: SceneCoverage, line: ScriptLine, take: Take) -> str:
    """The cell of a line and a take: one of ``MARKS``, empty where the take does not cover the line."""
    return next((MARKS[each.source, take.circled] for each in one.covered.get(line.number, []) if each.take == take), "")


def as_text(coverage: Coverage, title: str) -> str:
    """For a terminal or an e-mail: each scene with its lines, then what is missing."""
    out = [f"{title}: coverage", LEGEND, ""]
    for one in coverage.scenes:
        takes = [take for take in one.takes if take.clips]
        out.append(f"{one.scene.number}  {one.scene.heading}   {one.share:.0%} of {len(one.scene.lines)} lines")
        if not takes:
            out += ["    not shot", ""]
            continue
        width = [max(2, len(take.slate)) for take in takes]
        out.append("        " + " ".join(f"{take.slate:>{wide}}" for take, wide in zip(takes, width, strict=True)))
        for line in one.scene.lines:
            cells = " ".join(f"{mark(one, line, take) or '·':>{wide}}" for take, wide in zip(takes, width, strict=True))
            who = f"{line.character}: " if line.character else ""
            out.append(f"    {line.number:3d} {cells}  {who}{shortened(line.text)}")
        out += [
            f"        {take.slate:6} {'circled' if take.circled else '':8}{', '.join(take.clips)}  {take.notes}" for take in takes
        ]
        out.append("")
    out.append(f"missing: {len(coverage.missing)}")
    out += [f"  {'!' if gap.grave else ' '} {gap.gap:19} {gap.what}" for gap in coverage.missing]
    out += [f"attention: {line}" for line in coverage.attention]
    return "\n".join(line.rstrip() for line in out) + "\n"


def as_csv(coverage: Coverage) -> str:
    """A row for each line and each take that covers it, one with empty cells where none does; opens in any spreadsheet."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["Scene", "Line", "Kind", "Character", "Text", "Setup", "Take", "Circled", "Said by", "Clips"])
    for one in coverage.scenes:
        for line in one.scene.lines:
            head = [one.scene.number, line.number, line.kind, _cell(line.character), _cell(line.text)]
            for each in one.covered.get(line.number, []):
                take = each.take
                circled = "yes" if take.circled else "no"
                table.writerow([*head, _cell(take.setup), _cell(take.take), circled, each.source, _cell(", ".join(take.clips))])
            if not one.covered.get(line.number):
                table.writerow([*head, "", "", "", "not covered", ""])
    return "﻿" + out.getvalue()


def missing_csv(coverage: Coverage) -> str:
    """The missing-shot list as a table."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["Gap", "Scene", "Setup", "Line", "What", "Grave"])
    for gap in coverage.missing:
        table.writerow([gap.gap, _cell(gap.scene), _cell(gap.setup), gap.line or "", _cell(gap.what), "yes" if gap.grave else "no"])
    return "﻿" + out.getvalue()


def as_html(coverage: Coverage, title: str) -> str:
    """One page, nothing from outside, black on white as it is printed."""
    return _PAGE.render(title=title, coverage=coverage, mark=mark, legend=LEGEND)


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one gets a quotation mark before it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}: coverage</title>
<style>
body{font:13px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:2rem 0 .4rem}p{margin:.2rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.22rem .45rem;border-bottom:1px solid #ddd}
th{font-weight:600}.take{text-align:center;width:2.6rem;font-variant-numeric:tabular-nums}.number{text-align:right;width:2rem;color:#666}
.action td{color:#444}.none td{background:#fff1ee}.none .number{color:#b3261e;font-weight:600}.who{font-weight:600}
.grave{color:#b3261e;font-weight:600}.quiet{color:#666}.circled{border:1.5px solid #111;border-radius:50%;padding:.05rem .3rem}
thead{display:table-header-group}tr{break-inside:avoid}@media print{body{margin:0;max-width:none}}
</style></head><body>
<h1>{{ title }}: coverage</h1>
<p class="quiet">{{ legend }}. A shaded line is covered by no take.</p>
<h2>Missing</h2>
{% if coverage.missing %}
<table><thead><tr><th>Gap</th><th>What</th></tr></thead><tbody>
{% for gap in coverage.missing %}<tr><td class="{{ 'grave' if gap.grave else 'quiet' }}">{{ gap.gap }}</td><td>{{ gap.what }}</td></tr>
{% endfor %}
</tbody></table>
{% else %}<p>Nothing: every planned setup was shot, every line is covered by a circled take.</p>{% endif %}
{% for line in coverage.attention %}<p>Attention: {{ line }}.</p>
{% endfor %}
{% for one in coverage.scenes %}
{% set takes = one.takes | selectattr("clips") | list %}
<h2>{{ one.scene.number }} &nbsp; {{ one.scene.heading }} <span class="quiet">{{ "%.0f" | format(one.share * 100) }} % of {{ one.scene.lines | length }} lines</span></h2>
{% if not takes %}<p class="grave">Not shot.</p>{% else %}
<table><thead><tr><th class="number"></th><th>Script</th>
{% for take in takes %}<th class="take"><span class="{{ 'circled' if take.circled }}" title="{{ take.clips | join(', ') }}">{{ take.slate }}</span></th>{% endfor %}
</tr></thead><tbody>
{% for line in one.scene.lines %}
<tr class="{{ line.kind }} {{ 'none' if not one.covered.get(line.number) }}"><td class="number">{{ line.number }}</td>
<td>{% if line.character %}<span class="who">{{ line.character }}</span> {% endif %}{{ line.text }}</td>
{% for take in takes %}<td class="take">{{ mark(one, line, take) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table>
{% for take in takes %}<p class="quiet">{{ take.slate }}{{ ", circled" if take.circled }}: {{ take.clips | join(", ") }}{{ ". " + take.notes if take.notes }}</p>
{% endfor %}
{% endif %}
{% endfor %}
</body></html>
"""
)
