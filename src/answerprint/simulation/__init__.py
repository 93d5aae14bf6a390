"""The virtual stage: documents that say what is on it, the worker that renders it, and exact truth beside every picture."""
