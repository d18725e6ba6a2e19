"""A fake YouTube that speaks the real wire formats over HTTP: for the demo, tests and benchmarks.

It runs as its own process (`python -m simulator`); the application never imports it, and it
imports nothing of the application.
"""
