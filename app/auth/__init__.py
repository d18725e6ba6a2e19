"""Who may do what: scopes now, tokens and clients later. Knows nothing of Flask."""
