from __future__ import annotations

import re

import pytest

from app.domain.watches import MAX_WATCHES
from app.embedded.server import EmbeddedServer
from app.settings import Settings
from app.web import request_limits
from app.web.headers import API_POLICY
from tests.processes import PROJECT

NGINX = (PROJECT / "deploy/nginx/newsreel-server.conf").read_text(encoding="utf-8")


def test_the_embedded_server_reads_as_much_as_the_full_stack() -> None:
    read = EmbeddedServer(Settings()).cfg.settings
    assert read["limit_request_line"].get() == request_limits.MAX_REQUEST_LINE_BYTES
    assert read["limit_request_fields"].get() == request_limits.MAX_HEADERS
    assert read["limit_request_field_size"].get() == request_limits.MAX_HEADER_BYTES


def test_nginx_reads_no_more_than_the_service_behind_it() -> None:
    assert f"client_max_body_size {request_limits.MAX_BODY_BYTES // 1024}k;" in NGINX
    [size] = re.findall(r"large_client_header_buffers 4 ([0-9]+)k;", NGINX)
    # A line and its end must fit a buffer, and then fits ours, too, but for a byte or two.
    assert int(size) * 1024 - 2 <= request_limits.MAX_HEADER_BYTES
    assert request_limits.MAX_REQUEST_LINE_BYTES == request_limits.MAX_HEADER_BYTES


def test_nginx_lets_files_through_where_the_service_takes_them_and_keeps_none_itself() -> None:
    locations = re.findall(r"location ~ (\S+) \{(.*?)\}", NGINX, re.DOTALL)
    [(pattern, settings)] = [it for it in locations if "client_max_body_size" in it[1]]
    taken = {
        path for path in (*request_limits.UPLOAD_PATHS, "/watches") if re.search(pattern, path)
    }
    assert taken == request_limits.UPLOAD_PATHS
    [size] = re.findall(r"client_max_body_size ([0-9]+)m;", settings)
    assert int(size) * 2**20 > request_limits.MAX_UPLOAD_BYTES, "the service says it in a page"
    assert "proxy_request_buffering off;" in settings
    assert "proxy_set_header" not in settings, "it would have none of those that all share"


def test_a_form_may_hold_an_entry_for_each_watch_there_can_be() -> None:
    assert request_limits.MAX_UPLOAD_PARTS >= MAX_WATCHES + 6


@pytest.mark.parametrize(
    "header",
    [
        f'Content-Security-Policy "{API_POLICY}"',
        "X-Content-Type-Options nosniff",
        "Referrer-Policy no-referrer",
        "Cross-Origin-Resource-Policy same-origin",
    ],
)
def test_what_nginx_answers_itself_is_guarded_like_every_reply(header: str) -> None:
    assert f"add_header {header} always;" in NGINX
