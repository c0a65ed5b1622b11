"""Registering in bulk, against plain inserts of the lead rows alone."""

import time

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare
from leadferry.kit import clock

LEADS, BATCH = 60_000, 1_000
ROWS_A_LEAD = 5


def main() -> None:
    """Measure rows of all tables a second, and leads."""
    prepare()
    from django.db import transaction

    from leadferry.leads import bulk, register
    from leadferry.leads.tests.builders import (
        make_form_value,
        make_response,
    )

    form = make_form_value()
    values = {
        "Contact": "Екатерина Щёголева", "Account": "Ёлка",
        "Email": "lead@example.org", "MobilePhone": "+49 171 2345678",
        "FullJobTitle": "Head of things", "Notes": "Question: answer\n" * 8,
    }  # fmt: skip
    keys = [(n * 0x9E3779B97F4A7C15) % 2**63 for n in range(1, 2 * LEADS + 1)]
    responses = [
        make_response(key, form=form, values=values, submitted_at=n)
        for n, key in enumerate(keys)
    ]
    started = time.perf_counter()
    for start in range(0, LEADS, BATCH):
        with transaction.atomic():
            register.register(responses[start : start + BATCH])
    seconds = time.perf_counter() - started
    bare_started = time.perf_counter()
    for start in range(LEADS, 2 * LEADS, BATCH):
        batch = responses[start : start + BATCH]
        with transaction.atomic():
            ids = bulk.reserve_ids(table="leads_lead", count=len(batch))
            born = list(zip(batch, ids, strict=True))
            register._insert_lead_rows(born, defaults={}, at=clock.now())
    bare = LEADS / (time.perf_counter() - bare_started)
    tell(
        Figure(
            name=f"bulk register, {DATABASE}, rows of 5 tables",
            value=LEADS * ROWS_A_LEAD / seconds, unit="rows/s",
            bare=bare, bare_name="lead rows alone",
            budget=20_000 if DATABASE == "PostgreSQL" else 30_000,
        )
    )  # fmt: skip
    tell(
        Figure(
            name=f"bulk register, {DATABASE}, leads",
            value=LEADS / seconds, unit="leads/s",
            bare=bare, bare_name="lead rows alone",
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
