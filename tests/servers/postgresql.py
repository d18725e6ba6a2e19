"""A throwaway PostgreSQL. Survives kill() with all it committed; careless only of power cuts."""

import signal
from collections.abc import Sequence

import psycopg

from tests.servers.database import USER, DatabaseServer
from tests.servers.programs import get_program
from tests.servers.server import HOST


class PostgreSQL(DatabaseServer):
    """Sorts text as English does, not by bytes, so that a missing COLLATE "C" shows."""

    own_database = "postgres"  # the one that initdb makes
    stop_signal = signal.SIGINT  # the fast shutdown; SIGTERM waits for every client to leave

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@{HOST}:{self.port}/{database}"

    def initialise(self) -> None:
        self.run_setup(
            (
                *(str(get_program("initdb")), "--pgdata", self._data, "--no-sync"),
                *("--username", USER, "--auth", "trust", "--encoding", "UTF8"),
                *("--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"),
            )
        )

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return (str(get_program("postgres")), "-D", self._data, *options)

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, sql: str) -> None:
        with psycopg.connect(
            host=HOST, port=self.port, user=USER, dbname=self.own_database, autocommit=True
        ) as client:
            client.execute(sql.encode())

    def create(self, database: str) -> None:
        self.execute(f"CREATE DATABASE {database}")

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    @property
    def _data(self) -> str:
        return f"{self.folder}/data"
