"""Gaussian scenes: fitted to posed pictures, rendered from where no camera stood."""
