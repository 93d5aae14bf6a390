"""One pinned colour configuration, CDL, white balance and matching."""
