"""Leads in a real Creatio: what a destination of this kind is, put together."""

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings

from leadferry.destinations.base import (
    Delivered,
    Erased,
    Parcel,
    Rejected,
    Step,
    Temporary,
)
from leadferry.destinations.creatio import (
    creating,
    delivering,
    erasing,
    examination,
    shaping,
    wire,
)
from leadferry.destinations.creatio.client import Client
from leadferry.destinations.creatio.oauth import Tokens
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.store import SiteStore
from leadferry.leads.columns import catalogue
from leadferry.mapping.fields import ColumnType

# A batch has 100 parts; with extended information a lead takes two.
_PAGE_SIZE = creating.LANES * wire.MOST_PARTS // 2


class CreatioConnector:
    """Speaks to one Creatio."""

    def __init__(
        self,
        *,
        key: int,
        address: str,
        identity_url: str,
        client_id: str,
        client_secret: str,
    ) -> None:
        self.page_size = _PAGE_SIZE
        self._instance = settings.KEYRING.digest("leads of this instance").hex()
        self._store = SiteStore(
            key,
            keyring=settings.KEYRING,
            credentials="\n".join([address, identity_url, client_id, client_secret]),
        )
        self._tokens = Tokens(
            address=address,
            identity_url=identity_url,
            client_id=client_id,
            client_secret=client_secret,
            store=self._store,
        )
        self._client = Client(address=address, tokens=self._tokens, store=self._store)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def session(self) -> Session:
        """What one page works with; it sees columns that were added meanwhile."""
        return Session(
            instance=self._instance,
            client=self._client,
            store=self._store,
            keyring=settings.KEYRING,
            lengths=_lengths(),
        )

    def id_for(self, parcel: Parcel) -> str:
        """The id that the lead will have in Creatio."""
        return str(shaping.lead_id(parcel, instance=self._instance))

    def send(
        self, parcels: Sequence[Parcel]
    ) -> Mapping[int, Delivered | Rejected | Temporary]:
        """What became of each lead; raises Temporary or SetupProblem for all."""
        return delivering.deliver(self.session(), parcels)

    def erase(
        self, remote_ids: Sequence[str]
    ) -> Mapping[str, Erased | Rejected | Temporary]:
        """What became of each; one that is not there any more is erased."""
        return erasing.erase(self.session(), remote_ids)

    def examine(self, *, writing: bool) -> Iterator[Step]:
        """The steps of "Test connection", each as soon as it is known."""
        yield from examination.examine(self.session(), self._tokens, writing=writing)


def _lengths() -> dict[str, int]:
    return {
        code: column.length
        for code, column in catalogue().items()
        if column.type is ColumnType.TEXT and column.length is not None
    }
