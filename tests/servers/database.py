"""What the two database servers share: databases made for one test and dropped after it."""

import uuid
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from tests.servers.server import Server

USER = "newsreel"


class DatabaseServer(Server):
    """A server with one database of its own (`url`) and any number of fresh ones."""

    own_database: ClassVar[str]

    @property
    def url(self) -> str:
        return self.url_of(self.own_database)

    @abstractmethod
    def url_of(self, database: str) -> str:
        """The SQLAlchemy URL of a database on this server."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Runs one statement as the administrator, outside any transaction."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Makes an empty database."""

    @abstractmethod
    def drop(self, database: str) -> None:
        """Drops it, with whatever a client may have left open."""

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The URL of an empty database, dropped at the end; for fixtures of any scope."""
        name = f"newsreel_{uuid.uuid4().hex}"
        self.create(name)
        try:
            yield self.url_of(name)
        finally:
            self.drop(name)
