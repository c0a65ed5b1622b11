"""`leadferry replay`: stored submissions through a mapping, in a terminal."""

import argparse

from leadferry.config.cli import say
from leadferry.config.sync import chosen_integration
from leadferry.integrations import queries as integrations
from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.kit import clock
from leadferry.kit.errors import SetupError
from leadferry.sync import replay, replay_queries, services
from leadferry.sync.models import ReplayBatch
from leadferry.sync.periods import Period

_LOOK_SECONDS = 0.5


def run(options: argparse.Namespace) -> int:
    """Preview, apply or undo a replay, and tell how far it is until that is done."""
    if options.apply is not None:
        batch = _found(options.apply)
        _begun(batch, replay.apply(batch, by=None))
    elif options.undo is not None:
        batch = _found(options.undo)
        _begun(batch, replay.undo(batch, by=None))
    else:
        batch = _started(options)
    say(
        f"Replay {batch.pk}: a worker does it (`leadferry serve` or `leadferry "
        "worker`)."
    )
    return 0 if options.no_wait else _watch(_found(batch.pk))


def _begun(batch: ReplayBatch, is_begun: object) -> None:
    if not is_begun:
        state = batch.get_state_display()
        raise SetupError(f"Replay {batch.pk} has nothing to do: it is {state}.")


def _started(options: argparse.Namespace) -> ReplayBatch:
    integration = chosen_integration(options.account)
    first = options.first or services.earliest_day()
    return replay.start_preview(
        integration,
        forms=_forms(integration, options.form),
        period=Period(first, options.last or services.today()),
        mapping=_version(integration, options.mapping),
        by=None,
    )


def _forms(integration: Integration, numbers: list[int] | None) -> list[LeadForm]:
    forms = list(integrations.forms_of(integration))
    if numbers is None:
        return forms
    missing = set(numbers) - {form.form_id for form in forms}
    if missing:
        named = ", ".join(str(number) for number in sorted(missing))
        raise SetupError(f"This ad account has no form {named}.")
    return [form for form in forms if form.form_id in numbers]


def _version(integration: Integration, version_id: int | None) -> MappingVersion | None:
    if version_id is None:
        return None
    versions = MappingVersion.objects.filter(integration=integration)
    found = versions.filter(pk=version_id).first()
    if found is None:
        raise SetupError(f"This integration has no mapping version {version_id}.")
    return found


def _found(batch_id: int) -> ReplayBatch:
    batch = replay_queries.find_replay(batch_id)
    if batch is None:
        raise SetupError(f"There is no replay {batch_id}.")
    return batch


def _watch(batch: ReplayBatch) -> int:
    shown = ""
    while batch.is_at_work:
        line = f"{batch.get_state_display()}: {batch.done:,} of {batch.total:,}"
        line += f" {batch.reason}" if batch.reason else ""
        if line != shown:
            say(line)
            shown = line
        clock.sleep(_LOOK_SECONDS)
        batch.refresh_from_db()
    return _tell(batch)


def _tell(batch: ReplayBatch) -> int:
    state = ReplayBatch.State
    if batch.state == state.READY:
        say(f"{batch.leads:,} of {batch.read:,} leads differ; nothing is written.")
        for one in replay_queries.counts_of(batch):
            say(
                f"  {one.caption}: {one.values:,} values, {one.edited:,} edited by a "
                f"person, {one.ticked:,} to be written"
            )
        if batch.ticked:
            say(f"`leadferry replay --apply {batch.pk}` writes them.")
    elif batch.state == state.APPLIED:
        say(
            f"{batch.written:,} leads written; {batch.skipped:,} values changed since "
            f"the preview. `leadferry replay --undo {batch.pk}` takes it back."
        )
    elif batch.state == state.UNDONE:
        say(
            f"{batch.undone:,} leads taken back; {batch.kept:,} values were changed "
            "since and stay."
        )
    else:
        say(f"{batch.get_state_display()}: {batch.reason}")
        return 1
    return 0
