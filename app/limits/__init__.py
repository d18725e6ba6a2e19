"""How much a client may ask for: token buckets, in the process and in Redis."""
