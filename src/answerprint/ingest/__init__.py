"""One module per kind of material."""
