"""What has happened so far, kept as events so that a restart remembers."""

from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from creatio_sandbox.clock import Clock
from creatio_sandbox.people import add_leads
from creatio_sandbox.schema import revive
from creatio_sandbox.switches import Switches
from creatio_sandbox.world import Client, Row, User, World, load

_MOST_LOGGED = 20_000
# Batches whose parts are logged: a hundred each.
_MOST_BATCHES = 500
_ENCODER = msgspec.json.Encoder(decimal_format="string")


@dataclass(slots=True)
class Token:
    """An access token; `expires_at` in seconds."""

    access: str
    client_id: str
    expires_at: int


@dataclass
class State:
    """Everything that changes; write to it through its verbs only."""

    world: World
    switches: Switches
    world_file: Path | None = None
    leads: int = 0
    clock: Clock = field(default_factory=Clock)
    tokens: dict[str, Token] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    log: deque[dict[str, Any]] = field(
        default_factory=lambda: deque(maxlen=_MOST_LOGGED)
    )
    logged: int = 0
    batches: deque[dict[str, Any]] = field(default_factory=deque)
    _file: BinaryIO | None = None
    _changes: list[tuple[str, str, Row | None]] = field(default_factory=list)
    _first_switches: Switches | None = None

    def __post_init__(self) -> None:
        self._first_switches = replace(self.switches)
        add_leads(self.world, self.leads)

    @property
    def rows(self) -> dict[str, dict[str, Row]]:
        """Records by object and id, without what is empty."""
        return self.world.rows

    @property
    def clients(self) -> dict[str, Client]:
        """The clients of the identity service."""
        return self.world.clients

    def setting(self, code: str) -> Any:
        """The value of a system setting."""
        held = self.world.settings.get(code)
        return None if held is None else held.value

    def user_of(self, client_id: str) -> User:
        """Whose rights the calls of a client have."""
        return self.world.users[self.clients[client_id].user]

    def log_parts(self, entry: dict[str, Any]) -> list[dict[str, str | None]]:
        """Where the parts of a batch are logged; those of old batches are dropped."""
        parts: list[dict[str, str | None]] = []
        entry["parts"] = parts
        self.batches.append(entry)
        if len(self.batches) > _MOST_BATCHES:
            self.batches.popleft()["parts"] = []
        return parts

    def remember_in(self, path: Path) -> None:
        """Take up what the file tells, and append to it from now on."""
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.exists():
            with path.open("rb") as lines:
                for line in lines:
                    # The last line may be half-written after a kill.
                    if line.endswith(b"\n"):
                        self._apply(msgspec.json.decode(line))
                        whole += len(line)
        self._file = path.open("ab")
        self._file.truncate(whole)

    def close(self) -> None:
        """Append to the file no more."""
        if self._file is not None:
            self._file.close()

    def begin_anew(self) -> None:
        """As at the start: what has happened since is forgotten, in the file too."""
        self.world = load(self.world_file)
        add_leads(self.world, self.leads)
        if self._first_switches is not None:
            self.switches = replace(self._first_switches)
        self.clock.offset_ms = 0
        self.tokens.clear()
        self.sessions.clear()
        self.log.clear()
        self.batches.clear()
        self._changes.clear()
        if self._file is not None:
            self._file.truncate(0)

    def _record(self, kind: str, **content: Any) -> None:
        self._write({"kind": kind, **content})
        self.flush()
        self._apply({"kind": kind, **content})

    def _write(self, event: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(_ENCODER.encode(event) + b"\n")

    def flush(self) -> None:
        """What was written survives the end of this process."""
        if self._file is not None:
            self._file.flush()

    def _apply(self, event: dict[str, Any]) -> None:
        content = {key: value for key, value in event.items() if key != "kind"}
        getattr(self, f"_on_{event['kind']}")(**content)

    def put(self, entity: str, row: Row) -> None:
        """A record is this from now on; `commit` or `roll_back` decides."""
        held = self.rows[entity]
        self._changes.append((entity, row["Id"], held.get(row["Id"])))
        held[row["Id"]] = row

    def drop(self, entity: str, record_id: str) -> None:
        """A record is there no more; `commit` or `roll_back` decides."""
        held = self.rows[entity]
        self._changes.append((entity, record_id, held[record_id]))
        del held[record_id]

    def mark(self) -> int:
        """A point to go back to."""
        return len(self._changes)

    def roll_back(self, mark: int = 0) -> None:
        """What was changed since the mark was not changed."""
        while len(self._changes) > mark:
            entity, record_id, before = self._changes.pop()
            if before is None:
                self.rows[entity].pop(record_id, None)
            else:
                self.rows[entity][record_id] = before

    def commit(self) -> None:
        """What was changed is so; one line, so that a torn one takes all of it."""
        if not self._changes:
            return
        if self._file is not None:
            changes = [
                (entity, record_id, self.rows[entity].get(record_id))
                for entity, record_id, _ in self._changes
            ]
            self._write({"kind": "changes", "changes": changes})
        self._changes.clear()

    def _on_changes(self, changes: list[tuple[str, str, Row | None]]) -> None:
        for entity, record_id, row in changes:
            if row is None:
                self.rows[entity].pop(record_id, None)
            else:
                self.rows[entity][record_id] = revive(self.world.schema[entity], row)

    def add_token(self, token: Token) -> None:
        """A token was given out."""
        self._record(
            "token",
            access=token.access,
            client_id=token.client_id,
            expires_at=token.expires_at,
        )

    def _on_token(self, **content: Any) -> None:
        token = Token(**content)
        self.tokens[token.access] = token

    def end_tokens(self, client_id: str | None = None) -> None:
        """The tokens of a client, or all, are expired; so are cookie sign-ins."""
        self._record("tokens_ended", client_id=client_id)

    def _on_tokens_ended(self, client_id: str | None) -> None:
        kept = [
            token
            for token in self.tokens.values()
            if client_id not in {None, token.client_id}
        ]
        self.tokens = {token.access: token for token in kept}
        if client_id is None:
            self.sessions.clear()

    def change_client(self, client_id: str, change: dict[str, Any]) -> None:
        """Another secret, switched off or on, another lifetime of its tokens."""
        msgspec.convert({**_told(self.clients[client_id]), **change}, Client)
        self._record("client", client_id=client_id, change=change)

    def _on_client(self, client_id: str, change: dict[str, Any]) -> None:
        present = _told(self.clients[client_id])
        self.clients[client_id] = msgspec.convert({**present, **change}, Client)

    def change_user(self, name: str, change: dict[str, Any]) -> None:
        """Other rights."""
        msgspec.convert({**_told(self.world.users[name]), **change}, User)
        self._record("user", name=name, change=change)

    def _on_user(self, name: str, change: dict[str, Any]) -> None:
        present = _told(self.world.users[name])
        self.world.users[name] = msgspec.convert({**present, **change}, User)

    def change_setting(self, code: str, value: Any) -> None:
        """A system setting is this."""
        self._record("setting", code=code, value=value)

    def _on_setting(self, code: str, value: Any) -> None:
        self.world.settings[code].value = value

    def sign_in(self, session: str, user: str) -> None:
        """Somebody signed in with a password."""
        self._record("session", session=session, user=user)

    def _on_session(self, session: str, user: str) -> None:
        self.sessions[session] = user

    def move_clock(self, offset_ms: int) -> None:
        """The sandbox's time is the machine's plus this."""
        self._record("clock", offset_ms=offset_ms)

    def _on_clock(self, offset_ms: int) -> None:
        self.clock.offset_ms = offset_ms


def _told(row: Client | User) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(row)
    return told
