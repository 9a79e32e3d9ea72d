"""The office's pages on this machine: waitress on localhost, more threads than people at once."""

import secrets
import sys

from waitress.server import create_server

from governance.office.store import Office
from lfr_engine.packs.store import OpenPack
from watchlist.sealing.keys import read_secret, write_secret
from webui.office.app import create_app
from webui.office.upload import MAX_UPLOAD_BYTES

THREADS = 16


def serve_office(office: Office, pack: OpenPack, port: int) -> None:
    """Serve until interrupted. It listens on loopback only; a reverse proxy brings TLS in an operation."""
    app = create_app(office, pack, cookie_key(office))
    server = create_server(app, host="127.0.0.1", port=port, threads=THREADS, max_request_body_size=MAX_UPLOAD_BYTES, ident="office")
    print(f"office: http://localhost:{port}", file=sys.stderr, flush=True)
    try:
        server.run()
    finally:
        server.close()


def cookie_key(office: Office) -> bytes:
    """What signs the cookies: made once, kept with the office's keys, so that a restart signs nobody out."""
    path = office.home.keys / "cookies.key"
    if not path.exists():
        write_secret(path, secrets.token_bytes(32))
    return read_secret(path)
