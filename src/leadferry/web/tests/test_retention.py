"""Pages that meet what was purged, and the page that tells of it."""

import pytest
from django.test import Client
from django.urls import reverse

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import services
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.dry_run import try_mapping
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.leads.models import Lead
from leadferry.sync.retention import purge_what_is_old

pytestmark = pytest.mark.django_db(databases="__all__")
LATE = SUBMITTED_AT + 400 * 86_400_000
_LATER_VERSION = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(person("ada", accounts.ADMINISTRATORS))
    return client


@pytest.fixture
def integration() -> Integration:
    made = make_integration()
    make_form(made)
    return made


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: LATE)


def page(client: Client, name: str, *args: object, **asked: str) -> str:
    answer = client.get(reverse(name, args=args), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def bring(integration: Integration, *elements: bytes) -> None:
    import_page(ResponsePage(integration=integration, elements=elements))


def test_a_lead_tells_that_its_submission_was_purged_and_by_which_rule(
    admin: Client, integration: Integration, late: None
) -> None:
    bring(integration, make_response(1))
    Notice.objects.create(
        response_id="lead-1", received_at=SUBMITTED_AT, state=Notice.State.DONE
    )
    purge_what_is_old()
    assert not LeadFormResponse.objects.exists()
    assert not Notice.objects.exists()
    lead = Lead.objects.get()
    shown = page(admin, "lead", lead.pk)
    assert "was purged: submissions are kept for 365 days" in shown
    assert "No submission is stored" not in shown
    origin = page(admin, "lead", lead.pk, column="Contact")
    assert "Which answer it was cannot be told any more" in origin
    # Who it was is known for ever.
    where = page(admin, "where", integration.pk, what="lead-1")
    assert reverse("lead", args=[lead.pk]) in where
    assert try_mapping(integration, form=None, rows=[]) == []


def test_what_was_discarded_and_purged_says_so(
    admin: Client, integration: Integration, late: None
) -> None:
    bring(integration, make_response(1, versionedLeadGenFormUrn=_LATER_VERSION))
    held = HeldBack.objects.get()
    by = person("ops", accounts.MARKETERS)
    services.discard([held], reason="spam", by=by)
    assert "As delivered" in page(admin, "held-back-one", held.pk)
    purge_what_is_old()
    shown = page(admin, "held-back-one", held.pk)
    assert "It was purged" in shown
    assert "As delivered" not in shown
    assert "spam" in shown


def test_the_page_tells_what_is_kept_what_went_and_what_stays(
    admin: Client, integration: Integration, late: None
) -> None:
    empty = page(admin, "retention")
    assert "Nothing yet" in empty
    assert "365 days" in empty
    bring(integration, make_response(1), make_response(2))
    LeadFormResponse.objects.filter(submitted_at=SUBMITTED_AT + 2).update(
        form_version=9
    )
    Notice.objects.create(received_at=SUBMITTED_AT, state=Notice.State.UNREADABLE)
    purge_what_is_old()
    shown = page(admin, "retention")
    assert "its form version is not known" in shown
    assert "older than 365 days" in shown
    assert "older than 90 days" in shown
    assert "Notices of LinkedIn" in shown


def test_a_setting_inside_the_time_of_syncs_is_refused_with_a_sentence(
    admin: Client,
) -> None:
    code = system_settings.DAYS_TO_KEEP_SUBMISSIONS
    address = reverse("system-setting", args=[code])
    answer = admin.post(address, {"value": "89"})
    assert answer.status_code == 422
    assert "must be kept at least as long" in answer.content.decode()
    assert admin.post(address, {"value": "90"}).status_code == 302
    assert system_settings.days(code) == 90
    notices = reverse("system-setting", args=[system_settings.DAYS_TO_KEEP_NOTICES])
    assert admin.post(notices, {"value": "29"}).status_code == 422
