"""What has happened so far, kept as events so that a restart remembers."""

import json
import uuid
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from linkedin_sandbox.clock import Clock
from linkedin_sandbox.world import Form, Json, World, load

DAY_MS = 24 * 3600 * 1000
_MOST_LOGGED = 20_000


@dataclass
class Token:
    """An access token and the refresh token that came with it; times in seconds."""

    access: str
    refresh: str | None
    client_id: str
    member: str
    scopes: list[str]
    issued_at: int
    expires_at: int
    consented_at: int
    state: str = "active"


@dataclass
class Lead:
    """A submission; `submitted_at` in milliseconds. Answers by question id."""

    id: str
    form: int
    version: int
    account: int
    submitted_at: int
    test: bool
    campaign: int | None
    creative: int | None
    submitter: str
    answers: dict[str, str | list[int]]
    consents: dict[str, bool]
    deleted_at: int | None = None

    @property
    def urn(self) -> str:
        """The response URN."""
        return f"urn:li:leadGenFormResponse:{self.id}"


@dataclass
class Subscription:
    """A webhook subscription of an application."""

    id: int
    client_id: str
    webhook: str
    account: int
    lead_type: str = "SPONSORED"


@dataclass
class Fault:
    """A fault of one endpoint, for as long as `count` lasts."""

    endpoint: str
    kind: str
    probability: float = 1.0
    count: int | None = None
    seed: int = 0
    latency_ms: int = 0


@dataclass
class Settings:
    """Switches that are given at the start."""

    versions: list[str]
    world: Path | None = None
    latency_ms: int = 0
    retention_days: int = 90
    max_count: int = 1000


@dataclass
class State:
    """Everything that changes; write to it through its verbs only."""

    world: World
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Json] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    by_account: dict[int, list[Lead]] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    log: deque[Json] = field(default_factory=lambda: deque(maxlen=_MOST_LOGGED))
    pushes: deque[Json] = field(default_factory=lambda: deque(maxlen=_MOST_LOGGED))
    logged: int = 0
    _file: TextIO | None = None

    def remember_in(self, path: Path) -> None:
        """Take up what the file tells, and append to it from now on."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    # The last line may be half-written after a kill.
                    if line.endswith("\n"):
                        self._apply(json.loads(line))
        _cut_half_line(path)
        self._file = path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Append to the file no more."""
        if self._file is not None:
            self._file.close()

    def begin_anew(self) -> None:
        """Forget everything that has happened, in the file too."""
        self.world = load(self.settings.world)
        self.clock.offset_ms = 0
        for kept in (self.tokens, self.codes, self.leads, self.by_account):
            kept.clear()
        for rows in (self.subscriptions, self.log, self.pushes):
            rows.clear()
        if self._file is not None:
            self._file.truncate(0)

    def _record(self, kind: str, **content: Any) -> None:
        event = {"kind": kind, **content}
        self._apply(event)
        if self._file is not None:
            self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._file.flush()

    def _apply(self, event: Json) -> None:
        content = {key: value for key, value in event.items() if key != "kind"}
        getattr(self, f"_on_{event['kind']}")(**content)

    def add_token(self, token: Token) -> None:
        """A token was issued."""
        self._record("token", **asdict(token))

    def _on_token(self, **content: Any) -> None:
        token = Token(**content)
        for other in self.tokens.values():
            # Asking for other scopes ends every earlier token of the member.
            if (
                (other.member, other.client_id) == (token.member, token.client_id)
                and set(other.scopes) != set(token.scopes)
                and other.state == "active"
            ):
                other.state = "revoked"
        self.tokens[token.access] = token

    def end_tokens(self, *, member: str, state: str) -> None:
        """All tokens of a member are revoked or expired."""
        self._record("tokens_ended", member=member, state=state)

    def _on_tokens_ended(self, member: str, state: str) -> None:
        for token in self.tokens.values():
            if token.member == member:
                token.state = state

    def set_redirects(self, *, client_id: str, redirect_uris: list[str]) -> None:
        """The redirect addresses of an application are these."""
        self._record("redirects", client_id=client_id, redirect_uris=redirect_uris)

    def _on_redirects(self, client_id: str, redirect_uris: list[str]) -> None:
        self.world.applications[client_id].redirect_uris = redirect_uris

    def add_lead(self, lead: Lead) -> None:
        """A person submitted a form, or submitted it again."""
        self._record("lead", **asdict(lead))

    def _on_lead(self, **content: Any) -> None:
        lead = Lead(**content)
        if lead.id in self.leads:
            self.by_account[lead.account].remove(self.leads[lead.id])
        self.leads[lead.id] = lead
        self.by_account.setdefault(lead.account, []).append(lead)

    def delete_lead(self, lead_id: str) -> Lead:
        """A submission was withdrawn."""
        self._record("lead_deleted", lead_id=lead_id, at=self.clock.now_ms())
        return self.leads[lead_id]

    def _on_lead_deleted(self, lead_id: str, at: int) -> None:
        self.leads[lead_id].deleted_at = at

    def add_subscription(self, *, client_id: str, webhook: str, account: int) -> int:
        """An application subscribed; returns the id."""
        number = max(self.subscriptions, default=4710) + 1
        made = Subscription(number, client_id, webhook, account)
        self._record("subscription", **asdict(made))
        return number

    def _on_subscription(self, **content: Any) -> None:
        made = Subscription(**content)
        self.subscriptions[made.id] = made

    def drop_subscription(self, number: int) -> None:
        """An application unsubscribed."""
        self._record("subscription_dropped", number=number)

    def _on_subscription_dropped(self, number: int) -> None:
        del self.subscriptions[number]

    def change_form(self, form_id: int, change: Json) -> Form:
        """A new version of a form, another name or another state."""
        self._record("form", form_id=form_id, change=change)
        return self.world.forms[form_id]

    def _on_form(self, form_id: int, change: Json) -> None:
        form = self.world.forms[form_id]
        form.name = change.get("name", form.name)
        form.state = change.get("state", form.state)
        parts = {key: change[key] for key in _CONTENT if key in change}
        if parts:
            newest = {**form.content(), **parts, "version": form.version + 1}
            form.versions.append(newest)

    def move_clock(self, offset_ms: int) -> None:
        """The sandbox's time is the machine's plus this."""
        self._record("clock", offset_ms=offset_ms)

    def _on_clock(self, offset_ms: int) -> None:
        self.clock.offset_ms = offset_ms

    def visible(self, lead: Lead) -> bool:
        """Whether the API still shows a lead: not deleted, not too old."""
        oldest = self.clock.now_ms() - self.settings.retention_days * DAY_MS
        return lead.deleted_at is None and lead.submitted_at >= oldest

    def new_lead_id(self) -> str:
        """An id of LinkedIn's shape: UUID, hyphen, number."""
        return f"{uuid.uuid4()}-{len(self.leads) % 100}"


_CONTENT = (
    "questions",
    "consents",
    "hidden_fields",
    "headline",
    "description",
    "thanks",
)


def _cut_half_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
