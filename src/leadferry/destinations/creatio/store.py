"""What is kept of one Creatio between calls; each function is one short write or read.

No network here, and no transaction around a call: what is kept is true by itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from leadferry.destinations.base import LookupRef
from leadferry.destinations.creatio.metadata import Schema, from_json
from leadferry.destinations.creatio.models import (
    ChosenValue,
    CreatioSite,
    RemoteLookup,
    RemoteSource,
    RemoteValue,
)
from leadferry.destinations.creatio.oauth import Token
from leadferry.kit import clock
from leadferry.kit.secrets import Keyring

_LONGEST_NAME = 500
_SCHEMA_AGE = timedelta(days=1)
_SCHEMA_FRESH = timedelta(seconds=30)


def name_key(name: str) -> str:
    """A name as it is compared: without case and the blanks around it."""
    return name.strip().casefold()[:_LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class LearnedValue:
    """A value of a lookup as Creatio lists it."""

    remote_id: UUID
    name: str


class SiteStore:
    """The rows of one destination; safe to use from several threads and processes."""

    def __init__(self, key: int, *, keyring: Keyring, credentials: str) -> None:
        self._key = key
        self._keyring = keyring
        # A token of another client, or of an old secret, is none.
        self._token_for = keyring.digest(credentials).hex()
        CreatioSite.objects.get_or_create(destination_id=key)

    def _site(self) -> CreatioSite:
        return CreatioSite.objects.get(pk=self._key)

    def _update(self, **values: object) -> None:
        CreatioSite.objects.filter(pk=self._key).update(**values)

    # The token

    def token(self) -> Token | None:
        """The token that was kept last, for these credentials."""
        site = self._site()
        if site.token_for != self._token_for or site.token_renew_at is None:
            return None
        return Token(
            text=self._keyring.decrypt(site.token),
            renew_at=site.token_renew_at,
            identity_url=site.identity_url,
        )

    def claim(self, *, until: datetime) -> bool:
        """Whether the caller asks for the next token; a forgotten claim ends."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=clock.now())
        sites = CreatioSite.objects.filter(free, pk=self._key)
        return bool(sites.update(claimed_until=until))

    def keep(self, token: Token | None) -> None:
        """Keep the new token, or only end the claim."""
        if token is None:
            self._update(claimed_until=None)
            return
        self._update(
            token=self._keyring.encrypt(token.text),
            token_for=self._token_for,
            token_renew_at=token.renew_at,
            identity_url=token.identity_url,
            claimed_until=None,
        )

    def identity_url(self) -> str:
        """Where the identity server answered last."""
        return self._site().identity_url

    # The runtime

    def root(self) -> str | None:
        """Below which path the services are, once it is known."""
        return self._site().root

    def keep_root(self, root: str | None) -> None:
        """Remember it; None: look again."""
        self._update(root=root)

    # The columns

    def schema(self) -> Schema | None:
        """What `$metadata` said when it was read last; None when that is long ago."""
        site = self._site()
        if site.schema is None or site.schema_read_at is None:
            return None
        is_old = clock.now() - site.schema_read_at > _SCHEMA_AGE
        return None if is_old else from_json(site.schema)

    def is_schema_fresh(self) -> bool:
        """Whether it was read just now."""
        read_at = self._site().schema_read_at
        return read_at is not None and clock.now() - read_at < _SCHEMA_FRESH

    def keep_schema(self, schema: Schema) -> None:
        """Keep what `$metadata` says now."""
        self._update(schema=schema.to_json(), schema_read_at=clock.now())

    # The lookups

    def stale_lookups(
        self, entity_sets: Collection[str], *, age: timedelta
    ) -> set[str]:
        """Which of them were never read, or not for so long."""
        since = clock.now() - age
        fresh = RemoteLookup.objects.filter(
            site_id=self._key, entity_set__in=entity_sets, read_at__gt=since
        )
        return set(entity_sets) - set(fresh.values_list("entity_set", flat=True))

    @transaction.atomic
    def keep_lookup(
        self, entity_set: str, values: Iterable[LearnedValue], *, problem: str = ""
    ) -> None:
        """Replace what is known of a lookup; with a problem, what was known stays."""
        site = CreatioSite.objects.select_for_update().get(pk=self._key)
        lookup, _made = RemoteLookup.objects.update_or_create(
            site=site,
            entity_set=entity_set,
            defaults={"read_at": clock.now(), "problem": problem},
        )
        if problem:
            return
        lookup.values_of.all().delete()
        rows = {
            value.remote_id: RemoteValue(
                lookup=lookup,
                remote_id=value.remote_id,
                name=value.name[:_LONGEST_NAME],
                name_key=name_key(value.name),
            )
            for value in values
        }
        RemoteValue.objects.bulk_create(rows.values(), batch_size=500)

    def remote_values(
        self, wanted: Collection[tuple[str, LookupRef]]
    ) -> dict[tuple[str, int], UUID]:
        """The remote id of each value: chosen, else its own id, else its name's."""
        refs = {ref.id: ref for _set, ref in wanted}
        chosen = dict(
            ChosenValue.objects.filter(
                site_id=self._key, value_id__in=refs
            ).values_list("value_id", "remote_id")
        )
        by_id, by_name = self._known(wanted)
        found: dict[tuple[str, int], UUID] = {}
        for entity_set, ref in wanted:
            if ref.id in chosen:
                found[entity_set, ref.id] = chosen[ref.id]
            elif (entity_set, ref.guid) in by_id:
                found[entity_set, ref.id] = ref.guid
            else:
                named = by_name.get((entity_set, name_key(ref.name)), [])
                # Two of one name are no match: nobody knows which one is meant.
                if len(named) == 1:
                    found[entity_set, ref.id] = named[0]
        return found

    def _known(
        self, wanted: Collection[tuple[str, LookupRef]]
    ) -> tuple[set[tuple[str, UUID]], dict[tuple[str, str], list[UUID]]]:
        rows = RemoteValue.objects.filter(
            Q(remote_id__in={ref.guid for _set, ref in wanted})
            | Q(name_key__in={name_key(ref.name) for _set, ref in wanted}),
            lookup__site=self._key,
            lookup__entity_set__in={entity_set for entity_set, _ref in wanted},
        )
        by_id: set[tuple[str, UUID]] = set()
        by_name: dict[tuple[str, str], list[UUID]] = {}
        columns = ("lookup__entity_set", "remote_id", "name_key")
        for entity_set, remote_id, key in rows.values_list(*columns):
            by_id.add((entity_set, remote_id))
            by_name.setdefault((entity_set, key), []).append(remote_id)
        return by_id, by_name

    # The records of forms and campaigns

    def sources(
        self, wanted: Mapping[str, Collection[str]]
    ) -> dict[tuple[str, str], UUID]:
        """(object, LinkedIn's id) -> remote id, of those that have a record."""
        rows = RemoteSource.objects.filter(
            site_id=self._key,
            entity_set__in=wanted,
            social_id__in={one for ids in wanted.values() for one in ids},
        )
        columns = ("entity_set", "social_id", "remote_id")
        return {(name, social): key for name, social, key in rows.values_list(*columns)}

    def keep_sources(self, rows: Sequence[tuple[str, str, UUID]]) -> None:
        """Remember records; one that another worker made meanwhile is the same."""
        RemoteSource.objects.bulk_create(
            [
                RemoteSource(
                    site_id=self._key, entity_set=name, social_id=social, remote_id=key
                )
                for name, social, key in rows
            ],
            ignore_conflicts=True,
        )

    def forget_sources(self) -> None:
        """Look for the records anew: one of them may be gone."""
        RemoteSource.objects.filter(site_id=self._key).delete()
