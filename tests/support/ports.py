"""Ports of this machine."""

import socket


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port
