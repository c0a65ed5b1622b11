"""Every prerequisite of one integration, looked at by itself; for a worker."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadferry.accounts import settings as system_settings
from leadferry.integrations import calls, clients, connect, services
from leadferry.integrations.addresses import is_public
from leadferry.integrations.checks import CHECKED_WITHIN, SOON, Check, Found
from leadferry.integrations.models import (
    AdAccountAccess,
    Finding,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.sunsets import renews_until, sunset_of
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError, TemporaryError
from leadferry.linkedin import wire
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import (
    ClientRefused,
    GrantDead,
    MissingRight,
    Throttled,
    TokenDead,
    VersionSunset,
)

State = Finding.State
# Where a scope grants writing, too, it is named otherwise.
_SCOPES = (
    ("r_marketing_leadgen_automation",),
    ("r_ads", "rw_ads"),
    ("r_organization_admin", "rw_organization_admin"),
)
_CLOCK_WARNS, _CLOCK_BROKEN = timedelta(minutes=1), timedelta(minutes=10)
_SCARCE = 0.9
_MOST_USERS = 10
# What cannot be asked without a token that is good and a version that is spoken.
_READY = (Check.TOKEN, Check.VERSION)
Judged = tuple[str, str, str]


@dataclass(kw_only=True)
class _Way:
    """One user who should reach the ad account, and what LinkedIn said of that."""

    user: LinkedInUser
    roles: Mapping[int | None, str]
    error: LeadferryError | None
    ahead: timedelta | None


def examine(integration: Integration, *, checked_at: datetime | None) -> list[Found]:
    """Make every check; `checked_at` is when LinkedIn last checked our address."""
    examination = _Examination(integration, checked_at)
    examination.run()
    return [examination.found[check] for check in Check]


@contextmanager
def _speaking_for(user: LinkedInUser) -> Iterator[LinkedInClient]:
    with clients.client_of(user) as client:
        try:
            yield client
        finally:
            calls.note_calls(user, client.take_calls())


def _way(user: LinkedInUser) -> _Way:
    roles: dict[int | None, str] = {}
    error: LeadferryError | None = None
    with _speaking_for(user) as client:
        try:
            roles = {row.account_id: row.role for row in client.ad_account_users()}
        except LeadferryError as exc:
            error = exc
        return _Way(user=user, roles=roles, error=error, ahead=client.clock_ahead)


class _Examination:
    """The checks of one integration, later ones knowing what earlier ones found."""

    def __init__(self, integration: Integration, checked_at: datetime | None) -> None:
        self.found: dict[Check, Found] = {}
        self._integration = integration
        self._account = integration.ad_account.account_id
        self._checked_at = checked_at
        self._introspection: wire.Introspection | None = None
        self._organization: int | None = None

    def run(self) -> None:
        """All of them."""
        users = self._connected()
        if not LinkedInApplication.objects.exists():
            self._note(Check.APPLICATION, State.BROKEN, "none")
            self._block_rest(by=Check.APPLICATION)
        elif not users:
            self._make(Check.APPLICATION, lambda: self._try_application(None))
            self._make(Check.TOKEN, self._judge_nobody)
            self._block_rest(by=Check.TOKEN)
        else:
            ways = [_way(user) for user in users[:_MOST_USERS]]
            reaching = [way for way in ways if self._account in way.roles]
            self._through(reaching[0] if reaching else ways[0])
            self._make(Check.USERS, lambda: self._judge_users(ways), needs=_READY)
        self._make(Check.VALIDATION, self._judge_validation)

    def _connected(self) -> list[LinkedInUser]:
        users = LinkedInUser.objects.filter(
            adaccountaccess__ad_account=self._integration.ad_account_id,
            state=LinkedInUser.State.ACTIVE,
            expires_at__gt=clock.now(),
        )
        return list(users.order_by("-expires_at", "pk"))

    def _through(self, way: _Way) -> None:
        user, error = way.user, way.error
        self._make(Check.APPLICATION, lambda: self._try_application(user))
        self._make(Check.TOKEN, lambda: self._judge_token(way))
        self._make(Check.VERSION, lambda: _judge_version(error))
        self._make(Check.CLOCK, lambda: _judge_clock(way.ahead))
        self._make(Check.BUDGET, lambda: _judge_budget(user))
        self._make(
            Check.SCOPES, self._judge_scopes, needs=(Check.APPLICATION, Check.TOKEN)
        )
        self._make(Check.ACCOUNT_ROLE, lambda: self._judge_role(way), needs=_READY)
        with _speaking_for(user) as client:
            self._make(
                Check.PAGE,
                lambda: self._look_for_page(client),
                needs=(*_READY, Check.ACCOUNT_ROLE),
            )
            self._make(
                Check.PAGE_ROLE,
                lambda: self._look_for_page_role(client),
                needs=(*_READY, Check.PAGE),
            )
            self._make(Check.LEADS, lambda: self._read_leads(client), needs=_READY)
            self._make(
                Check.SUBSCRIPTION, lambda: self._look_for_ours(client), needs=_READY
            )

    def _note(self, check: Check, state: str, reason: str, detail: str = "") -> None:
        self.found[check] = Found(
            check=check, state=state, reason=reason, detail=detail[:300]
        )

    def _block_rest(self, *, by: Check) -> None:
        for check in Check:
            if check not in self.found and check != Check.VALIDATION:
                self._note(check, State.UNKNOWN, "blocked", by)

    def _is_down(self, check: Check) -> bool:
        return self.found[check].state in {State.BROKEN, State.UNKNOWN}

    def _make(
        self,
        check: Check,
        judge: Callable[[], Judged],
        *,
        needs: Sequence[Check] = (),
    ) -> None:
        down = [need for need in needs if self._is_down(need)]
        if down:
            # What is broken says more than what is not known because of it.
            down.sort(key=lambda need: self.found[need].state != State.BROKEN)
            self._note(check, State.UNKNOWN, "blocked", down[0])
            return
        try:
            self._note(check, *judge())
        except (MissingRight, RejectedError, ClientRefused):
            self._note(check, State.BROKEN, "refused")
        except Throttled:
            self._note(check, State.UNKNOWN, "throttled")
        except LeadferryError:
            # Also a token or a version that ended between two of these calls.
            self._note(check, State.UNKNOWN, "unreachable")

    def _try_application(self, user: LinkedInUser | None) -> Judged:
        ours = clients.application()
        if user is None:
            connect.try_application(
                client_id=ours.client_id, client_secret=ours.client_secret
            )
            return State.WORKS, "accepted", ""
        try:
            self._introspection = clients.oauth().introspect(token=user.access_token)
        except GrantDead:
            # LinkedIn knows the application, and not the token.
            self._introspection = wire.Introspection(active=False)
        return State.WORKS, "accepted", ""

    def _judge_nobody(self) -> Judged:
        given = LinkedInUser.objects.filter(
            adaccountaccess__ad_account=self._integration.ad_account_id,
            state=LinkedInUser.State.ACTIVE,
        )
        if any(clients.can_renew(user) for user in given):
            return State.UNKNOWN, "renewing", ""
        return State.BROKEN, "no-user", ""

    def _judge_token(self, way: _Way) -> Judged:
        told, error, user = self._introspection, way.error, way.user
        if isinstance(error, TokenDead):
            return _judge_dead(user, error.reason)
        if told is not None and not told.active:
            status = told.status if told.status in {"expired", "revoked"} else "invalid"
            return _judge_dead(user, status)
        if told is None and isinstance(error, VersionSunset):
            return State.UNKNOWN, "blocked", Check.VERSION
        if told is None and isinstance(error, TemporaryError):
            raise error
        if renews_until(user) is None and user.expires_at - clock.now() <= SOON:
            return State.WARNS, "ends-soon", user.expires_at.date().isoformat()
        return State.WORKS, "active", ""

    def _judge_scopes(self) -> Judged:
        told = self._introspection
        granted = told.scope.replace(",", " ").split() if told is not None else []
        missing = [names[0] for names in _SCOPES if not set(names) & set(granted)]
        if missing:
            return State.BROKEN, "missing", " ".join(missing)
        return State.WORKS, "granted", ""

    def _judge_role(self, way: _Way) -> Judged:
        if way.error is not None:
            raise way.error
        role = way.roles.get(self._account)
        if role is None:
            return State.BROKEN, "no-role", ""
        return State.WORKS, "held", role

    def _look_for_page(self, client: LinkedInClient) -> Judged:
        account = next(
            (one for one in client.ad_accounts() if one.id == self._account), None
        )
        if account is None:
            return State.BROKEN, "not-active", ""
        self._organization = account.organization_id
        if self._organization is None:
            return State.BROKEN, "no-page", ""
        return State.WORKS, "present", str(self._organization)

    def _look_for_page_role(self, client: LinkedInClient) -> Judged:
        readable = connect.readable_organizations(list(client.organization_acls()))
        if self._organization not in readable:
            return State.BROKEN, "no-role", str(self._organization)
        return State.WORKS, "held", str(self._organization)

    def _read_leads(self, client: LinkedInClient) -> Judged:
        now = clock.now_ms()
        client.count_responses(self._account, start_ms=now - calls.DAY_MS, end_ms=now)
        return State.WORKS, "readable", ""

    def _look_for_ours(self, client: LinkedInClient) -> Judged:
        if not system_settings.read(system_settings.URL_TO_GET_LEADS):
            return State.WARNS, "no-address", ""
        url = services.notices_url()
        if any(row.webhook == url for row in client.notifications(self._account)):
            return State.WORKS, "subscribed", ""
        return State.BROKEN, "missing", ""

    def _judge_validation(self) -> Judged:
        url = system_settings.read(system_settings.URL_TO_GET_LEADS)
        at = self._checked_at
        if at is not None and clock.now() - at <= CHECKED_WITHIN:
            return State.WORKS, "checked", at.isoformat()
        if not is_public(url):
            return State.WARNS, "not-public", ""
        if at is None:
            return State.BROKEN, "never", ""
        return State.BROKEN, "late", at.isoformat()

    def _judge_users(self, ways: Sequence[_Way]) -> Judged:
        failed = [way for way in ways if isinstance(way.error, TemporaryError)]
        reaching = [way for way in ways if self._account in way.roles]
        lost = self._lost(ways)
        if lost:
            state = State.WARNS if reaching else State.BROKEN
            return state, "lost-role", ",".join(map(str, lost))
        if len(reaching) > 1:
            return State.WORKS, "several", str(len(reaching))
        if failed:
            raise failed[0].error or Throttled("")
        return State.WARNS, "single", str(reaching[0].user.pk)

    def _lost(self, ways: Sequence[_Way]) -> list[int]:
        """Users who were given the ad account and do not reach it any more."""
        gone = AdAccountAccess.objects.filter(
            ad_account=self._integration.ad_account_id
        ).exclude(user__in=[way.user for way in ways])
        lost = [
            way.user.pk
            for way in ways
            if self._account not in way.roles
            and not isinstance(way.error, TemporaryError)
        ]
        # Beyond so many, nobody was asked.
        over = self._connected()[_MOST_USERS:]
        return sorted(
            {*lost, *gone.exclude(user__in=over).values_list("user", flat=True)}
        )


def _judge_version(error: LeadferryError | None) -> Judged:
    version = clients.application().api_version
    if isinstance(error, VersionSunset):
        return State.BROKEN, "sunset", version
    if isinstance(error, TokenDead):
        return State.UNKNOWN, "blocked", Check.TOKEN
    if isinstance(error, TemporaryError):
        raise error
    end = sunset_of(version)
    if end is not None and end - clock.now() <= SOON:
        return State.WARNS, "ends-soon", f"{version} {end.date().isoformat()}"
    return State.WORKS, "active", version


def _judge_dead(user: LinkedInUser, reason: str) -> Judged:
    age = clock.now() - user.token_issued_at
    if reason == "revoked" and age < clients.FRESH:
        return State.UNKNOWN, "fresh", ""
    return State.BROKEN, reason, ""


def _judge_clock(ahead: timedelta | None) -> Judged:
    if ahead is None:
        return State.UNKNOWN, "unreachable", ""
    seconds = round(ahead.total_seconds())
    if abs(ahead) >= _CLOCK_BROKEN:
        return State.BROKEN, "off", str(seconds)
    if abs(ahead) >= _CLOCK_WARNS:
        return State.WARNS, "off", str(seconds)
    return State.WORKS, "right", ""


def _judge_budget(user: LinkedInUser) -> Judged:
    allowed = calls.allowed_per_day(user, calls.RESPONSES)
    made = calls.made_today().get(calls.RESPONSES, 0)
    if allowed is None:
        return State.WORKS, "no-limit", str(made)
    detail = f"{made} {allowed}"
    if made >= allowed:
        return State.BROKEN, "spent", detail
    if made >= allowed * _SCARCE:
        return State.WARNS, "scarce", detail
    return State.WORKS, "enough", detail
