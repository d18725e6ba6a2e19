"""Throwaway MariaDB, PostgreSQL and Redis. Never talks to a server that was already there."""
