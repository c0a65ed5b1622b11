"""A system on this machine that takes leads as signed JSON, and keeps them by id."""

import contextlib
import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "known-to-both-sides"

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What it answers; one that is lost was stored, but nobody hears it."""

    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False


def takes_all(_body: Body) -> Reply:
    """Everything is welcome."""
    return Reply()


@dataclass
class Receiver:
    """What arrived: leads by id, how often each version of one came, erasures."""

    port: int
    answer: Callable[[Body], Reply] = takes_all
    leads: dict[str, Body] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    erased: list[str] = field(default_factory=list)
    requests: list[Body] = field(default_factory=list)
    unsigned: int = 0

    @property
    def url(self) -> str:
        """Where leads are posted to."""
        return f"http://127.0.0.1:{self.port}/leads"

    def take(self, raw: bytes, timestamp: str, signature: str) -> Reply:
        """Who cannot sign is refused; what is answered with 2xx is kept."""
        signed = hmac.new(
            SECRET.encode(), timestamp.encode() + b"." + raw, hashlib.sha256
        )
        if not hmac.compare_digest(signed.hexdigest(), signature):
            self.unsigned += 1
            return Reply(401, "wrong signature")
        body = json.loads(raw)
        self.requests.append(body)
        reply = self.answer(body)
        if 200 <= reply.status < 300:
            self._keep(body)
        return reply

    def _keep(self, body: Body) -> None:
        for lead in body.get("leads", []):
            if body["event"] == "erase":
                self.leads.pop(lead["id"], None)
                self.erased.append(lead["id"])
            else:
                self.leads[lead["id"]] = lead
                self.versions[lead["key"]] += 1

    def emails(self) -> dict[str, str]:
        """The Email of each lead it holds, by id."""
        return {key: lead["values"]["Email"] for key, lead in self.leads.items()}


@contextlib.contextmanager
def running_receiver() -> Iterator[Receiver]:
    """An address that takes leads, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            reply = receiver.take(
                raw,
                self.headers.get("Leadferry-Timestamp", ""),
                self.headers.get("Leadferry-Signature", ""),
            )
            if reply.is_lost:
                self.close_connection = True
                return
            body = reply.text.encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing for the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
