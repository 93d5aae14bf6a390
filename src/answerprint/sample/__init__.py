"""The sample production: real footage from a public package, with the paperwork a production has."""
