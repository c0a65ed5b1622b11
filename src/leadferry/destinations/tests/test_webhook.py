"""The webhook's own contract: signatures, what each answer means, how pages are cut."""

import hashlib
import hmac
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import pytest

from leadferry.destinations.base import (
    Delivered,
    Erased,
    Parcel,
    Rejected,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.webhook import wire
from leadferry.destinations.webhook.connector import WebhookConnector
from leadferry.destinations.webhook.kind import WEBHOOK
from tests.support.ports import free_port
from tests.support.receiver import SECRET, Body, Receiver, Reply, takes_all


@pytest.fixture
def connector(receiver: Receiver) -> Iterator[WebhookConnector]:
    made = WebhookConnector(address=receiver.url, secret=SECRET)
    yield made
    made.close()


def parcel(lead_id: int, email: str = "a@example.com", **more: Any) -> Parcel:
    content: dict[str, Any] = {
        "urn": "",
        "values": {"Email": email, "Budget": Decimal("7.50")},
        "source": None,
        "is_test": False,
        "sent": {},
        "remote_id": "",
        **more,
    }
    return Parcel(lead_id=lead_id, **content)


def test_the_signature_is_the_documented_one() -> None:
    body, timestamp = b'{"event": "ping"}', "1793000000"
    expected = hmac.new(
        b"secret", b'1793000000.{"event": "ping"}', hashlib.sha256
    ).hexdigest()
    assert wire.sign("secret", timestamp=timestamp, body=body) == expected


def test_a_wrong_secret_is_a_matter_of_the_set_up(receiver: Receiver) -> None:
    wrong = WebhookConnector(address=receiver.url, secret="another-secret-than-ours")
    with pytest.raises(SetupProblem) as raised:
        wrong.send([parcel(1)])
    wrong.close()
    assert raised.value.step == "taken"
    assert (receiver.unsigned, receiver.leads) == (1, {})


def test_the_key_changes_with_the_content_only(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    for email in ("a@example.com", "a@example.com", "b@example.com"):
        connector.send([parcel(1, email)])
    keys = [body["leads"][0]["key"] for body in receiver.requests]
    assert keys[0] == keys[1]
    assert keys[1] != keys[2]
    assert receiver.leads["1"]["values"]["Budget"] == "7.50"


def test_what_is_there_already_is_not_sent_again(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    first = connector.send([parcel(1)])[1]
    assert isinstance(first, Delivered)
    again = parcel(1, sent=first.digests, remote_id=first.remote_id)
    assert connector.send([again])[1] == first
    assert len(receiver.requests) == 1


def test_of_a_refused_page_only_the_wrong_one_is_refused(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    def picky(body: Body) -> Reply:
        ids = {lead["id"] for lead in body["leads"]}
        return Reply(400, "seventh is wrong") if "7" in ids else Reply()

    receiver.answer = picky
    answers = connector.send([parcel(number) for number in range(1, 11)])
    refused = {lead for lead, one in answers.items() if isinstance(one, Rejected)}
    assert refused == {7}
    assert "seventh is wrong" in str(answers[7])
    assert len(receiver.leads) == 9


def test_of_a_refused_page_one_may_come_later(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    def moody(body: Body) -> Reply:
        ids = {lead["id"] for lead in body["leads"]}
        if len(ids) > 1:
            return Reply(413)
        return Reply(503) if "2" in ids else Reply()

    receiver.answer = moody
    answers = connector.send([parcel(number) for number in (1, 2, 3)])
    assert isinstance(answers[2], Temporary)
    assert set(receiver.leads) == {"1", "3"}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_means_later(
    connector: WebhookConnector, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda _body: Reply(status, headers={"Retry-After": "7"})
    with pytest.raises(Temporary) as raised:
        connector.send([parcel(1)])
    assert raised.value.retry_after_s == 7


def test_a_redirect_is_not_followed(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    headers = {"Location": receiver.url}
    receiver.answer = lambda _body: Reply(307, headers=headers)
    with pytest.raises(SetupProblem, match="final address"):
        connector.send([parcel(1)])
    assert len(receiver.requests) == 1


def test_nobody_there_means_later() -> None:
    nobody = WebhookConnector(address=f"http://127.0.0.1:{free_port()}/", secret=SECRET)
    with pytest.raises(Temporary, match="cannot be reached"):
        nobody.send([parcel(1)])
    steps = list(nobody.examine(writing=True))
    nobody.close()
    assert [(step.code, step.ok) for step in steps] == [
        ("reached", False), ("taken", None)
    ]  # fmt: skip


def test_erasing_several_of_which_one_is_refused(
    connector: WebhookConnector, receiver: Receiver
) -> None:
    def keeps_one(body: Body) -> Reply:
        ids = {lead["id"] for lead in body["leads"]}
        return Reply(409, "under legal hold") if "2" in ids else Reply(204)

    receiver.answer = keeps_one
    answers = connector.erase(["1", "2", "3"])
    assert isinstance(answers["2"], Rejected)
    assert "legal hold" in str(answers["2"])
    assert cast("Erased", answers["1"]).answer == "HTTP 204 No Content"
    receiver.answer = takes_all
    assert isinstance(connector.erase(["2"])["2"], Erased)


@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("https://crm.example.com/leads", True),
        ("http://127.0.0.1:9000/", True),
        ("http://10.1.2.3/leads", True),
        ("http://crm/leads", True),
        ("http://crm.example.com/leads", False),
        ("crm.example.com", False),
        ("ftp://crm/leads", False),
        ("https://[", False),
    ],
)
def test_which_addresses_may_be_entered(address: str, *, is_fine: bool) -> None:
    assert (WEBHOOK.fields[0].check(address) == "") is is_fine
