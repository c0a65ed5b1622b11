"""A replay of ten thousand leads, against importing them in the first place."""

import time
from collections.abc import Callable

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare

LEADS, BATCH = 10_000, 1_000


def main() -> None:
    """Measure leads a second: compared, written, taken back."""
    prepare()
    from leadferry.accounts.models import User
    from leadferry.integrations.tests.builders import make_form, make_integration
    from leadferry.sync import replay
    from leadferry.sync.models import ReplayBatch
    from leadferry.sync.tests.builders import (
        CONTACT,
        COUNTRY,
        MACRO,
        previewed,
        settle,
        submit,
        use,
    )

    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    started = time.perf_counter()
    for first in range(0, LEADS, BATCH):
        submit(form, *range(first, first + BATCH))
    imported = LEADS / (time.perf_counter() - started)
    settle("Deutschland", "Germany", User.objects.earliest("pk"))
    use(form, CONTACT, COUNTRY, MACRO)
    batch = previewed(form, take_up=False)

    def measure(step: str, begin: Callable[[], object]) -> None:
        begin()
        started = time.perf_counter()
        replay.take_up(batch.pk)
        rate = LEADS / (time.perf_counter() - started)
        name = f"replay {step}, {DATABASE}, {LEADS:,} leads"
        tell(
            Figure(
                name=name, value=rate, unit="leads/s",
                bare=imported, bare_name="imported",
            )
        )  # fmt: skip

    measure("compared", lambda: None)
    measure("written", lambda: replay.apply(batch, by=None))
    measure("taken back", lambda: replay.undo(batch, by=None))
    batch.refresh_from_db()
    done = (batch.state, batch.written, batch.undone)
    if done != (ReplayBatch.State.UNDONE, LEADS, LEADS):
        raise SystemExit(f"The replay did not do what it should: {done}.")


if __name__ == "__main__":
    main()
