"""Scans and surveyed points: one file for each format, all streamed into the same points in metres."""
