"""Broken text: each reader answers with what it read or with one clear line, and never with anything else."""

from __future__ import annotations

import pytest

from tests.fuzz.parsers import PARSERS
from tests.mutation import Parser

each = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)


@each
def test_the_corpus_itself_is_read(parser: Parser) -> None:
    for path in parser.seeds:
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
