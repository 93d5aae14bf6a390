"""One module for each receiver: what it gets, and the files only it reads."""
