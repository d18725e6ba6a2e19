"""Frozen values and the rules between them. No I/O, no clock read, no settings."""
