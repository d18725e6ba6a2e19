"""Builds the web application around the services it is given; reads no settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from apiflask import APIFlask
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from app.auth.scopes import Scope
from app.domain.release import VERSION
from app.web.api import document, limited, security
from app.web.api.routes import BLUEPRINTS
from app.web.bodies import StrictJson, StrictRequest
from app.web.browsers import set_public_url
from app.web.dashboard.pages import add_words
from app.web.dashboard.routes import PAGES
from app.web.errors import register_error_handlers
from app.web.headers import add_common_headers
from app.web.hosts import OwnNames
from app.web.limits import Limits, add_limit_headers
from app.web.metering import attach_meter
from app.web.parameters import refuse_unclear_query
from app.web.proxies import Proxies
from app.web.read_layer import ReadLayer
from app.web.request_limits import MAX_BODY_BYTES, MAX_UPLOAD_PARTS, most_body_bytes
from app.web.scopes import Gate, attach_gate, scope
from app.web.services import attach

if TYPE_CHECKING:
    from app.web.services import Services

_CONFIG = {
    "DEBUG": False,  # whatever FLASK_DEBUG says
    "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
    "DESCRIPTION": "The newest YouTube videos for the keywords and channels you watch.",
    # Relative to the document, so it holds below any prefix.
    "SERVERS": [{"url": "."}],
    # The routes describe their errors themselves, in the format they really have.
    "AUTO_404_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
}


def create_app(
    services: Services,
    *,
    trusts_this_machine: bool = False,
    public_url: str = "",
    proxy_hops: int = 0,
    metrics_token: str = "",
) -> APIFlask:
    """Return the WSGI application; opens nothing, so it starts while backends are away.

    Args:
        services: below.
        trusts_this_machine: whether clients on this machine may do everything without a token.
        public_url: by which people reach it; if that is https, so are their cookies.
        proxy_hops: proxies in front whose headers are to be believed.
        metrics_token: what a scraper shows at /metrics; empty if none may.
    """
    app = APIFlask(
        __name__,
        title="Newsreel",
        version=VERSION,
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type] # Flask, to which it goes, takes None
    )
    app.config.update(_CONFIG)
    app.request_class = StrictRequest
    app.json = StrictJson(app)
    # A doubled slash inside a path is not found: a redirect would name the host it was asked at.
    # Those that a path begins with are one slash to Werkzeug, so `//videos` is `/videos`.
    app.url_map.merge_slashes = False
    attach(app, services)
    add_words(app)
    set_public_url(app, public_url)
    gate = Gate(services.access, trusts_this_machine, metrics_token)
    proxies = Proxies(proxy_hops)
    limits = Limits(services.limiter, gate, proxies)
    attach_meter(app, services.processes)
    _register(app, gate, limits)
    # A proxy that is told of vouches for the names that lead here.
    is_own = trusts_this_machine and not proxy_hops
    admits = None if services.access.reads_are_open else gate.admits
    app.wsgi_app = ReadLayer(  # type: ignore[method-assign] # as Flask documents
        proxies.before(app.wsgi_app),
        services.feed,
        admits=admits,
        refuses=limits.refuse_ready,
        turns_away=OwnNames(public_url).turn_away if is_own else None,
        prefix=proxies.told_prefix,
        processes=services.processes,
    )
    return app


def document_of(app: APIFlask) -> str:
    """Return what /openapi.json answers, written so that a change of it shows where it is."""
    with app.test_request_context():
        return json.dumps(app.spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _register(app: APIFlask, gate: Gate, limits: Limits) -> None:
    for blueprint in (*BLUEPRINTS, *PAGES):
        app.register_blueprint(blueprint)
    scope(Scope.PUBLIC)(app.view_functions["openapi.spec"])
    app.spec_processor(
        lambda generated: document.finish(limited.describe(security.describe(generated)))
    )
    app.before_request(limits.refuse)
    app.before_request(_refuse_large_body)
    attach_gate(app, gate)
    app.before_request(refuse_unclear_query)
    app.after_request(add_common_headers)
    app.after_request(add_limit_headers)
    register_error_handlers(app)


def _refuse_large_body() -> None:
    # No route may read it, and then nobody would notice its size.
    most = most_body_bytes(request.path)
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    request.max_content_length = request.max_form_memory_size = most
    request.max_form_parts = MAX_UPLOAD_PARTS
