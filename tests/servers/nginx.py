"""A throwaway nginx as the compose stack has it, or a machine, before an upstream on loopback."""

import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.processes import PROJECT
from tests.servers.programs import get_program
from tests.servers.server import HOST, Server

FOLDER = PROJECT / "deploy" / "nginx"
OF_THE_SERVER = FOLDER / "newsreel-server.conf"
SHARED = (OF_THE_SERVER, FOLDER / "newsreel-http.conf")


class Nginx(Server):
    """What is changed of the configuration is where things are, and nothing else."""

    upstream_port = 1
    """Where the service is; set it in a subclass."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def initialise(self) -> None:
        for path in SHARED:
            shutil.copy(path, self.folder)
        self._configuration.write_text(self.moved(FOLDER / "nginx.conf", self.places()))

    def places(self) -> Mapping[str, str]:
        """Returns what stands where else here, by pattern."""
        return {
            r"listen 8080": f"listen {HOST}:{self.port}",
            r"/(tmp|var/cache/nginx)/": f"{self.folder}/",
            r"/dev/std(out|err)": f"{self.folder}/nginx.log",
            # Docker's name server; asking it at every turn takes a newer nginx than Debian's.
            r"resolver [^;]+;": "",
            r"server web:5001 resolve;": f"server {HOST}:{self.upstream_port};",
        }

    @staticmethod
    def moved(path: Path, places: Mapping[str, str]) -> str:
        text = path.read_text(encoding="utf-8")
        for pattern, here in places.items():
            text, changed = re.subn(pattern, here, text)
            assert changed, pattern
        return text

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


class MachineNginx(Nginx):
    """Debian's nginx, which serves others, too, with our file in conf.d."""

    def initialise(self) -> None:
        super().initialise()
        sites = self.folder / "conf.d"
        sites.mkdir()
        site = self.moved(FOLDER / "machine.conf", self.places_of_the_site())
        (sites / "newsreel.conf").write_text(site)
        (sites / "another.conf").write_text(_ANOTHER_SITE.format(port=self.port))
        self._configuration.write_text(_OF_DEBIAN.format(folder=self.folder))

    def places_of_the_site(self) -> Mapping[str, str]:
        """Returns what stands where else here, by pattern."""
        return {
            r"listen 80;": f"listen {HOST}:{self.port};",
            r"listen \[::\]:80;": "",
            r"server_name news\.example\.org;": f"server_name {HOST};",
            r"/var/cache/newsreel-pages": f"{self.folder}/pages",
            r"/var/log/nginx/newsreel\.log": f"{self.folder}/nginx.log",
            r"/opt/newsreel/deploy/nginx": str(self.folder),
            r"server 127\.0\.0\.1:5001;": f"server {HOST}:{self.upstream_port};",
        }


_OF_DEBIAN = """
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{
    worker_connections 768;
}}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    server_tokens off;
    default_type application/octet-stream;
    gzip on;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log {folder}/access.log;
    include {folder}/conf.d/*.conf;
}}
"""
"""What Debian's /etc/nginx/nginx.conf says, as far as ours could meet it."""

_ANOTHER_SITE = """
upstream web {{
    server 127.0.0.1:1;
}}
map $uri $path {{
    default another;
}}
server {{
    listen 127.0.0.1:{port} default_server;
    server_name another.example.org;
    return 200 $path;
}}
"""
