"""The operation contract, the graph document, the content-addressed cache and the runner."""
