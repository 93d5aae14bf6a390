"""Answerprint: a film production's first pass by machine, with a frame-level proof of origin."""

__version__ = "0.1.0"
