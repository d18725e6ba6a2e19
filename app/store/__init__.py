"""The database: the only home of SQLAlchemy. Rows and SQL never leave this package."""
