"""`leadferry doctor`: every prerequisite of each integration, in a terminal."""

import argparse
import json

from leadferry.config.cli import say
from leadferry.config.sync import chosen_integration
from leadferry.ingest import queries as ingest
from leadferry.integrations import doctor, examination, remedies
from leadferry.integrations import queries as integrations
from leadferry.integrations.models import Finding, Integration
from leadferry.kit.errors import SetupError

_WRONG = {Finding.State.BROKEN, Finding.State.UNKNOWN}
_MARKS = {"works": "ok", "warns": "!", "broken": "X", "unknown": "?"}


def run(options: argparse.Namespace) -> int:
    """Make the checks now, here; 1 where something is broken or is not known."""
    chosen = _chosen(options.account)
    findings = {one: _examined(one) for one in chosen}
    wrong = any(row.state in _WRONG for rows in findings.values() for row in rows)
    if options.json:
        told = [_as_json(one, rows) for one, rows in findings.items()]
        say(json.dumps({"ok": not wrong, "integrations": told}, indent=2))
    else:
        for one, rows in findings.items():
            _tell(one, rows)
    return 1 if wrong else 0


def _chosen(account: int | None) -> list[Integration]:
    if account is not None:
        return [chosen_integration(account)]
    found = list(integrations.integrations())
    if not found:
        raise SetupError("No ad account is connected yet: `leadferry connect`.")
    return found


def _examined(integration: Integration) -> list[Finding]:
    found = examination.examine(integration, checked_at=ingest.last_challenge())
    doctor.record(integration, found)
    return doctor.findings_of(integration)


def _as_json(integration: Integration, rows: list[Finding]) -> dict[str, object]:
    return {
        "account": integration.ad_account.account_id,
        "name": integration.name,
        "checks": [_check(row) for row in rows],
    }


def _check(row: Finding) -> dict[str, object]:
    said = remedies.say_of(row)
    return {
        "check": row.check_name,
        "state": row.state,
        "reason": row.reason,
        "since": row.since.isoformat(),
        "text": said.text,
        "who": said.who,
        "click": said.click,
        "links": [href for _name, href in said.links],
    }


def _tell(integration: Integration, rows: list[Finding]) -> None:
    say(f"{integration.name} ({integration.ad_account.account_id})")
    for row in rows:
        said = remedies.say_of(row)
        say(f"  {_MARKS[row.state]:>2}  {said.title}: {said.text}")
        if row.state != Finding.State.WORKS:
            say(f"      since {row.since:%Y-%m-%d %H:%M} UTC")
        if said.click:
            say(f"      {said.who}: {said.click}")
        for name, href in said.links:
            say(f"      {name}: {href}")
