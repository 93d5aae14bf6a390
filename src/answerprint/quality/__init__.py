"""Metrics, performance classes and delivery checks."""
