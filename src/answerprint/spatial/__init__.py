"""Cameras and surfaces in one space."""
