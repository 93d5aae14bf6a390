"""Delivery packages per receiver."""
