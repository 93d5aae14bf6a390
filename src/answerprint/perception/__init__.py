"""Analysis-only models and the shared sight: where things are and how they move."""
