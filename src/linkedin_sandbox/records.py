"""What the sandbox remembers: tokens, leads, subscriptions."""

from dataclasses import dataclass

from linkedin_sandbox.world import Owner

DAY_MS = 24 * 3600 * 1000


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


@dataclass(slots=True)
class Lead:
    """A submission; `submitted_at` in milliseconds. Answers by question id."""

    id: str
    form: int
    version: int
    account: int | None
    submitted_at: int
    test: bool
    campaign: int | None
    creative: int | None
    submitter: str
    answers: dict[str, str | list[int]]
    consents: dict[str, bool]
    deleted_at: int | None = None
    page: int | None = None
    lead_type: str = "SPONSORED"
    event: int | None = None

    @property
    def urn(self) -> str:
        """The response URN."""
        return f"urn:li:leadGenFormResponse:{self.id}"

    @property
    def owner(self) -> Owner:
        """Whose lead it is."""
        if self.account is not None:
            return Owner("sponsoredAccount", self.account)
        return Owner("organization", self.page or 0)


@dataclass
class Subscription:
    """A webhook subscription of an application; `next_check_at` in milliseconds."""

    id: int
    client_id: str
    webhook: str
    account: int | None
    lead_type: str = "SPONSORED"
    page: int | None = None
    event: int | None = None
    form: str | None = None
    next_check_at: int = 0
    failures: int = 0
    is_blocked: bool = False

    @property
    def owner(self) -> Owner:
        """Whose leads it tells of."""
        if self.account is not None:
            return Owner("sponsoredAccount", self.account)
        return Owner("organization", self.page or 0)


@dataclass
class Code:
    """An authorization code, good for one exchange; `until` in seconds."""

    member: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    until: int
    nonce: str | None = None


@dataclass
class Fault:
    """A fault of one endpoint, for as long as `count` lasts."""

    endpoint: str
    kind: str
    probability: float = 1.0
    count: int | None = None
    seed: int = 0
    latency_ms: int = 0
