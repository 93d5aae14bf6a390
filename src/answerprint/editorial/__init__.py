"""Timelines, edit lists and conform matching."""
