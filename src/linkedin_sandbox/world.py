"""The world: members, applications, accounts, campaigns and forms; read from JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from linkedin_sandbox.places import line_of

Json = dict[str, Any]
LEAD_TYPES = ("SPONSORED", "EVENT", "COMPANY", "ORGANIZATION_PRODUCT")
ACCOUNT_ROLES = (
    "ACCOUNT_BILLING_ADMIN",
    "ACCOUNT_MANAGER",
    "CAMPAIGN_MANAGER",
    "CREATIVE_MANAGER",
    "VIEWER",
)
# The page roles with which LinkedIn lets a member read leads.
READING_ROLES = frozenset(
    {
        "ADMINISTRATOR",
        "LEAD_GEN_FORMS_MANAGER",
        "CONTENT_ADMINISTRATOR",
        "CURATOR",
        "ANALYST",
    }
)
_EVENT_ROLES = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR"})
_WRITING_ROLES = frozenset(ACCOUNT_ROLES) - {"VIEWER"}


class WorldError(Exception):
    """A world file that cannot be taken; the text names line and reason."""


@dataclass(frozen=True)
class Owner:
    """Whose leads: an ad account's or a company page's."""

    kind: str
    number: int

    @property
    def urn(self) -> str:
        """The owner's URN."""
        return f"urn:li:{self.kind}:{self.number}"

    @property
    def union(self) -> Json:
        """As the API writes it."""
        return {self.kind: self.urn}


