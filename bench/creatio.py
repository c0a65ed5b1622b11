"""Leads delivered to the local Creatio, beside a client that writes row by row.

The bare rate is that of the same batches, made beforehand and sent by a plain client.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare
from tests.support.creatio import Creatio, running_creatio

if TYPE_CHECKING:
    from leadferry.destinations.base import Parcel
    from leadferry.destinations.creatio.connector import CreatioConnector

LEADS, ROW_BY_ROW, LATENCY_MS = 5_000, 500, 50
WITH_LATENCY, ROW_BY_ROW_WITH_LATENCY = 1_000, 40
_HEADERS = {
    "Content-Type": "application/json; odata=verbose; IEEE754Compatible=true",
    "Prefer": "continue-on-error",
}
Batch = list[dict[str, Any]]


def main() -> None:
    """Without latency, then with fifty milliseconds a call."""
    prepare()
    with running_creatio() as creatio:
        _measure(creatio, f"Creatio delivery, {DATABASE}", LEADS, ROW_BY_ROW)
        creatio.switch(latency_ms=LATENCY_MS)
        name = f"Creatio delivery, {DATABASE}, {LATENCY_MS} ms a call"
        _measure(creatio, name, WITH_LATENCY, ROW_BY_ROW_WITH_LATENCY)


def _measure(creatio: Creatio, name: str, count: int, few: int) -> None:
    parcels = [_parcel(number) for number in range(count)]
    connector = _connect(creatio)
    batches = _batches(connector, parcels)
    bare = _rate(count, lambda: _send_batches(creatio, batches))
    connector.erase([connector.id_for(parcel) for parcel in parcels])
    single = _rate(few, lambda: _send_rows(creatio, batches, few))
    connector.erase([connector.id_for(parcel) for parcel in parcels])
    delivered = _rate(count, lambda: _deliver(connector, parcels))
    connector.close()
    tell(
        Figure(
            name=name, value=delivered, unit="leads/s",
            bare=bare, bare_name="bare batches",
        )
    )  # fmt: skip
    tell(
        Figure(
            name=f"{name}: times row by row", value=delivered / single, unit="times",
            bare=single, bare_name="leads/s row by row", budget=1.5,
        )
    )  # fmt: skip


def _rate(count: int, work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def _connect(creatio: Creatio) -> "CreatioConnector":
    from leadferry.destinations.creatio.tests.builders import connect_to, make_site

    connector = connect_to(creatio, make_site())
    # What is read or made once: token, columns, lookups, the records of forms.
    connector.send([_parcel(1_000_000)])
    return connector


def _parcel(number: int) -> "Parcel":
    from leadferry.destinations.creatio.tests.builders import make_parcel, value_of

    return make_parcel(
        number,
        values={
            "Account": "Northlake GmbH",
            "MobilePhone": f"+49 30 {number:07}",
            "FullJobTitle": "Head of Operations",
            "Country": value_of("Country", "Germany"),
            "LeadType": value_of("LeadType", "Software"),
            "Budget": Decimal("1250.50"),
            "MeetingDate": datetime(2026, 3, 5, 8, 30, tzinfo=UTC),
        },
    )


def _pages(
    connector: "CreatioConnector", parcels: Sequence["Parcel"]
) -> list[Sequence["Parcel"]]:
    size = connector.page_size
    return [parcels[at : at + size] for at in range(0, len(parcels), size)]


def _deliver(connector: "CreatioConnector", parcels: Sequence["Parcel"]) -> None:
    from leadferry.destinations.base import Delivered

    for page in _pages(connector, parcels):
        outcomes = connector.send(page)
        if not all(isinstance(one, Delivered) for one in outcomes.values()):
            raise SystemExit("The local Creatio did not take every lead.")


def _batches(connector: "CreatioConnector", parcels: Sequence["Parcel"]) -> list[Batch]:
    from leadferry.destinations.creatio.creating import parts_of
    from leadferry.destinations.creatio.wire import batch_of

    session = connector.session()
    return [
        batch_of(
            [
                part
                for number, one in enumerate(session.shape(parcels[at : at + 50]))
                for part in parts_of(number, one)
            ]
        )["requests"]
        for at in range(0, len(parcels), 50)
    ]


def _client(creatio: Creatio) -> httpx.Client:
    return httpx.Client(
        headers={**creatio.headers(), **_HEADERS}, timeout=60, trust_env=False
    )


def _send_batches(creatio: Creatio, batches: Sequence[Batch]) -> None:
    bodies = [msgspec.json.encode({"requests": batch}) for batch in batches]
    with _client(creatio) as client:
        for body in bodies:
            answer = client.post(f"{creatio.odata}/$batch", content=body)
            if answer.status_code != 200:
                raise SystemExit("The local Creatio did not take a batch.")


def _send_rows(creatio: Creatio, batches: Sequence[Batch], few: int) -> None:
    """What a lead needs are two rows: its extended information and itself."""
    rows = [part for batch in batches for part in batch][: few * 2]
    with _client(creatio) as client:
        for row in rows:
            answer = client.post(f"{creatio.odata}/{row['url']}", json=row["body"])
            if answer.status_code != 201:
                raise SystemExit("The local Creatio did not take a row.")


if __name__ == "__main__":
    main()
