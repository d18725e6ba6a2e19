"""A throwaway nginx with the configuration of the compose stack, before an upstream on loopback."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path

from tests.processes import PROJECT
from tests.servers.programs import get_program
from tests.servers.server import HOST, Server

CONFIGURATION = PROJECT / "deploy" / "nginx" / "nginx.conf"


class Nginx(Server):
    """What is changed of the configuration is where things are, and nothing else."""

    upstream_port = 1
    """Where the service is; set it in a subclass."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def initialise(self) -> None:
        text = CONFIGURATION.read_text(encoding="utf-8")
        for pattern, here in {
            r"listen 8080": f"listen {HOST}:{self.port}",
            r"/(tmp|var/cache/nginx)/": f"{self.folder}/",
            r"/dev/std(out|err)": f"{self.folder}/nginx.log",
            # Docker's name server; asking it at every turn takes a newer nginx than Debian's.
            r"resolver [^;]+;": "",
            r"server web:5001 resolve;": f"server {HOST}:{self.upstream_port};",
        }.items():
            text, changed = re.subn(pattern, here, text)
            assert changed, pattern
        self._configuration.write_text(text)

    def command(self) -> Sequence[str]:
        log = f"{self.folder}/nginx.log"
        program = str(get_program("nginx"))
        return (program, "-e", log, "-c", str(self._configuration), "-g", "daemon off;")

    def answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 1).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        """Return what it has logged, requests and errors."""
        return (self.folder / "nginx.log").read_text(errors="replace")

    @property
    def _configuration(self) -> Path:
        return self.folder / "nginx.conf"
