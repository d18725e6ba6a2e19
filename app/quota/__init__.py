"""Which key may be used for a call, and what the call costs."""
