"""The write path: what is due, read from a source, committed, then published."""
