"""Dailies grade, clean-up and conform: graphs composed from operations and run on shots."""
