"""Seeded generators of places: rooms, streets, gardens, and what stands in them."""
