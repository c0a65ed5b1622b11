"""The keys of duplicates: kept with every write to a lead, in its transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.conf import settings
from django.db import connection

from leadferry.kit.text import comparable
from leadferry.leads import bulk
from leadferry.leads.country_names import country_names
from leadferry.leads.duplicate_models import DuplicateIndex, DuplicateKey, SimilarMark
from leadferry.leads.matching.rules import Person, keys_of
from leadferry.leads.models import Lead, LookupValue, SearchPending

# Shared by more leads than this, a key tells nothing: an address of a whole shop.
TOO_COMMON = 1_000
# Larger pages are of earlier leads. Each of their keys would touch a page of the
# index of its own: they get them right after, in the batches that fill the search.
AT_ONCE = 200
Key = tuple[int, int]
_COLUMNS = ("mask", "key", "lead_id")
_FIELDS = (
    "contact", "account", "email", "mobile_phone", "business_phone", "website",
    "country_id", "country_str",
)  # fmt: skip
_CODES = (
    "Contact", "Account", "Email", "MobilePhone", "BusinesPhone", "Website",
    "Country", "CountryStr",
)  # fmt: skip
_CHUNK = 500
# What stands for a number nowhere else.
_LOCK = 0x6C65_6164_7331


def secret() -> bytes:
    """What keys are hashed with: without it none can be guessed from an address."""
    return settings.KEYRING.digest("duplicate keys")


def masks_in_use() -> list[int]:
    """The sets of columns that a lead has keys for, in the caller's transaction.

    Whoever adds one waits for the end of it, so that no lead is left out.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    rows = DuplicateIndex.objects.filter(is_dropping=False)
    return sorted(rows.values_list("mask", flat=True))


def hold_masks() -> None:
    """Wait for writes that do not know the masks to come; as in `masks_in_use`."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


class Regions:
    """The countries of leads, as two letters, for the phone numbers without one."""

    def __init__(self, ids: Iterable[object]) -> None:
        wanted = {one for one in ids if isinstance(one, int)}
        rows = LookupValue.objects.filter(pk__in=wanted) if wanted else ()
        self._codes = {row.pk: row.code for row in rows}

    def of(self, country: object, text: object) -> str:
        """Two letters, or nothing."""
        if isinstance(country, int) and self._codes.get(country):
            return self._codes[country].upper()
        if not text:
            return ""
        named = country_names().get(comparable(str(text)))
        return named.code if named is not None else ""


def _person(row: Sequence[object], regions: Regions) -> Person:
    contact, account, email, mobile, business, website, country, text = row
    return Person(
        contact=str(contact),
        account=str(account),
        email=str(email),
        phones=(str(mobile), str(business)),
        website=str(website),
        region=regions.of(country, text) if mobile or business else "",
    )


def persons(ids: Sequence[int]) -> dict[int, Person]:
    """The leads that are there, in one spelling."""
    found: dict[int, tuple[object, ...]] = {}
    for start in range(0, len(ids), _CHUNK):
        leads = Lead.objects.filter(pk__in=ids[start : start + _CHUNK])
        leads = leads.filter(merged_into=None)
        found |= {row[0]: row[1:] for row in leads.values_list("pk", *_FIELDS)}
    regions = Regions(row[6] for row in found.values())
    return {lead: _person(row, regions) for lead, row in found.items()}


def keys_by_mask(person: Person, masks: Sequence[int], key: bytes) -> list[Key]:
    """All keys of a lead."""
    return [(mask, one) for mask in masks for one in keys_of(person, mask, secret=key)]


def add_keys(born: Sequence[tuple[int, Mapping[str, object]]]) -> None:
    """Keys of leads that are being registered, by their ids; values by column."""
    if len(born) > AT_ONCE:
        return
    masks = masks_in_use()
    rows = [(lead, [values.get(code, "") for code in _CODES]) for lead, values in born]
    regions = Regions(row[6] for _lead, row in rows)
    hashed = secret()
    keys = [
        (mask, key, lead)
        for lead, row in rows
        for mask, key in keys_by_mask(_person(row, regions), masks, hashed)
    ]
    keys.sort()
    bulk.insert(table="leads_duplicatekey", columns=_COLUMNS, rows=keys)


def follow(leads: Sequence[int]) -> None:
    """Leads were written: their keys are as they are now, and search follows.

    In the transaction of the write. Those that were similar are looked at again.
    """
    look_at(leads)
    refresh(leads)


def look_at(leads: Iterable[int]) -> None:
    """A worker looks at their words and marks, once this is committed."""
    SearchPending.objects.bulk_create(
        [SearchPending(lead_id=lead) for lead in leads], batch_size=_CHUNK
    )


def hold_leads(leads: Sequence[int]) -> None:
    """Nobody writes to the leads until the transaction ends."""
    rows = Lead.objects.select_for_update().filter(pk__in=leads).order_by("pk")
    if connection.vendor == "postgresql":
        list(rows.values_list("pk"))


def refresh(leads: Sequence[int]) -> None:
    """The leads, held by the caller, have the keys of what they hold now."""
    masks = masks_in_use()
    hashed = secret()
    wanted = {
        (mask, key, lead)
        for lead, person in persons(leads).items()
        for mask, key in keys_by_mask(person, masks, hashed)
    }
    held = _held(leads)
    gone, new = sorted(held - wanted), sorted(wanted - held)
    if gone:
        _look_again(gone)
        _delete(gone)
    bulk.insert_missing(table="leads_duplicatekey", columns=_COLUMNS, rows=new)


def forget(leads: Sequence[int]) -> None:
    """Leads go, in the caller's transaction; what was similar is looked at again."""
    held = sorted(_held(leads))
    _look_again(held)
    _delete(held)
    SimilarMark.objects.filter(lead_id__in=leads).delete()


