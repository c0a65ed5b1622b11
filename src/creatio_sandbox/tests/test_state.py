import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from creatio_sandbox.faults import Faults
from creatio_sandbox.records import Desk
from creatio_sandbox.state import State, Token
from creatio_sandbox.switches import Switches
from creatio_sandbox.view import View
from creatio_sandbox.world import load

LINKEDIN = "6c7e2194-0b60-4b1c-a084-20a73d8cb06f"


def make_state() -> State:
    return State(load(), Switches())


@contextlib.contextmanager
def remembering(path: Path) -> Iterator[State]:
    state = make_state()
    state.remember_in(path)
    yield state
    state.close()


def write_lead(state: State, **values: object) -> str:
    view = View(state, Faults())
    desk = Desk(state, view, state.world.users["Supervisor"], text_decimals=True)
    row = desk.create(view.schema["Lead"], values)
    state.commit()
    state.flush()
    return str(row["Id"])


def test_a_restart_remembers(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as before:
        kept = write_lead(before, Contact="Zoë", Budget="12.50")
        gone = write_lead(before, Contact="Bea")
        before.drop("Lead", gone)
        before.drop("LeadSource", LINKEDIN)
        before.commit()
        before.add_token(Token("t", "lead-import", 2**40))
        before.change_client("lead-import", {"secret": "another"})
        before.change_user("lead_reader", {"rights": {"Lead": "r"}})
        before.change_setting("MaxFileSize", 20)
        row = dict(before.rows["Lead"][kept])
    with remembering(path) as after:
        assert after.rows["Lead"] == {kept: row}
        assert after.rows["Lead"][kept]["Budget"] == Decimal("12.50")
        assert LINKEDIN not in after.rows["LeadSource"]
        assert after.tokens["t"].client_id == "lead-import"
        assert after.clients["lead-import"].secret == "another"
        assert not after.world.users["lead_reader"].may("r", "Contact")
        assert after.setting("MaxFileSize") == 20


def test_a_half_written_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as state:
        first = write_lead(state, Contact="Ines")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind":"changes","changes":[["Lead","5d0b')
    with remembering(path) as state:
        second = write_lead(state, Contact="Ada")
    with remembering(path) as state:
        assert set(state.rows["Lead"]) == {first, second}


def test_what_is_rolled_back_was_never_there(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with remembering(path) as state:
        key = write_lead(state, Contact="Ines")
        row = state.rows["Lead"][key]
        state.put("Lead", {**row, "Contact": "?"})
        state.drop("Lead", key)
        state.put("Lead", {**row, "Id": "other"})
        state.roll_back()
        state.commit()
        assert state.rows["Lead"] == {key: row}
    with remembering(path) as state:
        assert state.rows["Lead"] == {key: row}


def test_leads_by_formula_are_the_same_every_time() -> None:
    one, two = (State(load(), Switches(), leads=100) for _time in range(2))
    assert len(one.rows["Lead"]) == 100
    assert one.rows["Lead"] == two.rows["Lead"]
    one.begin_anew()
    assert one.rows["Lead"] == two.rows["Lead"]
