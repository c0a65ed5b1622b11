"""The world: members, applications, accounts, campaigns and forms; read from JSON."""

import json
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

Json = dict[str, Any]
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


@dataclass
class Member:
    """A person with an account at LinkedIn; roles by ad account and by page."""

    key: str
    sub: str
    given_name: str
    family_name: str
    email: str
    account_roles: dict[int, str]
    page_roles: dict[int, list[str]]

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
class Account:
    """An ad account with its campaigns and creatives."""

    id: int
    name: str
    page: int | None
    currency: str = "EUR"
    status: str = "ACTIVE"
    test: bool = False
    groups: list[Json] = field(default_factory=list)
    campaigns: list[Json] = field(default_factory=list)
    creatives: list[Json] = field(default_factory=list)


@dataclass
class Form:
    """A lead form with every version it has had."""

    id: int
    account: int
    name: str
    language: str
    country: str
    versions: list[Json]
    state: str = "PUBLISHED"
    campaigns: list[int] = field(default_factory=list)

    @property
    def locale(self) -> str:
        """The key of localized texts."""
        return f"{self.language}_{self.country}"

    @property
    def version(self) -> int:
        """The number of the present version."""
        return int(self.versions[-1]["version"])

    def content(self, version: int | None = None) -> Json:
        """The questions, consents and hidden fields of a version."""
        if version is None:
            return self.versions[-1]
        return next(row for row in self.versions if row["version"] == version)


@dataclass
class World:
    """Everything that is there before anybody submits a lead."""

    members: dict[str, Member]
    applications: dict[str, Application]
    accounts: dict[int, Account]
    forms: dict[int, Form]
    pages: dict[int, str]

    def page_roles(self, member: str, page: int | None) -> list[str]:
        """The member's roles on a company page."""
        return self.members[member].page_roles.get(page, []) if page else []

    def reads_leads(self, member: str, account: int) -> bool:
        """Whether LinkedIn lets the member read the account's leads."""
        if account not in self.members[member].account_roles:
            return False
        roles = self.page_roles(member, self.accounts[account].page)
        return any(role in READING_ROLES for role in roles)


def load(path: Path | None) -> World:
    """The world of a file, or the one that comes with the sandbox."""
    if path is None:
        place = resources.files("linkedin_sandbox") / "world.json"
        text = place.read_text(encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
    return _build(json.loads(text))


def _build(raw: Json) -> World:
    return World(
        members={
            row["key"]: Member(
                **{
                    **row,
                    "account_roles": _by_number(row["account_roles"]),
                    "page_roles": _by_number(row["page_roles"]),
                }
            )
            for row in raw["members"]
        },
        applications={
            row["client_id"]: Application(**row) for row in raw["applications"]
        },
        accounts={row["id"]: Account(**row) for row in raw["accounts"]},
        forms={row["id"]: Form(**row) for row in raw["forms"]},
        pages=_by_number(raw["pages"]),
    )


def _by_number(raw: Json) -> dict[int, Any]:
    return {int(key): value for key, value in raw.items()}
