"""The read path: pages built, encoded and kept; what a reader gets when something is away."""
