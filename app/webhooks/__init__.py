"""Webhooks: new videos of watches, sent to those who asked for them."""
