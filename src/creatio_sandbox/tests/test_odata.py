import msgspec
from hypothesis import given
from hypothesis import strategies as st

from creatio_sandbox.batch import answer_batch
from creatio_sandbox.errors import Answer, Refused, TextDecimals
from creatio_sandbox.faults import Faults
from creatio_sandbox.odata import Call, handle
from creatio_sandbox.records import Desk
from creatio_sandbox.state import State
from creatio_sandbox.switches import Switches
from creatio_sandbox.view import View
from creatio_sandbox.world import load

STATE = State(load(), Switches(), leads=5)
DESK = Desk(STATE, View(STATE, Faults()), STATE.world.users["Supervisor"])
SOME_ID = next(iter(STATE.rows["Lead"]))
METHODS = st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"])
PATHS = st.sampled_from(
    [
        "", "Lead", "Lead/$count", "$metadata", "Lead()", "Lead(x)", "Lead/Email",
        f"Lead({SOME_ID})", f"Lead/{SOME_ID}", f"Lead({SOME_ID})/Email/$value",
        f"Lead({SOME_ID})/LeadSource", f"Lead({SOME_ID})/Nope", "Lead//", "$batch",
        "Nope",
    ]
)  # fmt: skip
QUERIES = st.sampled_from(
    [
        "", "$top=1", "$top=x", "$skip=9999999999999999999999", "$top=1&$top=2",
        "$select=Id,Email", "$select=,", "$expand=Country", "$expand=Country(",
        "$expand=LeadCollectionByCountry", "$orderby=Id desc,", "$count=maybe",
        "$filter=", "x=1", "$format=json",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=60), st.just(SOME_ID),
    st.decimals(), st.lists(st.none(), max_size=1), st.just("2026-03-04T09:15:00Z"),
    st.just("0001-01-01T00:00:00+14:00"), st.just("9999-12-31T23:59:59-14:00"),
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "Id", "Contact", "CountryId", "Country", "Budget", "PredictiveScore", "Zip",
        "MeetingDate", "DecisionDate", "DoNotUseFax", "Nope", "@odata.type",
        "CreatedOn",
    ]
)  # fmt: skip
BODIES = st.one_of(
    st.none(), st.text(max_size=9), st.dictionaries(NAMES, VALUES, max_size=4)
)


@given(method=METHODS, path=PATHS, query=QUERIES, body=BODIES)
def test_a_call_is_answered_or_refused(
    method: str, path: str, query: str, body: object
) -> None:
    try:
        answer = handle(DESK, Call(method, path, query, body, "http://x"))
    except Refused as refused:
        answer = refused.answer
    STATE.roll_back()
    assert isinstance(answer, Answer)
    assert 200 <= answer.status < 600
    assert TextDecimals.STRINGS.encode(answer.body)


@given(
    parts=st.lists(
        st.fixed_dictionaries(
            {"id": st.text(max_size=2), "method": METHODS, "url": PATHS},
            optional={"body": BODIES, "atomicityGroup": st.sampled_from("ab")},
        ),
        max_size=4,
    )
)
def test_a_batch_is_answered_or_refused(parts: list[dict[str, object]]) -> None:
    body = {"requests": parts}
    before = len(STATE.rows["Lead"])
    try:
        answer = answer_batch(DESK, body, "http://x", goes_on=True, log=[])
    except Refused as refused:
        answer = refused.answer
    told = msgspec.json.decode(TextDecimals.NUMBERS.encode(answer.body))
    statuses = [one["status"] for one in told.get("responses", [])]
    made = len(STATE.rows["Lead"]) - before
    assert made <= statuses.count(201)
    assert answer.status == (200 if "responses" in told else 400)
    assert STATE.mark() == 0
