""" "Where is lead X?", whatever became of it."""

import pytest
from django.test import Client
from django.urls import reverse

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import services as held_back
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import erase_response, import_page
from leadferry.ingest.models import HeldBack, Notice
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.leads.models import Lead
from leadferry.leads.search import index_pending
from tests.support.sandbox import APAC, EMEA

pytestmark = pytest.mark.django_db(databases="__all__")
_LATER_VERSION = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"


@pytest.fixture
def integration() -> Integration:
    made = make_integration()
    make_form(made)
    return made


def bring(integration: Integration, *elements: bytes) -> None:
    import_page(ResponsePage(integration=integration, elements=elements))


def look(client: Client, integration: Integration, **asked: str) -> str:
    answer = client.get(reverse("where", args=[integration.pk]), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def email(address: str) -> dict[str, object]:
    details = {"textQuestionAnswer": {"answer": address}}
    return {"answers": [{"questionId": 2, "answerDetails": details}]}


def test_a_registered_lead_by_id_urn_and_email(
    mia: Client, integration: Integration
) -> None:
    bring(integration, make_response(1, formResponse=email("ada@example.com")))
    lead = reverse("lead", args=[Lead.objects.get().pk])
    for typed in ("lead-1", "urn:li:leadGenFormResponse:lead-1"):
        assert lead in look(mia, integration, what=typed)
    index_pending()
    address = reverse("where", args=[integration.pk])
    found = mia.post(address, {"what": "Ada@example.com"}).content.decode()
    assert lead in found
    nobody = mia.post(address, {"what": "bob@example.com"}).content.decode()
    assert "Nothing found" in nobody


def test_one_that_waits_says_when_and_why(
    mia: Client, integration: Integration
) -> None:
    Notice.objects.create(
        response_id="lead-1", action=Notice.Action.CREATED, occurred_at=SUBMITTED_AT,
        ad_account=EMEA, received_at=clock.now_ms(), due_at=clock.now_ms() + 60_000,
        attempts=3, reason="LinkedIn answered 503.",
    )  # fmt: skip
    text = look(mia, integration, what="lead-1")
    assert "LinkedIn answered 503." in text
    assert "after 3" in text
    assert "Ask LinkedIn for it now" not in text


def test_held_back_discarded_deleted_and_kept_out(
    mia: Client, integration: Integration
) -> None:
    unreadable = make_response(1, versionedLeadGenFormUrn=_LATER_VERSION)
    bring(integration, unreadable)
    held = HeldBack.objects.get()
    one = reverse("held-back-one", args=[held.pk])
    assert one in look(mia, integration, what="lead-1")
    by = person("ops", accounts.MARKETERS)
    held_back.discard([held], reason="a competitor", by=by)
    assert "ops discarded it: a competitor" in look(mia, integration, what="lead-1")
    erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 10)
    assert "LinkedIn deleted it" in look(mia, integration, what="lead-1")
    RegistrationWindow.objects.filter(integration=integration).update(
        on_from=SUBMITTED_AT + 100
    )
    bring(integration, make_response(2))
    text = look(mia, integration, what="lead-2")
    assert "before the integration was set up" in text
    assert reverse("sync", args=[integration.pk]) in text


def test_one_that_nobody_heard_of_can_be_asked_for(
    mia: Client, integration: Integration
) -> None:
    assert "Nothing was ever heard of it" in look(mia, integration, what="lead-9")
    ask = reverse("where-ask", args=[integration.pk])
    text = mia.post(ask, {"what": "lead-9"}, follow=True).content.decode()
    assert "LinkedIn is asked for it" in text
    assert Notice.objects.get().response_id == "lead-9"
    assert mia.post(ask, {"what": "no id!"}).status_code == 404


def test_by_the_time_of_submission(mia: Client, integration: Integration) -> None:
    late = make_response(7, submittedAt=SUBMITTED_AT + 3_600_000)
    unreadable = make_response(8, versionedLeadGenFormUrn=_LATER_VERSION)
    bring(integration, make_response(1), late, unreadable)
    at = clock.from_ms(SUBMITTED_AT).strftime("%Y-%m-%dT%H:%M")
    text = look(mia, integration, since=at, until=at)
    assert "lead-1<" in text
    assert "lead-8<" in text
    assert "lead-7<" not in text
    assert "comes after" in look(mia, integration, since=at, until="2020-01-01T00:00")
    assert "Both times" in look(mia, integration, since=at, until="x")


def test_another_ad_accounts_lead_is_not_shown(
    mia: Client, integration: Integration
) -> None:
    bring(integration, make_response(1))
    other = make_integration(account=APAC)
    assert "Open the lead" not in look(mia, other, what="lead-1")
    assert "neither a LinkedIn lead id" in look(mia, other, what="a b c")
