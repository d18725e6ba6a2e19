"""A throwaway MariaDB. Survives kill() with all it committed; careless only of power cuts."""

from collections.abc import Sequence

import pymysql

from tests.servers.database import USER, DatabaseServer
from tests.servers.programs import get_program
from tests.servers.server import HOST

PASSWORD = "newsreel"
DATABASE = "newsreel"
# Run at every start. The tests connect as an application does, without rights on the server.
INIT_SQL = f"""\
CREATE USER IF NOT EXISTS {USER}@'{HOST}' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON `newsreel%`.* TO {USER}@'{HOST}';
CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;
"""


class MariaDB(DatabaseServer):
    """A server that speaks TCP on loopback; its data is in `folder/data`."""

    own_database = DATABASE

    def url_of(self, database: str) -> str:
        return f"mysql+pymysql://{USER}:{PASSWORD}@{HOST}:{self.port}/{database}"

    def initialise(self) -> None:
        (self.folder / "init.sql").write_text(INIT_SQL)
        self.run_setup(
            (
                *(str(get_program("mariadb-install-db")), *self._options()),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
            )
        )

    def command(self) -> Sequence[str]:
        return (
            *(str(get_program("mariadbd")), *self._options()),
            *(f"--bind-address={HOST}", f"--port={self.port}", f"--socket={self.folder}/socket"),
            *(f"--pid-file={self.folder}/pid", f"--init-file={self.folder}/init.sql"),
            *("--innodb-flush-log-at-trx-commit=2", "--skip-log-bin"),
            *("--character-set-server=utf8mb4", "--skip-name-resolve"),
        )

    def _options(self) -> Sequence[str]:
        # The log's size is fixed when the folder is filled.
        return (
            *("--no-defaults", f"--datadir={self.folder}/data"),
            *("--innodb-doublewrite=0", "--innodb-log-file-size=8M"),
        )

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def execute(self, sql: str) -> None:
        client = pymysql.connect(host=HOST, port=self.port, user="root", autocommit=True)
        with client, client.cursor() as cursor:
            cursor.execute(sql)

    def create(self, database: str) -> None:
        self.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")

    def drop(self, database: str) -> None:
        # An open transaction would block the DROP for hours; a short wait says so in the test.
        self.execute(f"SET STATEMENT lock_wait_timeout = 5 FOR DROP DATABASE {database}")
