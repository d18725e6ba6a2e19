"""Chaos: the whole stack under random trouble, and what its readers may never see."""
