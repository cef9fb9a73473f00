"""Passes over the taso dialect, one a file."""
