"""How the sandbox behaves where LinkedIn's behaviour is unknown or varies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

VERSIONS = ",".join(f"2026{month:02d}" for month in range(1, 10))


def _switch(default: object, values: Sequence[str] | type, text: str) -> Any:
    return field(default=default, metadata={"values": values, "help": text})


@dataclass
class Switches:
    """One field per switch; a field with metadata is a flag of the command, too."""

    world: Path | None = None
    versions: str = _switch(VERSIONS, str, "active API versions, by comma")
    latency_ms: int = _switch(0, int, "each call of the API takes that much longer")
    retention_days: int = _switch(90, int, "how long leads can be read; up to 365")
    max_count: int = _switch(1000, int, "the largest page; paging.count echoes it")
    clock_skew_s: int = _switch(
        0, int, "LinkedIn's clock is that much ahead; behind where negative"
    )
    lead_finders_without_protocol: str = _switch(
        "refuse", ("refuse", "accept"), "lead finders without the protocol header"
    )
    elsewhere_without_protocol: str = _switch(
        "rest-li-1", ("rest-li-1", "refuse"), "other reads without that header"
    )
    encoded_brackets: str = _switch(
        "refuse", ("refuse", "accept"), "percent-encoded outer brackets of a record"
    )
    short_pages: str = _switch(
        "off", ("off", "on"), "pages of leads come short with more behind them"
    )
    lead_order: str = _switch(
        "newest", ("newest", "oldest"), "which leads of a list come first"
    )
    range_end: str = _switch(
        "inclusive", ("inclusive", "exclusive"), "end of submittedAtTimeRange"
    )
    total: str = _switch(
        "default",
        ("default", "present", "absent", "constant"),
        "paging.total: on leads alone and 0 past the end; on all; on none; 0 on all",
    )
    paging: str = _switch(
        "cursor", ("cursor", "offset"), "ad accounts, campaigns and creatives"
    )
    challenge: str = _switch(
        "during", ("during", "after"), "when a new webhook address is checked"
    )
    second_subscription: str = _switch(
        "refuse", ("refuse", "accept"), "the same owner, lead type and webhook again"
    )
    plain_http: str = _switch(
        "loopback", ("loopback", "refuse"), "webhooks without https"
    )
    signature: str = _switch(
        "bare", ("bare", "prefixed"), "X-LI-Signature as hex, or hmacsha256=hex"
    )
    notices: str = _switch(
        "once", ("once", "twice", "shuffled"), "each notice once; twice; out of order"
    )
    notice_retry: str = _switch(
        "none", ("none", "5-minutes"), "failed notices every 5 minutes for 8 hours"
    )
    form_urn_blank: str = _switch(
        "off", ("off", "on"), "a blank after the comma of a notice's form URN"
    )
    refresh_tokens: str = _switch(
        "on", ("on", "off"), "refresh tokens, where the application has them"
    )
    fresh_token_refused_s: int = _switch(
        0, int, "a new token is answered with 65601 for that long"
    )
    scope_separator: str = _switch(
        "comma", ("comma", "space"), "between the scopes of a token answer"
    )
    throttle: str = _switch(
        "midnight", ("midnight", "transient"), "how long a 429 lasts"
    )

    def change(self, **wanted: object) -> None:
        """Set switches by name; raises ValueError with a sentence."""
        known = {one.name: one for one in fields(self) if one.metadata}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no switch {name}.")
            setattr(self, name, _checked(name, value, known[name].metadata["values"]))


def _checked(name: str, value: object, values: Sequence[str] | type) -> object:
    flag = f"--{name.replace('_', '-')}"
    if values is int:
        try:
            return int(str(value))
        except ValueError:
            raise ValueError(f"{flag} must be a whole number.") from None
    if isinstance(values, type):
        return str(value)
    if value not in values:
        raise ValueError(f"{flag} must be one of: {', '.join(values)}.")
    return value
