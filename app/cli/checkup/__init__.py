"""What `doctor` looks at, a module per group of checks; each says what it found and what to do."""
