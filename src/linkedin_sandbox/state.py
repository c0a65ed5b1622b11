"""What has happened so far, kept as events so that a restart remembers."""

import json
import uuid
from bisect import bisect_left, bisect_right, insort
from collections import Counter, deque
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

import msgspec

from linkedin_sandbox.clock import Clock
from linkedin_sandbox.history import History, number_of
from linkedin_sandbox.records import DAY_MS, Code, Lead, Subscription, Token
from linkedin_sandbox.switches import Switches
from linkedin_sandbox.world import Form, Json, Owner, Version, World, load

CHECK_MS = 2 * 3600 * 1000
FIRST_SUBSCRIPTION = 4711
_MOST_LOGGED = 20_000
_CONTENT = (
    "questions",
    "consents",
    "hidden_fields",
    "headline",
    "description",
    "thanks",
)


def _moment(lead: Lead) -> tuple[int, str]:
    return lead.submitted_at, lead.id


@dataclass
class State:
    """Everything that changes; write to it through its verbs only."""

    world: World
    switches: Switches
    clock: Clock = field(default_factory=Clock)
    history: History | None = None
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    # Those that are not deleted, oldest first.
    by_owner: dict[Owner, list[Lead]] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    quotas: dict[str, tuple[int, int]] = field(default_factory=dict)
    signing_key: str = ""
    calls: Counter[tuple[object, ...]] = field(default_factory=Counter)
    log: deque[Json] = field(default_factory=lambda: deque(maxlen=_MOST_LOGGED))
    pushes: deque[Json] = field(default_factory=lambda: deque(maxlen=_MOST_LOGGED))
    logged: int = 0
    _file: TextIO | None = None
    _first_switches: Switches | None = None

    def __post_init__(self) -> None:
        self._first_switches = replace(self.switches)
        self.switch()

    def switch(self, **wanted: object) -> None:
        """Behave otherwise from now on; raises ValueError with a sentence."""
        self.switches.change(**wanted)
        self.clock.skew_ms = self.switches.clock_skew_s * 1000

    def remember_in(self, path: Path) -> None:
        """Take up what the file tells, and append to it from now on."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    # The last line may be half-written after a kill.
                    if line.endswith("\n"):
                        self._apply(json.loads(line))
        for row in self.subscriptions.values():
            # While nobody ran nobody checked; and others may still be starting.
            row.next_check_at = self.clock.now_ms() + CHECK_MS
        _cut_half_line(path)
        self._file = path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Append to the file no more."""
        if self._file is not None:
            self._file.close()

    def begin_anew(self) -> None:
        """As at the start: what has happened since is forgotten, in the file too."""
        past = self.history
        self.world = load(self.switches.world)
        if self._first_switches is not None:
            self.switches = replace(self._first_switches)
        self.switch()
        self.clock.offset_ms = 0
        for kept in (self.tokens, self.codes, self.leads, self.by_owner, self.calls):
            kept.clear()
        for rows in (self.subscriptions, self.log, self.pushes, self.quotas):
            rows.clear()
        if self._file is not None:
            self._file.truncate(0)
        self.history = None
        if past is not None:
            self.begin_history(past.count, until=past.until)

    def _record(self, kind: str, **content: Any) -> None:
        event = {"kind": kind, **content}
        self._apply(event)
        if self._file is not None:
            self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._file.flush()

    def _apply(self, event: Json) -> None:
        content = {key: value for key, value in event.items() if key != "kind"}
        getattr(self, f"_on_{event['kind']}")(**content)

    def begin_history(self, count: int, *, until: int | None = None) -> None:
        """So many leads lie behind us."""
        at = until if until is not None else self.clock.now_ms()
        self._record("history", count=count, until=at)

    def _on_history(self, count: int, until: int) -> None:
        versions = {form.id: form.version for form in self.world.forms.values()}
        self.history = History(self.world, count, until, versions)

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

    def end_tokens(
        self, *, member: str, state: str, client_id: str | None = None
    ) -> None:
        """The tokens of a member, of one application or of all, end."""
        self._record("tokens_ended", member=member, state=state, client_id=client_id)

    def _on_tokens_ended(
        self, member: str, state: str, client_id: str | None = None
    ) -> None:
        for token in self.tokens.values():
            if token.member == member and client_id in {None, token.client_id}:
                token.state = state

    def end_token(self, token: Token) -> None:
        """One token is revoked."""
        self._record("token_ended", access=token.access)

    def _on_token_ended(self, access: str) -> None:
        self.tokens[access].state = "revoked"

    def set_redirects(self, *, client_id: str, redirect_uris: list[str]) -> None:
        """The redirect addresses of an application are these."""
        self._record("redirects", client_id=client_id, redirect_uris=redirect_uris)

    def _on_redirects(self, client_id: str, redirect_uris: list[str]) -> None:
        self.world.applications[client_id].redirect_uris = redirect_uris

    def keep_signing_key(self, key: str) -> None:
        """The key that signs the id tokens, as PEM."""
        self._record("signing_key", key=key)

    def _on_signing_key(self, key: str) -> None:
        self.signing_key = key

    def add_lead(self, lead: Lead) -> None:
        """A person submitted a form, or submitted it again."""
        self._record("lead", **asdict(lead))

    def _on_lead(self, **content: Any) -> None:
        lead = Lead(**content)
        if lead.id in self.leads:
            self._take_off(self.leads[lead.id])
        elif self.history is not None:
            self._leave_to_us(lead.id)
        self.leads[lead.id] = lead
        if lead.deleted_at is None:
            insort(self.by_owner.setdefault(lead.owner, []), lead, key=_moment)

    def _leave_to_us(self, lead_id: str) -> None:
        number = number_of(lead_id)
        if self.history is not None and number is not None:
            self.history.drop(number)

    def _take_off(self, lead: Lead) -> None:
        row = self.by_owner.get(lead.owner, [])
        at = bisect_left(row, _moment(lead), key=_moment)
        if at < len(row) and row[at] is lead:
            del row[at]

    def delete_lead(self, lead_id: str) -> Lead | None:
        """A submission was withdrawn; none where there is no such lead."""
        if self.find(lead_id) is None:
            return None
        self._record("lead_deleted", lead_id=lead_id, at=self.clock.now_ms())
        return self.leads[lead_id]

    def _on_lead_deleted(self, lead_id: str, at: int) -> None:
        lead = self.find(lead_id)
        if lead is None:
            return
        self._leave_to_us(lead_id)
        if lead_id in self.leads:
            self._take_off(lead)
        lead.deleted_at = at
        self.leads[lead_id] = lead

    def find(self, lead_id: str) -> Lead | None:
        """The lead with this id, deleted ones too."""
        if lead_id in self.leads:
            return self.leads[lead_id]
        number = number_of(lead_id) if self.history is not None else None
        if number is None or self.history is None or not self.history.has(number):
            return None
        return self.history.lead(number)

    def oldest_visible(self) -> int:
        """Leads from before this moment are shown no more."""
        return self.clock.now_ms() - self.switches.retention_days * DAY_MS

    def visible(self, lead: Lead) -> bool:
        """Whether the API still shows a lead: not deleted, not too old."""
        return lead.deleted_at is None and lead.submitted_at >= self.oldest_visible()

    def submitted(self, owner: Owner, start: int, end: int) -> list[Lead]:
        """The owner's own submissions of a time, both ends included, oldest first."""
        row = self.by_owner.get(owner, [])
        first = bisect_left(row, (start, ""), key=_moment)
        last = bisect_right(row, (end, "\uffff"), key=_moment)
        return row[first:last]

    def next_number(self) -> int:
        """The number of the next submission."""
        return len(self.leads) + (self.history.count if self.history else 0)

    def add_subscription(self, wanted: Subscription) -> int:
        """An application subscribed; returns the id."""
        number = max(self.subscriptions, default=FIRST_SUBSCRIPTION - 1) + 1
        next_check_at = self.clock.now_ms() + CHECK_MS
        made = replace(wanted, id=number, next_check_at=next_check_at)
        self._record("subscription", **asdict(made))
        return number

    def _on_subscription(self, **content: Any) -> None:
        made = Subscription(**content)
        made.next_check_at = made.next_check_at or self.clock.now_ms() + CHECK_MS
        self.subscriptions[made.id] = made

    def note_check(
        self, row: Subscription, *, passed: bool, next_check_at: int
    ) -> None:
        """A webhook address was checked again; three failures in a row block it."""
        failures = 0 if passed else row.failures + 1
        changed = replace(
            row,
            failures=failures,
            is_blocked=not passed and (row.is_blocked or failures >= 3),
            next_check_at=next_check_at,
        )
        self._record("subscription", **asdict(changed))

    def drop_subscription(self, number: int) -> None:
        """An application unsubscribed."""
        self._record("subscription_dropped", number=number)

    def _on_subscription_dropped(self, number: int) -> None:
        del self.subscriptions[number]

    def add_form(self, content: Json) -> Form:
        """Somebody made a form."""
        number = max(self.world.forms, default=0) + 1
        self._record("form_added", content={**content, "id": number})
        return self.world.forms[number]

    def _on_form_added(self, content: Json) -> None:
        form = msgspec.convert(content, Form)
        self.world.forms[form.id] = form

    def change_form(self, form_id: int, change: Json) -> Form:
        """A new version of a form, another name or another state.

        Raises msgspec.ValidationError for content that is none.
        """
        self._newest(form_id, change)
        self._record("form", form_id=form_id, change=change)
        return self.world.forms[form_id]

    def _newest(self, form_id: int, change: Json) -> Version | None:
        parts = {key: change[key] for key in _CONTENT if key in change}
        if not parts:
            return None
        form = self.world.forms[form_id]
        present = msgspec.to_builtins(form.content())
        return msgspec.convert(
            {**present, **parts, "version": form.version + 1}, Version
        )

    def _on_form(self, form_id: int, change: Json) -> None:
        form = self.world.forms[form_id]
        form.name = change.get("name", form.name)
        form.state = change.get("state", form.state)
        form.revision += 1
        newest = self._newest(form_id, change)
        if newest is not None:
            form.versions.append(newest)

    def move_clock(self, offset_ms: int) -> None:
        """The sandbox's time is the machine's plus this."""
        self._record("clock", offset_ms=offset_ms)

    def _on_clock(self, offset_ms: int) -> None:
        self.clock.offset_ms = offset_ms

    def new_lead_id(self) -> str:
        """An id of LinkedIn's shape: UUID, hyphen, number."""
        return f"{uuid.uuid4()}-{len(self.leads) % 100}"


def _cut_half_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
