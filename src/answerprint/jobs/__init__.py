"""Job and chunk records, the dispatcher and its executors."""
