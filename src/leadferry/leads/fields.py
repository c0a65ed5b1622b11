"""Column kinds that Django has no name for."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


# The stubs want type arguments that the class itself does not take.
class KeyField(models.BigIntegerField):  # type: ignore[type-arg]
    """A 64-bit primary key that the caller computes.

    On SQLite it is the row id itself: one tree instead of a table and an index.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """`integer` makes SQLite use the key as the row id."""
        return "integer" if connection.vendor == "sqlite" else "bigint"
