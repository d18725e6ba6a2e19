"""What web and ingest share without the database: ready pages and the key index."""
