"""Bytes from outside become domain values here: the only home of outgoing HTTP."""
