"""Links with which a person chooses a password: signed, dated, good for one use."""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from leadferry.accounts import settings
from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError, SetupError

LINK_PATH = "/choose-password/"
_SALT = "leadferry.choose-password"
# Whoever was invited may read it next week; a forgotten password is mended at once.
_INVITED = timedelta(days=7)
_FORGOTTEN = timedelta(hours=2)


def link_for(person: User) -> str:
    """The address at which this person chooses a password."""
    base = settings.read(settings.URL_TO_GET_LEADS)
    if not base:
        raise SetupError('"Url to get leads" is not set, so no link can be made.')
    made = {"user": person.pk, "stamp": _stamp(person), "at": clock.now_ms()}
    return f"{base}{LINK_PATH}{signing.dumps(made, salt=_SALT)}"


def person_of(token: str) -> User:
    """Whose link it is; raises RejectedError where it is no longer good."""
    refusal = RejectedError(
        _("This link was used already, or is too old. Ask for a new one.")
    )
    try:
        made = signing.loads(token, salt=_SALT)
    except signing.BadSignature as exc:
        raise refusal from exc
    person = User.objects.filter(pk=made["user"], is_active=True).first()
    if person is None or not constant_time_compare(made["stamp"], _stamp(person)):
        raise refusal
    life = _FORGOTTEN if person.has_usable_password() else _INVITED
    if clock.now_ms() - made["at"] > life / timedelta(milliseconds=1):
        raise refusal
    return person


def _stamp(person: User) -> str:
    # It changes with the password, so that a link is good for one use.
    return person.get_session_auth_hash()[:24]
