"""Duplicates: one lead's similar ones, a search among all, and what keys cost.

`python -m bench.duplicates 10000 100000` measures at these numbers of leads; without
arguments at ten thousand and a million.
"""

import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare

SIZES = (10_000, 1_000_000)
PAGE, LOOKS = 1_000, 300
# One lead in so many has another one of the same person.
EVERY = 20
OF_A_COMPANY = 5
_NAMES = 4_000


class _People:
    """Made-up people; now and then one comes again, written otherwise."""

    def __init__(self) -> None:
        self._dice = random.Random(1)  # noqa: S311 - the same in every run
        self._first = [self._word(6) for _ in range(_NAMES)]
        self._last = [self._word(8) for _ in range(_NAMES)]
        self._before: list[dict[str, object]] = []
        self._made = 0

    def _word(self, length: int) -> str:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "".join(self._dice.choice(letters) for _ in range(length)).title()

    def values(self) -> dict[str, object]:
        """The columns of one lead."""
        dice = self._dice
        if self._before and dice.randrange(EVERY) == 0:
            again = dict(dice.choice(self._before))
            again["Email"] = str(again["Email"]).upper()
            again["Contact"] = " ".join(reversed(str(again["Contact"]).split()))
            return again
        first, last = dice.choice(self._first), dice.choice(self._last)
        self._made += 1
        # Companies stay as large as they are, however many leads there are.
        company = self._made // OF_A_COMPANY
        made: dict[str, object] = {
            "Contact": f"{first} {last}",
            "Account": f"Company {company} GmbH",
            "Email": f"{first}.{last}.{dice.randrange(999)}@company{company}.de",
            "MobilePhone": f"+49 171 {dice.randrange(10**8):08d}",
            "Notes": "Question: answer\n" * 8,
        }
        if len(self._before) < 50_000:
            self._before.append(made)
        return made


def main() -> None:
    """Fill step by step; at each size look for one lead, at the end for all."""
    sizes = [int(one) for one in sys.argv[1:]] or list(SIZES)
    prepare()
    from django.db import transaction

    from leadferry.leads import duplicate_index, duplicate_keys, similar
    from leadferry.leads.models import Lead, SearchPending
    from leadferry.leads.register import register
    from leadferry.leads.tests.builders import make_form_value, make_response

    while duplicate_index.build_indexes():
        pass
    people, form = _People(), make_form_value()
    keys = random.Random(2)  # noqa: S311 - the same in every run
    rules = similar.rules_for_new()
    filled = 0
    looks: list[float] = []

    def look(leads: list[int]) -> object:
        return similar.find_similar(leads, rules)

    def fill() -> None:
        page = [
            make_response(
                keys.getrandbits(62), form=form, submitted_at=filled + number,
                values=people.values(),
            )
            for number in range(PAGE)
        ]  # fmt: skip
        with transaction.atomic():
            made = list(register(page).registered.values())
        # As the search index does right after, less the words.
        with transaction.atomic():
            duplicate_keys.refresh(made)
            SearchPending.objects.filter(lead_id__in=made).delete()

    for size in sizes:
        while filled < size:
            fill()
            filled += PAGE
        ids = keys.sample(range(1, size), LOOKS)
        looks.append(median(_timed(partial(look, [one])) for one in ids))
    tell(
        Figure(
            name=f"similar leads of one, {DATABASE}, {sizes[-1]:,}",
            value=looks[-1] / looks[0], unit=f"x at {sizes[0]:,}",
            bare=looks[0] * 1000, bare_name="ms there",
            budget=2.0, lower_is_better=True,
        )
    )  # fmt: skip
    assert Lead.objects.count() == sizes[-1]
    _search_all(sizes[-1])


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _search_all(size: int) -> None:
    from leadferry.leads import duplicate_runs

    run = duplicate_runs.start_search(by=None)
    seconds = _timed(lambda: duplicate_runs.take_up(run.pk))
    run.refresh_from_db()
    tell(
        Figure(
            name=f"search among all, {DATABASE}, {size:,}", value=seconds, unit="s",
            bare=run.groups, bare_name="groups", budget=600, lower_is_better=True,
        )
    )  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(
        Figure(
            name=f"search among all, {DATABASE}, memory", value=memory, unit="MB",
            bare=500, bare_name="allowed", budget=500, lower_is_better=True,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
