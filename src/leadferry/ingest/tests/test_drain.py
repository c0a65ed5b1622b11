"""Working off notices against the local LinkedIn."""

import pytest
from pytest_django.fixtures import Settings

from leadferry.ingest import drain as module
from leadferry.ingest import inbox
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.drain import drain
from leadferry.ingest.import_page import PageOutcome, import_page
from leadferry.ingest.models import HeldBack, Notice
from leadferry.ingest.prepare import prepare
from leadferry.ingest.services import try_again
from leadferry.integrations import clients
from leadferry.integrations.models import (
    Integration,
    LeadForm,
    LeadFormVersion,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import ExtendedLeadInformation, Lead
from leadferry.linkedin.client import RESPONSE_FIELDS
from tests.support.sandbox import APAC, EMEA, WEBINAR, WHITE_PAPER, Sandbox

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.usefixtures("integration"),
]


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    return make_integration(make_user(sandbox.token(), age_s=3600))


def announce(*ids: str, action: str = "CREATED", at: int | None = None) -> None:
    for response_id in ids:
        Notice.objects.create(
            response_id=response_id,
            action=Notice.Action[action],
            occurred_at=at if at is not None else clock.now_ms(),
            ad_account=EMEA,
            received_at=clock.now_ms(),
        )


def due_again() -> None:
    Notice.objects.filter(state=Notice.State.PENDING).update(due_at=0)


@pytest.mark.req("R062", "R063", "R039", "D11")
def test_a_form_that_was_never_seen_is_read_then(
    sandbox: Sandbox,
) -> None:
    assert not LeadForm.objects.exists()
    announce(*sandbox.submit(WHITE_PAPER, count=3))
    drain(EMEA)
    assert Lead.objects.count() == 3
    form = LeadForm.objects.get()
    assert form.is_on
    told = ExtendedLeadInformation.objects.select_related("campaign_group").first()
    assert told is not None
    assert told.campaign is not None
    assert told.creative is not None
    assert told.campaign_group is not None
    assert told.campaign.name == "Q4 Webinar DACH"
    assert told.creative.name.startswith("Webinar banner")
    assert told.campaign_group.name == "Webinars 2026"
    assert told.form.name == "ホワイトペーパー / White paper 2026"


def test_what_is_known_is_not_asked_for_again(
    sandbox: Sandbox,
) -> None:
    announce(*sandbox.submit(WEBINAR, count=8))
    drain(EMEA)
    before = len(sandbox.calls("/rest/"))
    announce(*sandbox.submit(WEBINAR, count=8))
    drain(EMEA)
    assert len(sandbox.calls("/rest/")) - before == 1
    assert Lead.objects.count() == 16


def test_the_questions_of_an_older_version_come_with_the_lead(
    sandbox: Sandbox,
) -> None:
    ids = sandbox.submit(WEBINAR)
    sandbox.control("PUT", f"forms/{WEBINAR}", {"questions": []})
    announce(*ids)
    drain(EMEA)
    assert Lead.objects.get().email
    # The present one was read first, in the hope that it would do.
    assert {row.version for row in LeadFormVersion.objects.all()} == {3, 4}


@pytest.mark.parametrize("kind", ["500", "503", "429", "garbage", "404", "403", "401"])
def test_linkedin_in_trouble_means_waiting_not_losing(
    sandbox: Sandbox, kind: str
) -> None:
    announce(*sandbox.submit(count=2))
    sandbox.fault("leadFormResponses", kind)
    drain(EMEA)
    assert not Lead.objects.exists()
    waiting = Notice.objects.filter(state=Notice.State.PENDING)
    assert waiting.count() == 2
    assert all(notice.reason and notice.due_at > clock.now_ms() for notice in waiting)
    sandbox.no_faults()
    due_again()
    drain(EMEA)
    assert Lead.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("404", HeldBack.Reason.NOT_FOUND),
        ("403", HeldBack.Reason.NO_PERMISSION),
        ("500", HeldBack.Reason.UNREACHABLE),
    ],
)
def test_trouble_for_a_day_ends_as_held_back_with_a_way_out(
    sandbox: Sandbox, kind: str, reason: str
) -> None:
    announce(*sandbox.submit())
    Notice.objects.update(received_at=clock.now_ms() - inbox.GIVE_UP_MS)
    sandbox.fault("leadFormResponses", kind)
    drain(EMEA)
    held = HeldBack.objects.get()
    assert held.reason == reason
    assert Notice.objects.get().state == Notice.State.GIVEN_UP
    sandbox.no_faults()
    assert try_again([held], by=None) == 1
    drain(EMEA)
    assert Lead.objects.count() == 1
    assert not HeldBack.objects.exists()


def test_one_missing_response_does_not_hold_up_the_others(
    sandbox: Sandbox,
) -> None:
    announce(*sandbox.submit(count=3), "no-such-lead")
    drain(EMEA)
    assert Lead.objects.count() == 3
    assert Notice.objects.filter(state=Notice.State.PENDING).count() == 1


def test_a_dead_token_is_noted_and_the_leads_wait(
    sandbox: Sandbox,
) -> None:
    announce(*sandbox.submit())
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    drain(EMEA)
    assert LinkedInUser.objects.get().state == "revoked"
    assert Notice.objects.get().state == Notice.State.PENDING
    LinkedInUser.objects.update(state="active")
    user = LinkedInUser.objects.get()
    user.access_token = sandbox.token()
    user.save()
    due_again()
    drain(EMEA)
    assert Lead.objects.count() == 1


def test_names_that_cannot_be_read_hold_up_nothing(
    sandbox: Sandbox,
) -> None:
    announce(*sandbox.submit())
    sandbox.fault("adCampaigns", "403")
    drain(EMEA)
    told = ExtendedLeadInformation.objects.select_related("campaign").get()
    assert told.campaign is not None
    assert told.campaign.name == "Q4 Webinar DACH"
    assert told.campaign_group is None