@dataclass
class Member:
    """A person with an account at LinkedIn; roles by ad account and by page."""

    key: str
    sub: str
    given_name: str
    family_name: str
    email: str
    account_roles: dict[int, str] = field(default_factory=dict)
    page_roles: dict[int, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def urn(self) -> str:
        """The person URN."""
        return f"urn:li:person:{self.sub}"


@dataclass
class Application:
    """An application of the developer portal."""

    client_id: str
    client_secret: str
    scopes: list[str]
    redirect_uris: list[str]
    refresh_tokens: bool = True


@dataclass
class Group:
    """A campaign group."""

    id: int
    name: str


@dataclass
class Campaign:
    """A campaign of an ad account."""

    id: int
    name: str
    group: int
    type: str = "SPONSORED_UPDATES"
    objective: str = "LEAD_GENERATION"
    status: str = "ACTIVE"


@dataclass
class Creative:
    """An ad banner of a campaign."""

    id: int
    name: str
    campaign: int


@dataclass
class Account:
    """An ad account with its campaigns and creatives."""

    id: int
    name: str
    page: int | None = None
    currency: str = "EUR"
    status: str = "ACTIVE"
    type: str = "BUSINESS"
    test: bool = False
    groups: list[Group] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    creatives: list[Creative] = field(default_factory=list)

    @cached_property
    def creatives_of(self) -> dict[int, list[int]]:
        """The numbers of the creatives of each campaign."""
        found: dict[int, list[int]] = {}
        for creative in self.creatives:
            found.setdefault(creative.campaign, []).append(creative.id)
        return found


@dataclass
class Option:
    """One choice of a question."""

    id: int
    text: str


@dataclass
class Question:
    """A question of a form; with options it is multiple choice."""

    id: int
    text: str
    name: str
    required: bool = False
    predefined: str | None = None
    max_length: int = 300
    options: list[Option] = field(default_factory=list)


@dataclass
class Consent:
    """A custom check box."""

    id: int
    text: str
    required: bool = False


@dataclass
class HiddenField:
    """A hidden field with its fixed value."""

    name: str
    value: str


@dataclass
class Version:
    """What a form asked in one version."""

    version: int
    headline: str = ""
    description: str = ""
    thanks: str = ""
    questions: list[Question] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    hidden_fields: list[HiddenField] = field(default_factory=list)


@dataclass
class Form:
    """A lead form of an ad account or a page, with every version it has had."""

    id: int
    name: str
    language: str
    country: str
    versions: list[Version]
    account: int | None = None
    page: int | None = None
    lead_type: str = "SPONSORED"
    event: int | None = None
    state: str = "PUBLISHED"
    campaigns: list[int] = field(default_factory=list)
    # Rises with every change, also of the name.
    revision: int = 0

    @property
    def owner(self) -> Owner:
        """Whose form it is."""
        if self.account is not None:
            return Owner("sponsoredAccount", self.account)
        return Owner("organization", self.page or 0)

    @property
    def locale(self) -> str:
        """The key of localized texts."""
        return f"{self.language}_{self.country}"

    @property
    def version(self) -> int:
        """The number of the present version."""
        return self.versions[-1].version

    def content(self, version: int | None = None) -> Version:
        """The questions, consents and hidden fields of a version."""
        if version is None:
            return self.versions[-1]
        return next(row for row in self.versions if row.version == version)


@dataclass
class Event:
    """An event of a company page."""

    id: int
    page: int
    name: str


@dataclass
class _File:
    members: list[Member]
    applications: list[Application]
    pages: dict[int, str]
    accounts: list[Account]
    forms: list[Form]
    events: list[Event] = field(default_factory=list)


@dataclass
class World:
    """Everything that is there before anybody submits a lead."""

    members: dict[str, Member]
    applications: dict[str, Application]
    accounts: dict[int, Account]
    forms: dict[int, Form]
    pages: dict[int, str]
    events: dict[int, Event]

    @cached_property
    def members_by_urn(self) -> dict[str, Member]:
        """The members by their person URN."""
        return {member.urn: member for member in self.members.values()}

    def reads_leads(self, key: str, owner: Owner, lead_type: str) -> bool:
        """Whether LinkedIn lets the member read the owner's leads."""
        member = self.members[key]
        if owner.kind == "organization":
            wanted = _EVENT_ROLES if lead_type == "EVENT" else READING_ROLES
            return bool(wanted & set(member.page_roles.get(owner.number, ())))
        account = self.accounts.get(owner.number)
        if account is None or account.id not in member.account_roles:
            return False
        roles = member.page_roles.get(account.page, ()) if account.page else ()
        return bool(READING_ROLES & set(roles))

    def sees_forms(self, key: str, owner: Owner) -> bool:
        """Whether the member sees the owner's forms."""
        member = self.members[key]
        if owner.kind == "organization":
            return bool(READING_ROLES & set(member.page_roles.get(owner.number, ())))
        return owner.number in member.account_roles

    def writes_forms(self, key: str, owner: Owner) -> bool:
        """Whether the member may make and change forms of the owner."""
        return (
            owner.kind == "sponsoredAccount"
            and self.members[key].account_roles.get(owner.number) in _WRITING_ROLES
        )


def load(path: Path | None) -> World:
    """The world of a file, or the one that comes with the sandbox.

    Raises WorldError with line and reason.
    """
    if path is None:
        place = resources.files("linkedin_sandbox") / "world.json"
        return _build(place.read_text(encoding="utf-8"), "world.json")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise WorldError(f"{path}: {exc}") from exc
    return _build(text, str(path))


def _build(text: str, name: str) -> World:
    try:
        raw = msgspec.json.decode(text, type=_File)
    except msgspec.DecodeError as exc:
        where, reason = _place_of(text, exc)
        raise WorldError(f"{name}, line {where}: {reason}") from exc
    for path, reason in _contradictions(raw):
        raise WorldError(f"{name}, line {line_of(text, path)}: {reason}")
    return World(
        members={row.key: row for row in raw.members},
        applications={row.client_id: row for row in raw.applications},
        accounts={row.id: row for row in raw.accounts},
        forms={row.id: row for row in raw.forms},
        pages=raw.pages,
        events={row.id: row for row in raw.events},
    )


def _place_of(text: str, error: msgspec.DecodeError) -> tuple[int, str]:
    said = str(error)
    reason, _, path = said.partition(" - at `$")
    if isinstance(error, msgspec.ValidationError):
        return line_of(text, path.rstrip("`")), reason
    _, _, byte = said.rpartition("byte ")
    end = int(byte.rstrip(")")) if byte.rstrip(")").isdecimal() else len(text)
    return text.encode()[:end].count(b"\n") + 1, reason


Contradiction = tuple[str, str]


def _contradictions(raw: _File) -> Iterator[Contradiction]:
    yield from _doubles(raw)
    accounts = {account.id: account for account in raw.accounts}
    for number, member in enumerate(raw.members):
        for account, role in member.account_roles.items():
            path = f".members[{number}].account_roles"
            if account not in accounts:
                yield path, f"There is no ad account {account}."
            if role not in ACCOUNT_ROLES:
                yield path, f"There is no role {role}."
    for number, ad_account in enumerate(raw.accounts):
        if ad_account.page is not None and ad_account.page not in raw.pages:
            yield f".accounts[{number}].page", f"There is no page {ad_account.page}."
        campaigns = {campaign.id for campaign in ad_account.campaigns}
        for place, creative in enumerate(ad_account.creatives):
            if creative.campaign not in campaigns:
                path = f".accounts[{number}].creatives[{place}].campaign"
                yield path, f"There is no campaign {creative.campaign}."
    for number, form in enumerate(raw.forms):
        yield from _wrong_form(raw, form, f".forms[{number}]")


def _doubles(raw: _File) -> Iterator[Contradiction]:
    keyed: dict[str, list[str] | list[int]] = {
        "members": [row.key for row in raw.members],
        "applications": [row.client_id for row in raw.applications],
        "accounts": [row.id for row in raw.accounts],
        "forms": [row.id for row in raw.forms],
        "events": [row.id for row in raw.events],
    }
    for name, keys in keyed.items():
        if name in {"members", "applications"} and not keys:
            yield f".{name}", f"There must be at least one of the {name}."
        seen: set[object] = set()
        for number, key in enumerate(keys):
            if key in seen:
                yield f".{name}[{number}]", f"{key} is there twice."
            seen.add(key)


def _wrong_form(raw: _File, form: Form, path: str) -> Iterator[Contradiction]:
    if (form.account is None) == (form.page is None):
        yield path, "A form has either an account or a page."
    if form.account is not None and form.account not in {a.id for a in raw.accounts}:
        yield f"{path}.account", f"There is no ad account {form.account}."
    if form.page is not None and form.page not in raw.pages:
        yield f"{path}.page", f"There is no page {form.page}."
    if form.lead_type not in LEAD_TYPES:
        yield f"{path}.lead_type", f"There is no lead type {form.lead_type}."
    if (form.lead_type == "SPONSORED") != (form.account is not None):
        yield path, "SPONSORED goes with an ad account, the other types with a page."
    if (form.lead_type == "EVENT") != (form.event in {row.id for row in raw.events}):
        yield path, "A form of type EVENT, and no other, has an event that is there."
    if not form.versions:
        yield f"{path}.versions", "A form has at least one version."
    account = next((a for a in raw.accounts if a.id == form.account), None)
    for campaign in form.campaigns:
        if campaign not in {row.id for row in (account.campaigns if account else ())}:
            yield f"{path}.campaigns", f"There is no campaign {campaign}."
