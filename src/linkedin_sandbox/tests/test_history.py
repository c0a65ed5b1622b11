from hypothesis import given, settings
from hypothesis import strategies as st

from linkedin_sandbox.history import UNKNOWN_OPTION, id_of, number_of
from linkedin_sandbox.people import fill_in
from linkedin_sandbox.records import DAY_MS, Lead
from linkedin_sandbox.search import NewestFirst
from linkedin_sandbox.state import State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.switches import Switches
from linkedin_sandbox.world import Owner, load

EMEA = Owner("sponsoredAccount", 512345678)
NOW = 1_793_000_000_000


def make_state(count: int) -> State:
    state = State(load(None), Switches())
    state.begin_history(count, until=NOW)
    return state


def past(state: State, form: int | None = None) -> list[Lead]:
    assert state.history is not None
    return list(state.history.of_owner(EMEA, form, 0, 2**53))


@given(st.integers(0, 10**9))
def test_an_id_leads_back_to_its_number(number: int) -> None:
    made = id_of(number)
    assert len(made.rpartition("-")[0]) == 36
    assert made[14] == "4"
    assert made[19] in "89ab"
    assert number_of(made) == number
    assert number_of(made.replace("4", "5", 1)) != number


@given(st.text(max_size=60))
def test_no_other_text_is_an_id(text: str) -> None:
    number = number_of(text)
    assert number is None or id_of(number) == text


def test_leads_lie_in_the_last_days_over_forms_and_scripts() -> None:
    state = make_state(2_000)
    leads = past(state)
    assert {lead.form for lead in leads} == {987654, 987655, 6955637458260688897}
    times = [lead.submitted_at for lead in leads]
    assert times == sorted(times)
    assert NOW - 90 * DAY_MS < times[0] < NOW - 88 * DAY_MS
    assert times[-1] <= NOW
    assert len({lead.id for lead in leads}) == len(leads) == 1_500
    # Some answers are missing, some name an option that is none.
    questions = len(state.world.forms[987654].content().questions)
    webinar = past(state, 987654)
    assert any(len(lead.answers) < questions for lead in webinar)
    options = [
        a for lead in leads for a in lead.answers.values() if isinstance(a, list)
    ]
    assert any(UNKNOWN_OPTION in chosen for chosen in options)
    names = "".join(str(lead.answers["107987654"]) for lead in webinar)
    for script in ("Ł", "ل", "明", "🌻"):
        assert script in names


def test_a_million_leads_are_there_without_being_stored() -> None:
    state = make_state(1_000_000)
    assert state.history is not None
    row = state.history.of_owner(EMEA, 987654, 0, 2**53)
    assert len(row) == 250_000
    last = row[len(row) - 1]
    assert state.find(last.id) == last
    day = state.history.of_owner(EMEA, None, NOW - DAY_MS, NOW)
    assert 8_000 < len(day) < 9_000


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(0, 40),
    own=st.lists(st.integers(0, 89 * DAY_MS), max_size=20),
    gone=st.sets(st.integers(0, 39), max_size=10),
    start=st.integers(0, 50),
    size=st.integers(0, 20),
)
def test_pages_are_those_of_one_sorted_list(
    count: int, own: list[int], gone: set[int], start: int, size: int
) -> None:
    state = make_state(count)
    form = state.world.forms[987654]
    for number, age in enumerate(own):
        filled = fill_in(form, number=number)
        submit(state, form, filled=filled, submitted_at=NOW - age)
    for number in gone:
        state.delete_lead(id_of(number))
    assert state.history is not None
    row = state.history.of_owner(EMEA, None, 0, 2**53)
    mine = state.submitted(EMEA, 0, 2**53)
    found = NewestFirst(row, mine)
    expected = sorted([*row, *mine], key=lambda lead: -lead.submitted_at)
    assert len(found) == len(expected)
    page = found[start : start + size]
    times = [lead.submitted_at for lead in expected[start : start + size]]
    assert [lead.submitted_at for lead in page] == times
    whole = {lead.id for at in range(0, len(found), 7) for lead in found[at : at + 7]}
    assert whole == {lead.id for lead in expected}
    assert not {id_of(number) for number in gone} & whole


def test_a_deleted_or_resubmitted_lead_of_the_past_is_ours_from_then_on() -> None:
    state = make_state(40)
    first, second = past(state)[:2]
    assert state.delete_lead(first.id) is not None
    assert state.delete_lead("nobody-1") is None
    form = state.world.forms[second.form]
    submit(state, form, filled=fill_in(form, number=1), again=second.id)
    left = {lead.id for lead in past(state)}
    assert not {first.id, second.id} & left
    assert state.find(first.id) is not None
    found = state.find(second.id)
    assert found is not None
    assert found.submitted_at > NOW
