"""Measurements of the product against plain baselines. Nothing imports this."""
