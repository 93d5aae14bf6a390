"""One file for each change of the catalogue's tables, in order."""
