"""On SQLite the inbox has a file of its own, so that bulk writes never hold it up."""

from django.conf import settings
from django.db.models import Model

INBOX_MODELS = frozenset({"notice", "doorcount"})
# Each file has its own: a count is written in the transaction of what it counts.
_IN_BOTH = ("accounts", "purged")


def inbox() -> str:
    """The database alias of the inbox."""
    return "inbox" if "inbox" in settings.DATABASES else "default"


class InboxRouter:
    """Sends the models of the inbox to its database and keeps others out of it."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str | None:
        """Where to read a model."""
        return _place_of(model)

    def db_for_write(self, model: type[Model], **_hints: object) -> str | None:
        """Where to write a model."""
        return _place_of(model)

    def allow_migrate(
        self,
        db: str,
        app_label: str,
        model_name: str | None = None,
        **_hints: object,
    ) -> bool | None:
        """Inbox tables only there, nearly all others only in the main database."""
        if inbox() == "default":
            return None
        if (app_label, model_name) == _IN_BOTH:
            return True
        wanted = _place(app_label, model_name) or "default"
        return db == wanted


def _place_of(model: type[Model]) -> str | None:
    meta = model._meta  # noqa: SLF001 - Django's documented name for it
    return _place(meta.app_label, meta.model_name)


def _place(app_label: str, model_name: str | None) -> str | None:
    if app_label == "ingest" and model_name in INBOX_MODELS:
        return inbox()
    return None
