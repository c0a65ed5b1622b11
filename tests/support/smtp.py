"""A real SMTP server on this machine, which keeps what it is given."""

import contextlib
import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port


@dataclass
class Mailbox:
    """What arrived; `refusal` is answered to every recipient, if set."""

    port: int
    messages: list[Message] = field(default_factory=list)
    refusal: str = ""

    async def handle_RCPT(  # noqa: N802 - the server's own way of calling
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take or refuse a recipient."""
        del server, session, options
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the server's own way of calling
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a message."""
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(email.message_from_bytes(content))
        return "250 OK"

    def texts(self) -> list[str]:
        """The bodies of all messages."""
        bodies = [message.get_payload(decode=True) for message in self.messages]
        return [body.decode().strip() for body in bodies if isinstance(body, bytes)]


@contextlib.contextmanager
def running_smtp(*, password: str = "") -> Iterator[Mailbox]:
    """A server for the length of the block; whoever signs in needs the password."""
    mailbox = Mailbox(port=free_port())

    def authenticate(*arguments: object) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        is_right = given.password == password.encode()
        # "Not handled" lets the server itself say 535.
        return AuthResult(success=is_right, handled=is_right)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
