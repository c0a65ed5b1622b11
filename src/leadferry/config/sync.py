"""`leadferry sync`: earlier leads, asked for in a terminal."""

import argparse

from leadferry.config.cli import say
from leadferry.integrations import queries as integrations
from leadferry.integrations.models import Integration, LeadForm
from leadferry.kit import clock
from leadferry.kit.errors import SetupError
from leadferry.sync import queries, services
from leadferry.sync.models import SyncRun
from leadferry.sync.periods import Period

_LOOK_SECONDS = 1.0


def run(options: argparse.Namespace) -> int:
    """Start a run, or go on with one, and tell how far it is until it ends."""
    if options.cancel is not None:
        return _cancel(options.cancel)
    started = _resumed(options.resume) if options.resume else _started(options)
    say(
        f"Sync {started.pk} of {started.integration.name}: {started.first_day} to "
        f"{started.last_day}. A worker reads it (`leadferry serve` or `leadferry "
        "worker`)."
    )
    if options.no_wait:
        return 0
    say("Ctrl-C ends this view only; the sync goes on.")
    return _watch(started)


def _started(options: argparse.Namespace) -> SyncRun:
    integration = chosen_integration(options.account)
    form = None
    if options.form is not None:
        forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
        form = forms.filter(form_id=options.form).first()
        if form is None:
            raise SetupError(f"This ad account has no form {options.form}.")
    first = options.first or services.earliest_day()
    period = Period(first, options.last or services.today())
    return services.start_sync(integration, period=period, form=form, by=None)


def chosen_integration(account: int | None) -> Integration:
    """The only integration, or the one of this ad account; raises SetupError."""
    found = list(integrations.integrations())
    if account is not None:
        found = [one for one in found if one.ad_account.account_id == account]
    if len(found) == 1:
        return found[0]
    if not found:
        raise SetupError("There is no integration of this ad account.")
    names = ", ".join(str(one.ad_account.account_id) for one in found)
    raise SetupError(f"Say with --account which one: {names}.")


def _resumed(run_id: int) -> SyncRun:
    held = _found(run_id)
    services.resume(held, by=None)
    return held


def _cancel(run_id: int) -> int:
    if services.cancel(_found(run_id), by=None):
        say(f"Sync {run_id} is cancelled; what it registered stays.")
        return 0
    say(f"Sync {run_id} had ended already.")
    return 1


def _found(run_id: int) -> SyncRun:
    held = queries.find_run(run_id)
    if held is None:
        raise SetupError(f"There is no sync {run_id}.")
    return held


def _watch(run: SyncRun) -> int:
    shown = ""
    while True:
        run.refresh_from_db()
        line = _line(run)
        if line != shown:
            say(line)
            shown = line
        if not run.is_open:
            return 0 if run.state == SyncRun.State.DONE else 1
        clock.sleep(_LOOK_SECONDS)


def _line(run: SyncRun) -> str:
    progress = queries.progress_of(run)
    expected = "unknown" if run.expected is None else f"{run.expected:,}"
    parts = [
        f"{run.get_state_display()}: {run.read:,} of {expected} read",
        f"{run.registered:,} registered",
        f"{run.updated:,} updated",
        f"{run.unchanged:,} unchanged",
        f"{run.held_back:,} held back",
    ]
    if run.left_out:
        parts.append(f"{run.left_out:,} left out")
    if progress.rate is not None:
        parts.append(f"{progress.rate:,.0f}/s")
    if progress.seconds_left is not None:
        parts.append(f"{progress.seconds_left:,} s left")
    if run.reason:
        parts.append(run.reason)
    if run.state == SyncRun.State.PAUSED and run.due_at is not None:
        at = clock.from_ms(run.due_at).astimezone(services.time_zone())
        parts.append(f"next attempt {at:%Y-%m-%d %H:%M:%S %Z}")
    return ", ".join(parts)
