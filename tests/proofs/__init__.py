"""Proofs that take long on their own: small in `make test`, whole in `make prove`."""
