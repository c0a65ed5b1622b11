"""The pages of a Creatio: lookup values that go together, columns taken over."""

from collections.abc import Iterator

import pytest
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.tests.test_alerts import person
from leadferry.destinations.models import Destination
from leadferry.integrations.prerequisites import prerequisites
from leadferry.leads.columns import catalogue
from leadferry.leads.models import LookupValue
from leadferry.web.social.creatio import needed_settings
from tests.support.creatio import CREATIO_CLIENT, CREATIO_SECRET, running_creatio
from tests.support.creatio import Creatio as LocalCreatio

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(scope="module")
def creatio() -> Iterator[LocalCreatio]:
    with running_creatio() as running:
        yield running


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(person("admin", role=accounts.ADMINISTRATORS))
    return client


@pytest.fixture
def pages(admin: Client, creatio: LocalCreatio, worker_at_once: None) -> str:
    """The address of a new Creatio's pages; its connection is tested at once."""
    del worker_at_once
    typed = {
        "name": "Creatio",
        "kind-address": f"{creatio.url}/0/Nui/ViewModule.aspx",
        "kind-client_id": CREATIO_CLIENT,
        "kind-client_secret": CREATIO_SECRET,
    }
    answer = admin.post("/social-leads/destinations/new/creatio", typed)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def get(admin: Client, address: str) -> str:
    answer = admin.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_anything_is_known(admin: Client) -> None:
    made = Destination.objects.create(name="Creatio", kind="creatio")
    pages = f"/social-leads/destinations/{made.pk}"
    for page in ("lookups", "columns"):
        assert "Test connection" in get(admin, f"{pages}/{page}")
    assert admin.get(f"{pages}/lookups/Country").status_code == 404
    shown = get(admin, pages)
    assert "Lookup values" in shown
    assert "Columns of Creatio" in shown


def test_a_value_is_chosen_for_one_that_creatio_lacks(
    admin: Client, pages: str
) -> None:
    assert "A lead is written and removed" in get(admin, f"{pages}/test")
    assert "Countries" in get(admin, f"{pages}/lookups")
    lacking = get(admin, f"{pages}/lookups/Country?show=lacking")
    value = LookupValue.objects.get(lookup__code="Country", name="Aruba")
    page = f"{pages}/lookups/Country/{value.pk}"
    assert page in lacking
    assert "Nothing matches" in get(admin, page)
    found = get(admin, f"{page}?search=germ")
    remote_id = found.partition('name="value" value="')[2][:36]
    answer = admin.post(page, {"value": remote_id})
    assert answer["Location"] == f"{pages}/lookups/Country"
    assert page not in get(admin, f"{pages}/lookups/Country?show=lacking")
    assert "was chosen for it" in get(admin, page)
    admin.post(page, {"value": ""})
    assert page in get(admin, f"{pages}/lookups/Country?show=lacking")


def test_a_column_is_added(admin: Client, pages: str) -> None:
    assert "BpmHref" in get(admin, f"{pages}/columns")
    admin.post(
        f"{pages}/columns/add", {"code": "BpmHref", "caption": "Page", "length": ""}
    )
    assert catalogue()["BpmHref"].caption == "Page"
    after = admin.get(f"{pages}/columns").content.decode()
    assert 'value="BpmHref"' not in after
    answer = admin.post(f"{pages}/columns/add", {"code": "BpmHref"}, follow=True)
    assert "is here already" in answer.content.decode()


def test_other_kinds_have_no_such_pages(admin: Client) -> None:
    other = Destination.objects.create(name="Webhook", kind="webhook")
    for page in ("lookups", "columns"):
        answer = admin.get(f"/social-leads/destinations/{other.pk}/{page}")
        assert answer.status_code == 404


@pytest.mark.req("R010", "D8")
def test_a_secret_that_a_destination_lacks_is_asked_for() -> None:
    def held() -> dict[str, str]:
        return {
            one.title: one.held.value
            for one in prerequisites(needed=needed_settings())
            if "Identity server" in one.title
        }

    assert set(held().values()) == {"not-needed-yet"}
    Destination.objects.create(
        name="Creatio", kind="creatio", settings={"client_id": "ours"}
    )
    assert [title for title, one in held().items() if one == "no"] == [
        "System setting “Identity server client secret”"
    ]
    system_settings.write("IdentityServerClientSecret", "s3cret", by=None)
    assert "no" not in held().values()
