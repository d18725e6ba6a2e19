"""The routes of the JSON API, one noun a file; `BLUEPRINTS` in routes.py lists them."""
