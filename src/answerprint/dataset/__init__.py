"""The locked dataset."""
