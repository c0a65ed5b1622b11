"""The pages of replays."""

import csv
import io

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from leadferry.accounts.models import User
from leadferry.integrations.models import LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.leads.models import Lead
from leadferry.mapping.sources import ColumnMapping
from leadferry.sync import replay, replay_queries
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.tests.builders import (
    CONTACT,
    MACRO,
    QUESTION,
    edit,
    integration_of,
    submit,
    use,
    worked_on,
)

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B2")]


@pytest.fixture
def form() -> LeadForm:
    """Three leads of before the question was mapped; one was edited."""
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    submit(form, 1, 2, text="=1+1")
    submit(form, 3, text="+49 30 1234")
    edit(Lead.objects.all()[0], User.objects.create(username="x"), Commentary="mine")
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    return form


def start(client: Client, form: LeadForm, **asked: object) -> ReplayBatch:
    address = reverse("replay", args=[integration_of(form).pk])
    today = clock.now().date().isoformat()
    days = {"first": "2020-01-01", "last": today}
    answer = client.post(address, {"form": [form.pk], **days, **asked})
    assert answer.status_code == 302, answer.content.decode()
    return worked_on(ReplayBatch.objects.latest("pk"))


def text_of(client: Client, batch: ReplayBatch, **query: str) -> str:
    answer = client.get(reverse("replay-batch", args=[batch.pk]), query)
    return str(answer.content.decode())


def press(client: Client, name: str, batch: ReplayBatch, **given: object) -> None:
    answer = client.post(reverse(f"replay-{name}", args=[batch.pk]), given)
    assert answer.status_code == 302


def test_from_the_choice_to_the_undo(mia: Client, form: LeadForm) -> None:
    page = reverse("integration", args=[integration_of(form).pk])
    choice = reverse("replay", args=[integration_of(form).pk])
    assert choice in mia.get(page).content.decode()
    assert "No replay yet" in mia.get(choice).content.decode()
    batch = start(mia, form)
    text = text_of(mia, batch)
    assert "2 of 3 values are ticked." in text
    assert "1 was edited by a person" in text
    press(mia, "tick-all", batch, column="Commentary", edited="yes", to="yes")
    assert "3 of 3 values are ticked." in text_of(mia, batch)
    press(mia, "apply", batch)
    assert "0 of 3 values written" in text_of(mia, batch)
    worked_on(batch)
    assert set(Lead.objects.values_list("commentary", flat=True)) == {
        "=1+1",
        "+49 30 1234",
    }
    assert "Applied on" in text_of(mia, batch)
    history = mia.get(reverse("lead", args=[Lead.objects.all()[0].pk]))
    assert "replayed through a mapping" in history.content.decode()
    assert "by mia" in history.content.decode()
    press(mia, "undo", batch)
    worked_on(batch)
    assert "Taken back on" in text_of(mia, batch)
    assert set(Lead.objects.values_list("commentary", flat=True)) == {"mine", ""}
    assert "undone" in mia.get(choice).content.decode()


def test_a_tick_is_stored_and_counted_at_once(mia: Client, form: LeadForm) -> None:
    batch = start(mia, form)
    shown = list(ReplayChange.objects.values_list("pk", flat=True))
    answer = mia.post(
        reverse("replay-tick", args=[batch.pk]),
        {"shown": shown, "ticked": shown[1:2]},
        headers={"HX-Request": "true"},
    )
    assert "1 of 3 values is ticked." in answer.content.decode()
    ticked = ReplayChange.objects.filter(is_included=True)
    assert list(ticked.values_list("pk", flat=True)) == shown[1:2]
    press(mia, "apply", batch)
    late = mia.post(
        reverse("replay-tick", args=[batch.pk]),
        {"shown": shown, "ticked": shown},
        headers={"HX-Request": "true"},
    )
    assert late["HX-Redirect"] == reverse("replay-batch", args=[batch.pk])


def test_the_page_that_waits_is_replaced_when_it_is_done(
    mia: Client, form: LeadForm
) -> None:
    batch = start(mia, form)
    press(mia, "apply", batch)
    address = reverse("replay-batch", args=[batch.pk])
    part = {"HX-Target": "replay-progress"}
    assert "HX-Refresh" not in mia.get(address, headers=part)
    worked_on(batch)
    assert mia.get(address, headers=part)["HX-Refresh"] == "true"


def test_it_is_exported_without_a_formula(mia: Client, form: LeadForm) -> None:
    batch = start(mia, form)
    address = reverse("replay-export", args=[batch.pk])

    def rows(**query: str) -> list[list[str]]:
        answer = mia.get(address, query)
        assert isinstance(answer, StreamingHttpResponse)
        text = b"".join(answer).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    found = rows()
    assert found[0][:5] == ["Lead", "Name", "Column", "Old value", "New value"]
    assert [row[3:5] for row in found[1:]] == [
        ["mine", "'=1+1"],
        ["", "'=1+1"],
        ["", "+49 30 1234"],
    ]
    assert len(rows(edited="yes")) == 2


def test_the_list_goes_on_from_page_to_page(
    mia: Client, form: LeadForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(form, ColumnMapping(column="Contact", source=QUESTION), MACRO)
    version = use(
        form,
        ColumnMapping(column="Contact", source=QUESTION),
        ColumnMapping(column="Commentary", source=QUESTION),
        MACRO,
    )
    batch = start(mia, form, version=version.pk)
    for name in ("PAGE_SIZE", "_CSV_PAGE"):
        monkeypatch.setattr(replay_queries, name, 1)
    everything = ReplayChange.objects.order_by("lead", "column")
    for column in ("", "Commentary"):
        chosen = replay_queries.ChangeFilter(column=column)
        met, at = [], ""
        while True:
            page = replay_queries.change_page(batch, chosen, start=at)
            met += [row.id for row in page.rows]
            at = page.next
            if not at:
                break
        wanted = everything.filter(column=column) if column else everything
        assert met == [row.pk for row in wanted]
        assert len(list(replay_queries.csv_rows(batch, chosen))) == len(met) + 1
    assert "Next" in text_of(mia, batch)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"form": []}, "Choose at least one form."),
        ({"first": ""}, "Both days of the period are needed."),
        ({"last": "2020-01-01", "first": "2020-01-02"}, "after its last day"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    mia: Client, form: LeadForm, change: dict[str, object], sentence: str
) -> None:
    address = reverse("replay", args=[integration_of(form).pk])
    asked = {"form": [form.pk], "first": "2020-01-01", "last": "2020-01-01"}
    answer = mia.post(address, asked | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_every_state_says_what_comes_next(mia: Client, form: LeadForm) -> None:
    nothing = start(mia, form, first="2020-01-01", last="2020-01-02")
    assert "No submission of these forms and days" in text_of(mia, nothing)
    given_up = start(mia, form)
    press(mia, "stop", given_up)
    assert "nothing was written" in text_of(mia, given_up)
    press(mia, "apply", given_up)
    assert "nothing to apply" in text_of(mia, given_up)
    ReplayBatch.objects.filter(pk=given_up.pk).update(state="failed", reason="Why.")
    assert "Why." in text_of(mia, given_up)
    done = start(mia, form)
    assert replay.apply(done, by=None)
    assert "Nothing would change" not in text_of(mia, worked_on(done))
    ReplayChange.objects.filter(is_edited=True).delete()
    Lead.objects.update(edited_columns=[])
    submit(form, 1, ago=0)
    assert "Nothing would change" in text_of(mia, start(mia, form))
