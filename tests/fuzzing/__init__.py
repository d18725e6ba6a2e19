"""The running service under schemathesis: requests made from its own document, good and bad."""
