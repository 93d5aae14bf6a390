"""The HTTP API and the built web page."""
