"""A MariaDB and a replica of it, on a line that can be held."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pymysql

from tests.line import Line
from tests.servers.mariadb import MariaDB
from tests.servers.server import HOST, running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLLOW = """CHANGE MASTER TO MASTER_HOST = '{host}', MASTER_PORT = {port}, MASTER_USER = 'root',
MASTER_CONNECT_RETRY = 1, MASTER_SSL = 0, MASTER_USE_GTID = slave_pos"""


class LoggedMariaDB(MariaDB):
    """Writes the log that replicas read."""

    number = 1

    def command(self) -> Sequence[str]:
        usual = [option for option in super().command() if option != "--skip-log-bin"]
        return [*usual, "--log-bin=log", "--binlog-format=row", f"--server-id={self.number}"]


class FollowingMariaDB(LoggedMariaDB):
    """Reads that of another."""

    number = 2


@contextmanager
def running_mariadb_pair() -> Iterator[tuple[MariaDB, MariaDB, Line]]:
    """A primary, its replica, and the line between them."""
    with ExitStack() as stack:
        primary = stack.enter_context(running(LoggedMariaDB))
        replica = stack.enter_context(running(FollowingMariaDB))
        between = stack.enter_context(closing(Line(primary.port)))
        # What each did at its own start is no part of what is followed.
        primary.execute("RESET MASTER")
        replica.execute("RESET MASTER")
        replica.execute(FOLLOW.format(host=HOST, port=between.port))
        replica.execute("START SLAVE")
        yield primary, replica, between


def wait_until_level(primary: MariaDB, replica: MariaDB) -> None:
    """Return when a replica has done all that its primary did."""
    place = _value(primary, "SELECT @@gtid_binlog_pos")
    wait_until(lambda: _value(replica, f"SELECT MASTER_GTID_WAIT('{place}', 1)") == 0, 60)


def _value(server: MariaDB, sql: str) -> object:
    client = pymysql.connect(host=HOST, port=server.port, user="root", autocommit=True)
    with client, client.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return None if row is None else row[0]
