"""The rendered sample production: one scene of three setups on the virtual stage, with its paperwork and its sealed truth."""
