"""Broken text: each reader answers with what it read or with one clear line, and never with anything else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from answerprint.production import BadInput
from tests.fuzz.parsers import PARSERS
from tests.mutation import Parser

CRASHED = Path(__file__).parent / "once_crashed"
each = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)


@each
def test_the_corpus_itself_is_read(parser: Parser) -> None:
    for path in parser.seeds:
        parser.ask(path)


@pytest.mark.parametrize("path", sorted(CRASHED.rglob("*.*")), ids=lambda path: path.name)
def test_what_once_crashed_a_reader_is_read_or_refused(path: Path) -> None:
    asked = [parser for parser in PARSERS if path.parent.name in {seed.parent.name for seed in parser.seeds}]
    assert asked
    for parser in asked:
        with suppress(BadInput):
            parser.ask(path)


@each
def test_two_thousand_mutated_files_meet_no_crash_no_hang_and_no_memory_blow_up(parser: Parser) -> None:
    taken, refused = parser.survive(2000, seed=1)
    assert taken + refused == 2000 and taken > 20


@pytest.mark.slow
@pytest.mark.timeout(7200)
@each
def test_a_hundred_thousand_mutated_files_meet_no_crash_no_hang_and_no_memory_blow_up(parser: Parser) -> None:
    for seed in range(2, 52):
        parser.survive(2000, seed)