def test_a_response_on_which_we_fail_stops_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sandbox.submit(count=5)
    announce(*ids)

    def failing(page: ResponsePage) -> PageOutcome:
        if any(ids[2].encode() in element for element in page.elements):
            raise RuntimeError("a fault of ours")
        return import_page(page)

    monkeypatch.setattr(module, "import_page", failing)
    drain(EMEA)
    assert Lead.objects.count() == 4
    notice = Notice.objects.get(state=Notice.State.PENDING)
    assert notice.response_id == ids[2]
    Notice.objects.update(received_at=clock.now_ms() - inbox.GIVE_UP_MS, due_at=0)
    drain(EMEA)
    assert HeldBack.objects.get().reason == HeldBack.Reason.OWN_ERROR


def test_a_notice_of_a_foreign_ad_account_is_set_aside() -> None:
    Notice.objects.create(
        response_id="x", action=Notice.Action.CREATED, occurred_at=1,
        ad_account=APAC, received_at=clock.now_ms(),
    )  # fmt: skip
    drain(APAC)
    notice = Notice.objects.get()
    assert notice.state == Notice.State.NO_INTEGRATION
    assert "No integration" in notice.reason


@pytest.mark.parametrize("first", ["CREATED", "DELETED"])
def test_a_deletion_ends_the_lead_in_either_order(sandbox: Sandbox, first: str) -> None:
    ids = sandbox.submit()
    at = clock.now_ms() + 1000
    second = "DELETED" if first == "CREATED" else "CREATED"
    for action in (first, second):
        announce(*ids, action=action, at=at)
        drain(EMEA)
    assert not Lead.objects.exists()
    assert Notice.objects.filter(state=Notice.State.DONE).count() == 2


def test_a_deletion_is_obeyed_without_an_integration() -> None:
    Notice.objects.create(
        response_id="x", action=Notice.Action.DELETED, occurred_at=1,
        ad_account=APAC, received_at=clock.now_ms(),
    )  # fmt: skip
    drain(APAC)
    assert Notice.objects.get().state == Notice.State.DONE


def test_what_was_deleted_before_is_not_asked_for(sandbox: Sandbox) -> None:
    ids = sandbox.submit()
    at = clock.now_ms()
    announce(*ids, action="DELETED", at=at)
    drain(EMEA)
    before = len(sandbox.calls("/rest/"))
    announce(*ids, at=at)
    announce(*ids, at=at - 1)
    drain(EMEA)
    assert len(sandbox.calls("/rest/")) == before
    assert not Notice.objects.exclude(state=Notice.State.DONE).exists()


def test_what_linkedin_has_no_more_comes_from_what_was_stored(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit()
    announce(*ids)
    rows = integration.mapping_versions.get().rows
    source = rows.get(column="Contact").source
    rows.filter(column="Contact").update(source={})
    drain(EMEA)
    held = HeldBack.objects.get()
    assert held.reason == HeldBack.Reason.MAPPING
    rows.filter(column="Contact").update(source=source)
    sandbox.fault("leadFormResponses", "404")
    try_again([held], by=None)
    drain(EMEA)
    assert Lead.objects.get().contact
    assert not HeldBack.objects.exists()


@pytest.mark.req("R082", "R083", "R084", "D11")
def test_a_form_that_is_tried_out_makes_one_lead_a_day(sandbox: Sandbox) -> None:
    first = sandbox.submit(test=True, tester="mia")
    announce(*first)
    drain(EMEA)
    before = Lead.objects.get()
    assert before.is_test
    # The same person tries again that day: LinkedIn updates its lead, and so do we.
    again = sandbox.submit(test=True, tester="mia")
    assert again == first
    announce(*again)
    drain(EMEA)
    lead = Lead.objects.get()
    assert (lead.pk, lead.is_test) == (before.pk, True)
    assert lead.email != before.email
    announce(*sandbox.submit(test=True, tester="ben"))
    drain(EMEA)
    assert Lead.objects.count() == 2
    # The campaign is launched: each submission is a lead, and nothing was switched.
    announce(*sandbox.submit(count=2))
    drain(EMEA)
    assert Lead.objects.filter(is_test=False).count() == 2


def test_one_undecodable_response_is_held_back_and_comes_when_it_can_be_read(
    sandbox: Sandbox,
) -> None:
    announce(*sandbox.submit(count=3))
    sandbox.fault("leadFormResponses", "odd-element")
    drain(EMEA)
    held = HeldBack.objects.get()
    assert held.reason == HeldBack.Reason.UNDECODABLE
    assert Lead.objects.count() == 2
    sandbox.no_faults()
    try_again([held], by=None)
    drain(EMEA)
    assert Lead.objects.count() == 3
    assert not HeldBack.objects.exists()


def test_a_form_version_that_cannot_be_read_is_held_back_and_comes_later(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit()
    # Its questions are no longer those of the form, and the lead does not carry them.
    sandbox.control("PUT", f"forms/{WEBINAR}", {"questions": []})
    with clients.client_of(clients.user_for(EMEA)) as client:
        batch = client.responses(ids, fields=RESPONSE_FIELDS)
        page = ResponsePage(
            integration=integration,
            elements=[bytes(raw) for raw in batch.found.values()],
        )
        sandbox.fault("*", "403")
        prepare(page, client=client)
    import_page(page)
    held = HeldBack.objects.get()
    assert held.reason == HeldBack.Reason.FORM_UNREADABLE
    sandbox.no_faults()
    try_again([held], by=None)
    drain(EMEA)
    assert Lead.objects.count() == 1
    assert not HeldBack.objects.exists()
