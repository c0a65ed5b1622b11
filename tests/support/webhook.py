"""A webhook address on this machine: answers the challenge, keeps the notices."""

import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.sandbox import CLIENT_SECRET


def sign(message: bytes) -> str:
    """The digest under the secret of the default application."""
    return hmac.new(CLIENT_SECRET.encode(), message, hashlib.sha256).hexdigest()


@dataclass
class Webhook:
    """What arrived; `is_open` stays unset to let a challenge wait."""

    port: int
    secret_is_right: bool = True
    status: int = 200
    is_open: threading.Event = field(default_factory=threading.Event)
    challenges: list[str] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[tuple[bytes, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address to subscribe with."""
        return f"http://127.0.0.1:{self.port}/hook"


@contextlib.contextmanager
def running_webhook() -> Iterator[Webhook]:
    """An address that answers as LinkedIn wants it, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = parse_qs(urlsplit(self.path).query)["challengeCode"][0]
            webhook.challenges.append(code)
            webhook.is_open.wait(10)
            digest = sign(code.encode()) if webhook.secret_is_right else "0" * 64
            self._answer(200, {"challengeCode": code, "challengeResponse": digest})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhook.signatures.append((body, self.headers["X-LI-Signature"]))
            webhook.notices.append(json.loads(body))
            self._answer(webhook.status, {})

        def _answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing for the terminal."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    webhook = Webhook(server.server_address[1])
    webhook.is_open.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield webhook
    finally:
        webhook.is_open.set()
        server.shutdown()
        thread.join()
        server.server_close()
