"""Camera tracking: one file for each thing that writes down where a camera was."""
