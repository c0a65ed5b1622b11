"""How the sandbox behaves where Creatio's behaviour is unknown or varies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any


def _switch(default: object, values: Sequence[str] | type, text: str) -> Any:
    return field(default=default, metadata={"values": values, "help": text})


@dataclass
class Switches:
    """One field per switch; each is a flag of the command, too."""

    runtime: str = _switch(
        "framework", ("framework", "net"), "services under /0, or without it"
    )
    identity: str = _switch(
        "root,0,own", str, "where tokens are given: of root, 0, own; by comma"
    )
    wrong_identity: str = _switch(
        "404", ("404", "html"), "a token address that is none: 404, or 200 with a page"
    )
    token_lifetime_s: int = _switch(3600, int, "how long a new token is good")
    latency_ms: int = _switch(0, int, "each call takes that much longer")
    csrf: str = _switch("on", ("on", "off"), "cookie calls need BPMCSRF")
    package: str = _switch("on", ("on", "off"), "objects of social lead generation")
    unknown_set: str = _switch(
        "404", ("404", "401", "200"), "a collection that is none"
    )
    unknown_property: str = _switch("400", ("400", "500"), "a property that is none")
    unknown_lookup: str = _switch(
        "refuse", ("refuse", "accept"), "a lookup id that is no value"
    )
    long_text: str = _switch(
        "refuse", ("refuse", "cut", "accept"), "text longer than its column"
    )
    change_of_missing: str = _switch(
        "404", ("404", "204"), "PATCH and DELETE of a record that is not there"
    )
    failed_group: str = _switch(
        "failed-part", ("failed-part", "every-part"), "which parts a failed group shows"
    )
    database: str = _switch(
        "postgresql", ("postgresql", "mssql"), "whose words a refusal carries"
    )
    form_bodies: str = _switch(
        "accept", ("accept", "refuse"), "url-encoded bodies, which one client sends"
    )
    system_tables: str = _switch(
        "open", ("open", "closed"), "SysSettings can be read over OData"
    )
    max_rows: int = _switch(20_000, int, "more records than these in one reply are 500")

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
