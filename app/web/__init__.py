"""HTTP: routes, parameters, headers and errors. No SQL, no cache keys, no outgoing requests."""
