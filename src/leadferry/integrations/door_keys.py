"""What the door must know, read at most every other second."""

import threading

from leadferry.accounts import settings as system_settings
from leadferry.integrations.models import LinkedInApplication
from leadferry.kit import clock

_SECONDS = 2.0
_AGAIN_SECONDS = 0.5


class DoorKeys:
    """The secrets that sign notices and the random word of the door's address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = -1e9
        self._secrets: tuple[str, ...] = ()
        self._address = ""

    def secrets(self) -> tuple[str, ...]:
        """Client secrets, the present one first."""
        self._read_if_older_than(_SECONDS)
        return self._secrets

    def fresh_secrets(self) -> tuple[str, ...]:
        """The same, read anew: a secret may have been changed a moment ago."""
        self._read_if_older_than(_AGAIN_SECONDS)
        return self._secrets

    def address(self) -> str:
        """The random last part of the door's path."""
        self._read_if_older_than(_SECONDS)
        return self._address

    def _read_if_older_than(self, seconds: float) -> None:
        with self._lock:
            if clock.monotonic() - self._read_at < seconds:
                return
            application = LinkedInApplication.objects.first()
            pair = (
                (application.client_secret, application.second_secret)
                if application
                else ()
            )
            self._secrets = tuple(secret for secret in pair if secret)
            key = system_settings.read(system_settings.NOTICE_ADDRESS_KEY)
            # No word set: nothing matches an address that nobody can ask for.
            self._address = key or "\0"
            self._read_at = clock.monotonic()
