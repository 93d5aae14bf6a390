"""One module per picture operation."""
