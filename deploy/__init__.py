"""How Newsreel is run: containers, nginx."""
