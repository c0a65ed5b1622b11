"""Finding leads by the words in them, filled after the commit of the lead."""

import re
from collections.abc import Iterable, Sequence

import phonenumbers
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from leadferry.kit.text import digits, search_tokens
from leadferry.leads import duplicate_keys, similar
from leadferry.leads.models import ExtendedLeadInformation, Lead, SearchPending

Rows = QuerySet[ExtendedLeadInformation]

_FIELDS = ("contact", "account", "email", "mobile_phone", "business_phone")
_PHONE_ONLY = re.compile(r"[\d\s()+./-]+")
_BATCH = 500


def index_pending() -> int:
    """Index up to one batch of leads that wait for it; returns how many.

    They get the keys of duplicates where they came in a large page, and are marked,
    with what they are similar to, in the same transaction.
    """
    with transaction.atomic():
        # The newest first: they are looked for, whatever comes of earlier days.
        waiting = SearchPending.objects.order_by("-pk")
        if connection.vendor == "postgresql":
            waiting = waiting.select_for_update(skip_locked=True)
        asked = dict(waiting.values_list("pk", "lead_id")[:_BATCH])
        if not asked:
            return 0
        ids = sorted(set(asked.values()))
        duplicate_keys.hold_leads(ids)
        leads = Lead.objects.filter(pk__in=ids, merged_into=None).values_list(
            "pk", *_FIELDS
        )
        rows = [(row[0], _words(row[1:])) for row in leads.iterator()]
        _forget(ids)
        _store(rows)
        duplicate_keys.refresh(ids)
        similar.mark(ids)
        SearchPending.objects.filter(pk__in=asked).delete()
    return len(ids)


def is_behind() -> bool:
    """Whether leads wait that cannot be found by their words yet."""
    return SearchPending.objects.exists()


def _words(texts: Sequence[str]) -> list[str]:
    contact, account, email, *phones = texts
    tokens = {
        token for text in (contact, account, email) for token in search_tokens(text)
    }
    tokens.update(word for phone in phones for word in _phone_words(phone))
    return sorted(tokens)


def _phone_words(phone: str) -> Iterable[str]:
    number = digits(phone)
    if not number:
        return
    yield number
    try:
        parsed = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return
    yield str(parsed.national_number)


def _forget(ids: Sequence[int]) -> None:
    marks = ", ".join(["%s"] * len(ids))
    key = "lead_id" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM leads_words WHERE {key} IN ({marks})", list(ids))  # noqa: S608 - names are ours


def _store(rows: Sequence[tuple[int, list[str]]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(
                "INSERT INTO leads_words (lead_id, words) "
                "VALUES (%s, array_to_tsvector(%s))",
                rows,
            )
        else:
            cursor.executemany(
                "INSERT INTO leads_words (rowid, words) VALUES (%s, %s)",
                [(lead, " ".join(words)) for lead, words in rows],
            )


def matching(rows: Rows, typed: str) -> Rows:
    """Those rows of leads in which every typed word begins a word of the lead."""
    tokens = _typed_tokens(typed)
    if not tokens:
        return rows.none()
    if connection.vendor == "postgresql":
        query = " & ".join(f"'{token}':*" for token in tokens)
        found = "SELECT lead_id FROM leads_words WHERE words @@ %s::tsquery"
    else:
        query = " ".join(f'"{token}"*' for token in tokens)
        found = "SELECT rowid FROM leads_words WHERE leads_words MATCH %s"
    return rows.filter(lead_id__in=RawSQL(found, [query]))  # noqa: S611 - ours


def _typed_tokens(typed: str) -> list[str]:
    # Tokens are letters and digits only, so they need no quoting.
    if _PHONE_ONLY.fullmatch(typed) and digits(typed):
        return [digits(typed)]
    return search_tokens(typed)
