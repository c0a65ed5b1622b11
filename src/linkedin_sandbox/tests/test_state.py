import contextlib
from collections.abc import Iterator
from pathlib import Path

from linkedin_sandbox.people import fill_in
from linkedin_sandbox.records import Subscription, Token
from linkedin_sandbox.state import State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.switches import Switches
from linkedin_sandbox.world import load


def make_state() -> State:
    return State(load(None), Switches())


@contextlib.contextmanager
def remembering(path: Path) -> Iterator[State]:
    state = make_state()
    state.remember_in(path)
    yield state
    state.close()


def make_token(access: str, *scopes: str) -> Token:
    return Token(
        access=access, refresh=None, client_id="demo-client", member="ada",
        scopes=list(scopes), issued_at=1, expires_at=2**40, consented_at=1,
    )  # fmt: skip


def test_a_restart_remembers(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as before:
        form = before.world.forms[987654]
        lead = submit(before, form, filled=fill_in(form, number=0))
        gone = submit(before, form, filled=fill_in(form, number=1))
        before.delete_lead(gone.id)
        before.add_token(make_token("t", "r_ads"))
        before.add_subscription(Subscription(0, "demo-client", "w", 512345678))
        before.change_form(987654, {"name": "Renamed", "questions": []})
    with remembering(path) as after:
        assert after.leads[lead.id] == lead
        assert after.leads[gone.id].deleted_at is not None
        assert after.tokens["t"].member == "ada"
        assert [row.webhook for row in after.subscriptions.values()] == ["w"]
        changed = after.world.forms[987654]
        assert (changed.name, changed.version) == ("Renamed", 4)


def test_a_half_written_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as state:
        state.add_token(make_token("whole", "r_ads"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "token", "acc')
    with remembering(path) as state:
        state.add_token(make_token("next", "r_ads"))
    with remembering(path) as state:
        assert set(state.tokens) == {"whole", "next"}


def test_other_scopes_end_earlier_tokens() -> None:
    state = make_state()
    state.add_token(make_token("old", "r_ads"))
    state.add_token(make_token("twin", "r_ads"))
    assert state.tokens["old"].state == "active"
    state.add_token(make_token("new", "r_ads", "openid"))
    assert state.tokens["old"].state == state.tokens["twin"].state == "revoked"


def test_people_of_every_script_fill_in_the_same_way_each_time() -> None:
    form = load(None).forms[987654]
    filled = [fill_in(form, number=number) for number in range(12)]
    assert filled == [fill_in(form, number=number) for number in range(12)]
    names = "".join(str(one.answers["107987654"]) for one in filled)
    for script in ("Ł", "Е", "Ε", "ل", "נ", "明", "さ", "ส", "🌻"):
        assert script in names
    assert any(one.answers.get("607987654") == [0] for one in filled)


def test_the_state_can_be_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as state:
        form = state.world.forms[987654]
        submit(state, form, filled=fill_in(form, number=0))
        state.begin_anew()
        assert state.leads == {}
    assert path.read_text(encoding="utf-8") == ""


def test_nobody_is_checked_for_the_time_nobody_ran(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as before:
        number = before.add_subscription(Subscription(0, "demo-client", "w", 512345678))
        row = before.subscriptions[number]
        before.note_check(row, passed=True, next_check_at=1)
    with remembering(path) as after:
        assert after.subscriptions[number].next_check_at > after.clock.now_ms()


def test_a_clock_that_is_wrong() -> None:
    right, state = make_state(), make_state()
    for wrong in (-300, 120):
        state.switch(clock_skew_s=wrong)
        ahead = state.clock.now_ms() - right.clock.now_ms()
        assert abs(ahead - wrong * 1000) < 1_000


def test_a_restart_remembers_history_forms_and_keys(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as before:
        before.begin_history(1_000)
        assert before.history is not None
        kept, gone = before.history.lead(7), before.history.lead(8)
        before.delete_lead(gone.id)
        before.keep_signing_key("pem")
        made = before.add_form(
            {"name": "New", "language": "en", "country": "US", "account": 512345678,
             "versions": [{"version": 1}]}
        )  # fmt: skip
        before.change_form(987654, {"headline": "Anew"})
    with remembering(path) as after:
        assert after.find(kept.id) == kept
        found = after.find(gone.id)
        assert found is not None
        assert found.deleted_at is not None
        assert after.signing_key == "pem"
        assert after.world.forms[made.id].name == "New"
