"""Cameras and lens models."""
