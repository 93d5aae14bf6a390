"""Where the compiled loops come from, and what happens without them."""

from __future__ import annotations

import pytest

from answerprint.optics import compiled
from answerprint.production import BadInput


def test_without_the_extra_a_compiled_loop_names_it_and_nothing_else_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "numba", None)

    @compiled.njit(cache=True)
    def twice(value: float) -> float:
        return 2 * value

    with pytest.raises(BadInput, match=r"answerprint\[spatial\]"):
        twice(1.0)