def held_keys(leads: Sequence[int], masks: Collection[int]) -> set[Key]:
    """The keys of these masks that the leads have."""
    return {(mask, key) for mask, key, _lead in _held(leads) if mask in masks}


def _held(leads: Sequence[int]) -> set[tuple[int, int, int]]:
    found: set[tuple[int, int, int]] = set()
    for start in range(0, len(leads), _CHUNK):
        rows = DuplicateKey.objects.filter(lead_id__in=leads[start : start + _CHUNK])
        found.update(rows.values_list(*_COLUMNS))
    return found


def _delete(rows: Sequence[tuple[int, int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM leads_duplicatekey "
            "WHERE mask = %s AND key = %s AND lead_id = %s",
            rows,
        )


def _look_again(rows: Sequence[tuple[int, int, int]]) -> None:
    """Whoever shares one of these keys may have no similar lead any more."""
    own = {lead for _mask, _key, lead in rows}
    mates: set[int] = set()
    for shared in sharing((mask, key) for mask, key, _lead in rows).values():
        if len(shared) <= TOO_COMMON:
            mates.update(shared)
    for some in _chunks(sorted(mates - own)):
        marked = SimilarMark.objects.filter(lead_id__in=some)
        look_at(marked.values_list("lead_id", flat=True))


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def sharing(keys: Iterable[Key]) -> dict[Key, list[int]]:
    """The leads of each key, one more than TOO_COMMON at most."""
    by_mask: dict[int, list[int]] = {}
    for mask, key in sorted(set(keys)):
        by_mask.setdefault(mask, []).append(key)
    found: dict[Key, list[int]] = {}
    for mask, some in by_mask.items():
        for key, lead in _leads_sharing(mask, some):
            found.setdefault((mask, key), []).append(lead)
    return found


def _leads_sharing(mask: int, keys: Sequence[int]) -> Iterable[tuple[int, int]]:
    # Each key by itself and no further than needed: one may be of half of all leads.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT wanted.key, found.lead_id "
                "FROM unnest(%s::bigint[]) AS wanted (key) CROSS JOIN LATERAL ("
                "SELECT lead_id FROM leads_duplicatekey "
                "WHERE mask = %s AND key = wanted.key ORDER BY lead_id LIMIT %s"
                ") AS found",
                [list(keys), mask, TOO_COMMON + 1],
            )
            yield from cursor.fetchall()
            return
        for key in keys:
            cursor.execute(
                "SELECT lead_id FROM leads_duplicatekey "
                "WHERE mask = %s AND key = %s LIMIT %s",
                [mask, key, TOO_COMMON + 1],
            )
            for (lead,) in cursor.fetchall():
                yield key, lead
