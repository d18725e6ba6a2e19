"""Alerts: the operator is told of trouble that lasts, once when it begins and once when it ends."""
