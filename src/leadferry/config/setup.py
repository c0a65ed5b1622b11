"""What a start makes sure of: folder, schema, static files, roles, the first person."""

from io import StringIO

from django.conf import settings
from django.core.management import call_command

from leadferry.accounts import services as accounts


def prepare_instance() -> str | None:
    """Make the instance ready; returns the first administrator's password, if made."""
    migrate()
    call_command("collectstatic", interactive=False, verbosity=0, stdout=StringIO())
    return accounts.make_first_administrator()


def migrate() -> None:
    """Bring every database to the schema of this version."""
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, interactive=False, verbosity=0)
    accounts.ensure_roles()
