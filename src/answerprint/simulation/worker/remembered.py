"""What was worked out for the people of a stage, kept for the next stage with the same people: a chair is moved, and they are as they were."""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict

import numpy as np

_KEPT = 12
"""Answers kept of each function: of a cast of some dozen."""


def remembered(function):
    """The function, with its last answers kept; it is given plain values and arrays only, and nobody changes what it gives."""
    answers: OrderedDict = OrderedDict()

    @functools.wraps(function)
    def answered(*given):
        asked = hashlib.sha256()
        _add(asked, given)
        key = asked.digest()
        if key not in answers:
            answers[key] = function(*given)
        answers.move_to_end(key)
        while len(answers) > _KEPT:
            answers.popitem(last=False)
        return answers[key]

    return answered


def _add(asked, value) -> None:
    """All of a value, nested or not, and of which kind it is."""
    if isinstance(value, np.ndarray):
        asked.update(f"array {value.dtype} {value.shape} ".encode())
        asked.update(np.ascontiguousarray(value).data)
    elif isinstance(value, dict):
        asked.update(f"dict {len(value)} ".encode())
        for name in sorted(value):
            _add(asked, (name, value[name]))
    elif isinstance(value, (list, tuple)):
        asked.update(f"list {len(value)} ".encode())
        for part in value:
            _add(asked, part)
    else:
        asked.update(f"{value!r} ".encode())
