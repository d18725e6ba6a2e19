"""`python -m benchmarks.read_fastapi FOLDER PORT`: captured replies from FastAPI on uvicorn.

Set up to win: uvloop, httptools, no access log, no validation, and a response that is made once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI, Response

from benchmarks.read_rivals import Reply, load_replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def build(folder: str) -> FastAPI:
    """Return the application with the replies of a folder."""
    app = FastAPI(openapi_url=None)
    for path, reply in load_replies(folder).items():
        app.add_api_route(path, _view(reply), response_class=Response)
    return app


def _view(reply: Reply) -> Callable[[], Awaitable[Response]]:
    response = Response(reply.body, headers=dict(reply.headers))

    # What is not async runs in a thread, which is dearer.
    async def view() -> Response:
        return response

    return view


def main(folder: str, port: str) -> None:
    """Serve in this process."""
    uvicorn.run(
        build(folder),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=40,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
