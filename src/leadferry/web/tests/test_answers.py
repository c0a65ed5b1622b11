"""Answers on their pages: settled, refused, taken back, added before."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leadferry.ingest.tests.test_value_tables import (
    answered,
    country,
    mapped_to,
    submit,
    write_due,
)
from leadferry.leads.models import AnswerText, Lead

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("B11"),
]


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_an_empty_queue_says_what_would_wait(mia: Client) -> None:
    assert "No answer waits" in text_of(mia, "/leads/answers")
    assert "Nothing is settled yet" in text_of(mia, "/leads/answers?show=settled")


def test_ticked_suggestions_are_settled(mia: Client) -> None:
    integration = mapped_to("Country")
    submit(integration, answered(1, "Deutschland"), answered(2, "Absurdistan"))
    page = text_of(mia, "/leads/answers")
    assert "“Deutschland” in German" in page
    deutschland = AnswerText.objects.get(text="Deutschland")
    pair = f"{deutschland.pk}:{country('Germany')}"
    assert f'value="{pair}" checked' in page
    said = mia.post("/leads/answers/settle", {"settle": [pair]}, follow=True)
    assert "1 answer is settled" in said.content.decode()
    write_due()
    first = Lead.objects.order_by("pk").first()
    assert first is not None
    assert str(first.country) == "Germany"
    settled = text_of(mia, "/leads/answers?show=settled&column=Country")
    assert "“Germany”" in settled
    assert "Absurdistan" not in settled


def test_nothing_ticked_is_said(mia: Client) -> None:
    said = mia.post("/leads/answers/settle", follow=True)
    assert "Nothing was ticked" in said.content.decode()


def test_a_value_is_chosen_and_taken_back(mia: Client) -> None:
    submit(mapped_to("Country"), answered(1, "Absurdistan"))
    answer = AnswerText.objects.get()
    page = text_of(mia, f"/leads/answers/{answer.pk}")
    assert "not among the values of the lookup" in page
    assert "1 lead waits for a value." in page
    mia.post(f"/leads/answers/{answer.pk}", {"value": "new:Absurdistan"})
    write_due()
    lead = Lead.objects.get()
    assert str(lead.country) == "Absurdistan"
    assert "1 lead holds it." in text_of(mia, f"/leads/answers/{answer.pk}")
    history = text_of(mia, f"/leads/{lead.pk}")
    assert "settled by the value table" in history
    mia.post(f"/leads/answers/{answer.pk}", {"take_back": "1"})
    write_due()
    lead.refresh_from_db()
    assert lead.country is None


def test_a_number_that_is_none_stays_on_the_page(mia: Client) -> None:
    submit(mapped_to("Budget"), answered(1, "11-50 people"))
    answer = AnswerText.objects.get()
    address = f"/leads/answers/{answer.pk}"
    refused = mia.post(address, {"value": "many"})
    assert refused.status_code == 422
    assert "is no number that fits" in refused.content.decode()
    mia.post(address, {"value": "50", "suggested": "1"})
    write_due()
    assert Lead.objects.get().budget == 50


def test_a_boolean_is_chosen(mia: Client) -> None:
    submit(mapped_to("DoNotUseEmail"), answered(1, "perhaps"))
    answer = AnswerText.objects.get()
    mia.post(f"/leads/answers/{answer.pk}", {"value": "true"})
    write_due()
    assert Lead.objects.get().do_not_use_email


def test_while_leads_are_written_the_page_asks_again(mia: Client) -> None:
    submit(mapped_to("Country"), answered(1, "Absurdistan"))
    answer = AnswerText.objects.get()
    mia.post(f"/leads/answers/{answer.pk}", {"value": country("Georgia")})
    address = f"/leads/answers/{answer.pk}/progress"
    assert "0 of 1 leads are brought in line" in text_of(mia, address)
    assert "hx-get" in text_of(mia, address)
    write_due()
    assert "hx-get" not in text_of(mia, address)


def test_an_answer_is_added_before_anybody_gives_it(mia: Client) -> None:
    made = mia.post("/leads/answers/new", {"column": "Country", "text": "Deutschland"})
    answer = AnswerText.objects.get()
    assert made["Location"] == f"/leads/answers/{answer.pk}"
    mia.post(made["Location"], {"value": country("Germany")})
    submit(mapped_to("Country"), answered(1, "Deutschland"))
    lead = Lead.objects.get()
    assert str(lead.country) == "Germany"
    refused = mia.post("/leads/answers/new", {"column": "Country", "text": " "})
    assert refused.status_code == 422


def test_an_answer_that_is_gone_is_a_404(mia: Client) -> None:
    assert mia.get("/leads/answers/99").status_code == 404


def test_a_refused_choice_stays_at_the_answer(mia: Client) -> None:
    submit(mapped_to("Country"), answered(1, "Absurdistan"))
    address = f"/leads/answers/{AnswerText.objects.get().pk}"
    refused = mia.post(address, {"value": "999999"})
    assert refused["Location"] == address
    assert "not in its lookup any more" in text_of(mia, address)


def test_an_answer_that_went_meanwhile_stops_no_other(mia: Client) -> None:
    submit(mapped_to("Country"), answered(1, "Deutschland"))
    pair = f"{AnswerText.objects.get().pk}:{country('Germany')}"
    mia.post("/leads/answers/settle", {"settle": ["999999:1", pair]})
    assert AnswerText.objects.get().value == country("Germany")


def test_a_long_queue_costs_no_query_for_each_answer(
    mia: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    elements = [answered(n, f"Absurdistan {n}") for n in range(1, 41)]
    submit(mapped_to("Country"), *elements)
    with django_assert_max_num_queries(16):
        mia.get("/leads/answers")
