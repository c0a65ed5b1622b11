"""Secrets at rest."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


# The stubs want type arguments that the class itself does not take.
class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """Text that only holders of the key file can read in the database."""

    def get_prep_value(self, value: Any) -> Any:  # Django's own signature
        """Encrypt on the way in; empty stays empty."""
        if not value:
            return ""
        return settings.KEYRING.encrypt(str(value))

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str:
        """Decrypt on the way out; raises SetupError with the wrong key file."""
        del expression, connection
        return settings.KEYRING.decrypt(value) if value else ""
