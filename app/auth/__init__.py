"""Who may do what: clients, their tokens and scopes. Knows nothing of Flask."""
