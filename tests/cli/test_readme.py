"""The README against the command line."""

from __future__ import annotations

import re
from pathlib import Path

from answerprint.cli.main import parser

README = Path(__file__).parents[2] / "README.md"


def test_the_readmes_table_names_every_command_once() -> None:
    commands = next(action for action in parser()._actions if action.dest != "help" and action.choices)
    rows = re.findall(r"^\| [a-z ']+ \| (`.*`) \|$", README.read_text(), re.MULTILINE)
    named = re.findall(r"`([a-z]+)`", " ".join(rows))
    assert sorted(named) == sorted(commands.choices or ())


def test_every_page_of_the_guide_is_linked() -> None:
    pages = {page.name for page in (README.parent / "docs").glob("*.md")} - {"simulation-survey.md"}
    linked = set(re.findall(r"\(docs/([a-z-]+\.md)\)", README.read_text()))
    assert pages - linked <= {"licences.md"}
    assert linked <= pages
