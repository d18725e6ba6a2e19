"""Readers of mixed habits against a filled database, by Locust: `make load`."""
