"""Keys of the instance: encryption at rest and keyed hashes of identities."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from leadferry.kit.errors import SetupError


@dataclass(frozen=True)
class Keyring:
    """The instance's keys, newest first; older ones still decrypt."""

    keys: tuple[str, ...]

    @cached_property
    def _fernet(self) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in self.keys])

    @cached_property
    def _hash_key(self) -> bytes:
        # The oldest key, so that adding a new one does not move any identity.
        return hashlib.blake2b(
            self.keys[-1].encode(), digest_size=32, person=b"identities"
        ).digest()

    def encrypt(self, text: str) -> str:
        """The text, unreadable without the key file."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text again; raises SetupError when the key file is not the one used."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as exc:
            raise SetupError(
                "A stored secret cannot be decrypted: the key file is not the one "
                "with which it was stored. Put the old key back as a second line."
            ) from exc

    def digest(self, text: str) -> bytes:
        """Sixteen bytes that name `text` to holders of the key only."""
        return hashlib.blake2b(
            text.encode(), digest_size=16, key=self._hash_key
        ).digest()

    def identity(self, text: str) -> tuple[int, int]:
        """The digest as two signed 64-bit numbers: a key and its check."""
        return split_digest(self.digest(text))


def split_digest(digest: bytes) -> tuple[int, int]:
    """Sixteen bytes as two signed 64-bit numbers."""
    key = int.from_bytes(digest[:8], "big", signed=True)
    check = int.from_bytes(digest[8:16], "big", signed=True)
    return key, check


def content_digest(content: bytes) -> int:
    """A signed 64-bit number that differs when the content does."""
    digest = hashlib.blake2b(content, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def load_keyring(path: Path) -> Keyring:
    """The keys in `path`, one a line; the file is made (mode 600) when missing."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_keyring(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(Fernet.generate_key().decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _read_keyring(path)


def _read_keyring(path: Path) -> Keyring:
    keys = tuple(path.read_text(encoding="ascii").split())
    if not keys:
        raise SetupError(f"The key file {path.name} is empty: restore it from a copy.")
    try:
        MultiFernet([Fernet(key) for key in keys])
    except ValueError as exc:
        raise SetupError(
            f"The key file {path.name} holds a line that is no key."
        ) from exc
    return Keyring(keys)


def random_token(length: int = 24) -> str:
    """An unguessable, URL-safe word of `length` random bytes."""
    return secrets.token_urlsafe(length)


def digest_of(token: str) -> str:
    """What is stored of a random token that somebody else keeps."""
    return hashlib.sha256(token.encode()).hexdigest()
