"""Tokens: fetched once for all, renewed in time, refused with words that help."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from leadferry.destinations.base import Delivered, SetupProblem, Temporary
from leadferry.destinations.creatio.client import tidy_address
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.models import CreatioSite
from leadferry.destinations.creatio.oauth import Tokens, identity_candidates
from leadferry.destinations.creatio.store import SiteStore
from leadferry.destinations.creatio.tests.builders import (
    connect_to,
    make_parcel,
    make_site,
)
from leadferry.kit import clock
from tests.support.creatio import Creatio, running_creatio


@pytest.mark.parametrize(
    ("address", "candidates"),
    [
        (
            "https://northlake.creatio.com",
            [
                "https://northlake-is.creatio.com",
                "https://northlake.creatio.com/0",
                "https://northlake.creatio.com",
            ],
        ),
        (
            "http://crm.example:8080/site",
            [
                "http://crm-is.example:8080",
                "http://crm.example:8080/site/0",
                "http://crm.example:8080/site",
            ],
        ),
        ("http://127.0.0.1:81", ["http://127.0.0.1:81/0", "http://127.0.0.1:81"]),
        ("http://creatio", ["http://creatio/0", "http://creatio"]),
    ],
)
def test_where_the_identity_server_may_be(address: str, candidates: list[str]) -> None:
    assert identity_candidates(address) == candidates


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" https://northlake.creatio.com/ ", "https://northlake.creatio.com"),
        ("https://n.creatio.com/0/Nui/ViewModule.aspx#Leads", "https://n.creatio.com"),
        ("https://crm.example:8443/site/0", "https://crm.example:8443/site"),
    ],
)
def test_an_address_copied_from_any_page(typed: str, address: str) -> None:
    assert tidy_address(typed) == address


def tokens_of(creatio: Creatio, key: int) -> Tokens:
    store = SiteStore(key, keyring=settings.KEYRING, credentials="same")
    return Tokens(
        address=creatio.url,
        identity_url=creatio.identity_url,
        client_id=creatio.client_id,
        client_secret=creatio.client_secret,
        store=store,
    )


@contextlib.contextmanager
def _own_connection() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_ask_once(creatio: Creatio) -> None:
    key = make_site()
    # Threads of one process share the first, other processes have the second.
    sources = [tokens_of(creatio, key), tokens_of(creatio, key)]
    found: set[str] = set()

    def ask(number: int) -> None:
        with _own_connection():
            found.add(sources[number % 2].current())

    creatio.fault("token", "latency", latency_ms=300)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert len(creatio.calls("/connect/token")) == 1


@pytest.mark.django_db
def test_the_token_is_kept_unreadable(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel()])
    site = CreatioSite.objects.get()
    held = settings.KEYRING.decrypt(site.token)
    assert held.startswith("eyJ")
    assert held not in site.token
    another = connect_to(creatio, site.pk)
    another.send([make_parcel(2)])
    another.close()
    assert len(creatio.calls("/connect/token")) == 1


@pytest.mark.django_db
def test_other_credentials_do_not_use_it(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel()])
    wrong = connect_to(creatio, CreatioSite.objects.get().pk, client_secret="wrong")
    with pytest.raises(SetupProblem) as caught:
        wrong.send([make_parcel(2)])
    assert caught.value.step == "client"
    assert "wrong" not in str(caught.value)
    wrong.close()


@pytest.mark.django_db
def test_a_token_is_renewed_before_it_ends(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.change_client(lifetime_s=600)
    connector.send([make_parcel()])
    ends = clock.now() + timedelta(seconds=600)
    renew_at = CreatioSite.objects.get().token_renew_at
    assert renew_at is not None
    assert timedelta(seconds=55) < ends - renew_at < timedelta(seconds=65)


@pytest.mark.django_db
def test_an_expired_token_is_replaced_and_the_call_repeated(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel()])
    creatio.expire_tokens()
    assert isinstance(connector.send([make_parcel(2)])[2], Delivered)
    assert len(creatio.calls("/connect/token")) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"secret": "another"}, {"active": False}], ids=["secret", "inactive"]
)
def test_a_client_that_is_no_longer_accepted(
    connector: CreatioConnector, creatio: Creatio, change: dict[str, Any]
) -> None:
    connector.send([make_parcel()])
    creatio.change_client(**change)
    creatio.expire_tokens()
    with pytest.raises(SetupProblem) as caught:
        connector.send([make_parcel(2)])
    assert caught.value.step == "client"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["502", "reset", "429", "503"])
def test_the_token_service_is_down(
    connector: CreatioConnector, creatio: Creatio, kind: str
) -> None:
    creatio.fault("token", kind)
    with pytest.raises(Temporary):
        connector.send([make_parcel()])
    creatio.no_faults()
    assert isinstance(connector.send([make_parcel()])[1], Delivered)


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["404", "html"])
@pytest.mark.parametrize(
    ("places", "path"), [("0", "/0/connect/token"), ("root", "/connect/token")]
)
def test_the_identity_server_is_found_and_remembered(
    connector: CreatioConnector,
    creatio: Creatio,
    places: str,
    path: str,
    shown: str,
) -> None:
    creatio.switch(identity=places, wrong_identity=shown)
    connector.send([make_parcel()])
    creatio.expire_tokens()
    connector.send([make_parcel(2)])
    asked = [call["path"] for call in creatio.calls("/connect/token")]
    assert asked[-2:] == [path, path]
    assert len(asked) <= 3


@pytest.mark.django_db
def test_an_identity_server_of_its_own(creatio: Creatio) -> None:
    creatio.switch(identity="own", wrong_identity="html")
    lost = connect_to(creatio, make_site())
    with pytest.raises(SetupProblem) as caught:
        lost.send([make_parcel()])
    assert caught.value.step == "identity"
    entered = f"{creatio.identity_url}/connect/token"
    found = connect_to(creatio, make_site(), identity_url=entered)
    assert isinstance(found.send([make_parcel()])[1], Delivered)
    for one in (lost, found):
        one.close()


@pytest.mark.django_db
def test_a_creatio_on_dot_net() -> None:
    with running_creatio(runtime="net") as creatio:
        connector = connect_to(creatio, make_site())
        assert isinstance(connector.send([make_parcel()])[1], Delivered)
        assert CreatioSite.objects.get().root == ""
        connector.close()


@pytest.mark.django_db
def test_an_instance_that_moved_to_the_other_runtime(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel()])
    creatio.switch(runtime="net")
    with pytest.raises((SetupProblem, Temporary)):
        connector.send([make_parcel(2)])
    assert isinstance(connector.send([make_parcel(2)])[2], Delivered)
    creatio.switch(runtime="framework")


@pytest.mark.django_db
def test_the_ping_is_shut_and_metadata_tells(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.fault("ping", "404")
    assert isinstance(connector.send([make_parcel()])[1], Delivered)
    assert CreatioSite.objects.get().root == "/0"
