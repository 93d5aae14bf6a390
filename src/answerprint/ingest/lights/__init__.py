"""Lighting plots: one file for each thing that says where a light hung and how it burned."""
