"""Newsreel: a feed of the newest YouTube videos, kept complete and served fast."""
