import pytest
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts import services as alerts
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.models import HeldBack, Notice
from leadferry.leads import search
from leadferry.leads.models import Lead
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(person("mia", accounts.MARKETERS))
    return client


def test_an_empty_list_says_what_to_do_next(marketer: Client) -> None:
    answer = marketer.get("/leads/").content.decode()
    assert "No lead yet" in answer
    assert '<a class="btn btn-primary" href="/first-steps/">' in answer


def test_whoever_cannot_connect_is_told_whom_to_ask(client: Client) -> None:
    client.force_login(person("sam", accounts.SALES))
    answer = client.get("/leads/").content.decode()
    assert "Ask somebody who manages integrations" in answer
    assert "Connect an ad account" not in answer


def test_what_people_typed_is_never_markup(marketer: Client) -> None:
    text = "<script>alert(1)</script>"
    register([make_response(values={"Contact": text, "Notes": text})])
    for path in ("/leads/", f"/leads/{Lead.objects.get().pk}"):
        page = marketer.get(path).content.decode()
        assert text not in page
        assert "&lt;script&gt;" in page


def test_htmx_gets_the_results_only(marketer: Client) -> None:
    register([make_response()])
    part = marketer.get("/leads/", headers={"HX-Target": "lead-results"})
    assert "<html" not in part.content.decode()
    assert "Ada" in part.content.decode()
    assert part["Vary"].startswith("HX-Target")


def test_a_search_that_is_ahead_of_the_words_looks_again(marketer: Client) -> None:
    register([make_response()])
    ahead = marketer.get("/leads/?search=ada&form=").content.decode()
    assert "No lead matches" in ahead
    assert 'hx-get="/leads/?search=ada&amp;form=" hx-trigger="load' in ahead
    assert "looks again by itself" in ahead
    while search.index_pending():
        pass
    assert "Ada" in marketer.get("/leads/?search=ada").content.decode()
    nobody = marketer.get("/leads/?search=nobody").content.decode()
    assert "No lead matches" in nobody
    assert "looks again by itself" not in nobody


def test_paging_keeps_the_filter(marketer: Client) -> None:
    form = make_form_value("Other")
    register([make_response(form=form) for _ in range(60)])
    while search.index_pending():
        pass
    page = marketer.get(f"/leads/?search=ada&form={form}").content.decode()
    assert f"search=ada&amp;form={form}&amp;before=" in page


@pytest.mark.parametrize(
    "query", ["form=999999", "form=x", "before=x", "after=-1", "campaign=%00"]
)
def test_a_nonsensical_filter_is_no_error(marketer: Client, query: str) -> None:
    assert marketer.get(f"/leads/?{query}").status_code == 200


def test_a_lead_that_is_not_there(marketer: Client) -> None:
    answer = marketer.get("/leads/123456")
    assert answer.status_code == 404
    assert b"Go to the leads" in answer.content


def test_history_shows_whose_value_was_kept(marketer: Client) -> None:
    register([make_response(7, values={"Contact": "Ada"})])
    Lead.objects.update(edited_columns=["Contact"])
    later = make_response(7, submitted_at=2**41, digest=2, values={"Contact": "B."})
    register([later])
    page = marketer.get(f"/leads/{Lead.objects.get().pk}").content.decode()
    assert "your value was kept" in page
    assert "updated by a new submission" in page


def test_held_back_responses_can_be_tried_again(marketer: Client) -> None:
    held = HeldBack.objects.create(
        response_id="lead-1", ad_account=5, reason=HeldBack.Reason.NOT_FOUND
    )
    page = marketer.get("/leads/held-back").content.decode()
    assert "LinkedIn does not have this response" in page
    sent = {"held": [held.pk]}
    answer = marketer.post("/leads/held-back/again", sent, follow=True)
    assert "LinkedIn is asked again" in answer.content.decode()
    assert Notice.objects.get().response_id == "lead-1"


def test_held_back_pages(marketer: Client) -> None:
    HeldBack.objects.bulk_create(
        HeldBack(response_id=f"r{n}", ad_account=5, reason="form") for n in range(60)
    )
    first = marketer.get("/leads/held-back").content.decode()
    assert "r59" in first
    assert ">r5<" not in first
    oldest = HeldBack.objects.get(response_id="r10").pk
    second = marketer.get(f"/leads/held-back?before={oldest}").content.decode()
    assert ">r9<" in second


@pytest.mark.req("R050")
def test_messages_and_the_bell(marketer: Client) -> None:
    alerts.tell(topic="t", title="A connection ended", text="Sign in again.")
    page = marketer.get("/notifications/").content.decode()
    assert "A connection ended" in page
    assert "Notifications, 1 unread" in page
    page = marketer.post("/notifications/read", follow=True).content.decode()
    assert "Notifications, 0 unread" in page


@pytest.mark.req("D4")
def test_times_are_those_of_the_instance(marketer: Client) -> None:
    register([make_response(submitted_at=1_793_000_000_000)])
    assert "26 Oct 2026, 07:33" in marketer.get("/leads/").content.decode()
    system_settings.write(system_settings.TIME_ZONE, "Asia/Tokyo", by=None)
    assert "26 Oct 2026, 16:33" in marketer.get("/leads/").content.decode()


def test_an_answer_that_did_not_fit_is_explained(marketer: Client) -> None:
    register([make_response()])
    problem = {"column": "Contact", "kind": "too long", "label": "Your name"}
    Lead.objects.update(problems=[problem])
    page = marketer.get(f"/leads/{Lead.objects.get().pk}").content.decode()
    assert "Your name → Contact name: too long for the column" in page
    assert "Check</span>" in marketer.get("/leads/").content.decode()


def test_the_test_mark(marketer: Client) -> None:
    register([make_response()])
    assert "Test</span>" not in marketer.get("/leads/").content.decode()
    Lead.objects.update(is_test=True)
    assert "Test</span>" in marketer.get("/leads/").content.decode()


@pytest.mark.req("R001")
def test_feedback_is_invited_on_every_page(client: Client) -> None:
    assert "Tell us what you miss" in client.get("/sign-in").content.decode()
