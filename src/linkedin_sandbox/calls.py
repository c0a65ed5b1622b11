"""One call of the REST API that passed the gate, and what its handler reads of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from linkedin_sandbox.errors import Refusal, invalid, no_permission, not_found, refuse
from linkedin_sandbox.notices import Pusher
from linkedin_sandbox.records import Token
from linkedin_sandbox.restli import Projection, Value, read_fields, read_leniently
from linkedin_sandbox.state import State
from linkedin_sandbox.switches import Switches
from linkedin_sandbox.world import Account, Json, Member, Owner

_DEFAULT_COUNT = 10
_DEFAULT_SIZE = 100
_LARGEST_NUMBER = 2**62


@dataclass(frozen=True)
class Created:
    """A new entity: 201 and its id in a header."""

    id: str


Answer = Json | Created | None
Handler = Callable[["Call"], Awaitable[Answer]]


@dataclass
class Call:
    """Who asks for what; parameters as they were understood."""

    state: State
    pusher: Pusher
    token: Token
    parameters: dict[str, Value]
    fields: Projection | None
    key: str = ""
    account_key: str = ""
    body: bytes = b""
    short_page: bool = False

    @property
    def member(self) -> Member:
        """Who asks."""
        return self.state.world.members[self.token.member]

    @property
    def switches(self) -> Switches:
        """How the sandbox is set."""
        return self.state.switches

    def text(self, name: str) -> str | None:
        """A plain value, or none where it is not given."""
        value = self.parameters.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"{name} must be a plain value")
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number of zero or more."""
        return whole_number(name, self.parameters.get(name, str(default)))

    def flag(self, name: str) -> bool:
        """`true` or `false`; false where it is not given."""
        value = self.parameters.get(name, "false")
        if value not in ("true", "false"):
            raise invalid(f"{name} must be true or false")
        return value == "true"

    def record(self, name: str) -> dict[str, Value]:
        """A record or union, its brackets literal."""
        value = self._structured(name)
        if not isinstance(value, dict):
            raise invalid(f"{name} must be a record")
        return value

    def listed(self, name: str) -> list[str]:
        """A list of plain values."""
        value = self._structured(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return [str(one) for one in value]
        raise invalid(f'{name}: "array type is not backed by a DataList"')

    def _structured(self, name: str) -> Value | None:
        value = self.parameters.get(name)
        if (
            isinstance(value, str)
            and self.switches.encoded_brackets == "accept"
            and value.startswith(("(", "List("))
        ):
            return read_leniently(name, value)
        return value

    def owner(self, name: str = "owner", *, wrapped: bool = False) -> Owner:
        """The owner of an `owner` parameter."""
        if name not in self.parameters:
            raise refuse(400, "MISSING_FIELD", f"{name} is required")
        owner: object = self.record(name)
        if wrapped:
            owner = owner.get("value") if isinstance(owner, dict) else None
        return read_owner(owner)

    def account(self) -> Account:
        """The ad account of the path, if the member may see it."""
        account = self.state.world.accounts.get(path_number(self.account_key))
        if account is None:
            raise not_found()
        if account.id not in self.member.account_roles:
            raise no_permission("adAccounts")
        return account

    def json_body(self) -> Json:
        """The entity in the body."""
        try:
            body = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise refuse(400, "BAD_REQUEST", "The body is not JSON.") from exc
        if not isinstance(body, dict):
            raise refuse(400, "BAD_REQUEST", "The body is not an object.")
        return body

    def by_offset(
        self, found: Sequence[Any], write: Callable[[Any], Json], *, tells_total: bool
    ) -> Json:
        """The page of a list with its paging; `count` is capped and echoed."""
        start = self.number("start", 0)
        count = min(self.number("count", _DEFAULT_COUNT), self.switches.max_count)
        page = found[start : start + count]
        if (self.short_page or self.switches.short_pages == "on") and len(page) > 4:
            # Reported of the real service: a short page with more behind it.
            page = page[:-4]
        paging: Json = {"start": start, "count": count, "links": []}
        total = self._total(len(found), has_page=len(page) > 0, tells=tells_total)
        if total is not None:
            paging["total"] = total
        return {"paging": paging, "elements": [write(row) for row in page]}

    def _total(self, number: int, *, has_page: bool, tells: bool) -> int | None:
        match self.switches.total:
            case "present":
                return number
            case "absent":
                return None
            case "constant":
                return 0
            case _:
                # The true number while elements remain, zero past the end.
                return (number if has_page else 0) if tells else None

    def by_cursor(self, found: Sequence[Json]) -> Json:
        """The page of a list with a token for the next."""
        if self.switches.paging == "offset":
            return self.by_offset(found, lambda row: row, tells_total=True)
        size = self.number("pageSize", _DEFAULT_SIZE)
        if not 1 <= size <= 1000:
            raise invalid("pageSize must be between 1 and 1000")
        start = self.number("pageToken", 0)
        metadata: Json = {}
        if start + size < len(found):
            metadata["nextPageToken"] = str(start + size)
        return {"metadata": metadata, "elements": list(found[start : start + size])}

    def batch(self, find: Callable[[str], Json]) -> Json:
        """Several entities by id; those that fail are told apart."""
        made: Json = {"results": {}, "statuses": {}, "errors": {}}
        for key in self.listed("ids"):
            try:
                made["results"][key] = find(key)
                made["statuses"][key] = 200
            except Refusal as exc:
                made["errors"][key] = exc.body
                made["statuses"][key] = exc.status
        return made


def whole_number(name: str, value: object) -> int:
    """A whole number of zero or more, of no more digits than LinkedIn's."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        found = int(value) if len(value) < 20 else _LARGEST_NUMBER
        return min(found, _LARGEST_NUMBER)
    raise invalid(f"{name} must be a number")


def path_number(key: str) -> int:
    """The number of a path; 404 where it is none."""
    if key.isascii() and key.isdecimal() and len(key) < 20:
        return int(key)
    raise not_found()


def urn_number(urn: object, kind: str) -> int | None:
    """The number of a URN of a kind, or none."""
    text = urn.removeprefix(f"urn:li:{kind}:") if isinstance(urn, str) else ""
    if text == urn or not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    return int(text)


def read_owner(union: object) -> Owner:
    """An owner union, or LinkedIn's refusal."""
    if isinstance(union, dict) and len(union) == 1:
        kind, urn = next(iter(union.items()))
        number = urn_number(urn, kind)
        if kind in {"sponsoredAccount", "organization"} and number is not None:
            return Owner(kind, number)
    message = "owner must be a sponsoredAccount or an organization with its URN"
    raise refuse(400, "INVALID_VALUE_FOR_FIELD", message)


def read_projection(raw: object) -> Projection | None:
    """The fields asked for, or none for the default."""
    return read_fields(raw) if isinstance(raw, str) else None
