"""The work of a search for duplicates, batch by batch, each with its cursor."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby

from django.db import connection, transaction
from django.db.models import F

from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.leads import bulk, duplicate_index, duplicate_keys, similar
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateIndex,
    DuplicateKey,
    DuplicatePair,
    DuplicateRun,
)
from leadferry.leads.duplicate_stock import rule_of
from leadferry.leads.matching.rules import (
    Person,
    Rule,
    combined,
    match,
)

# More leads than this are cut: whoever shares the rest is named, not compared.
LARGEST_BLOCK = 500
LARGEST_GROUP = 500
BLOCKS = 500
GROUPS = 500
_MOST_LISTED = 100
_FIRST_KEY = -(2**63)
_SHARES = 1_000
_PAIR_COLUMNS = ("run_id", "low", "high", "rule", "certainty", "is_added")

State = DuplicateRun.State
Found = dict[tuple[int, int, int], tuple[int, bool]]


class Step(Enum):
    """What a step of the work came to."""

    DONE = "done"
    # An index is still being built.
    WAIT = "wait"


def hold(run: DuplicateRun) -> None:
    """Keep the run ours until the transaction ends; raises Fenced otherwise."""
    jobs.hold_fence()
    ours = DuplicateRun.objects.filter(pk=run.pk, epoch=run.epoch, state=run.state)
    # An update locks the row: a cancellation waits for a commit that has begun.
    if not ours.update(epoch=F("epoch")):
        raise Fenced(f"Search {run.pk} was taken over or cancelled.")


def steps(run: DuplicateRun) -> Iterator[Step]:
    """From where the run is to its end; each step is committed with its cursor."""
    rules = [rule_of(*one) for one in run.rules]
    masks = sorted({rule.mask for rule in rules})
    if run.state == State.WAITING:
        ready = DuplicateIndex.objects.filter(
            mask__in=masks, is_ready=True, is_dropping=False
        )
        if ready.count() < len(masks):
            yield Step.WAIT
            return
        _move_on(run, State.FINDING, total=len(masks) * _SHARES)
    if run.state == State.FINDING:
        others = [rule_of(*one) for one in run.others]
        finder = _Finder(run, rules, others)
        while finder.find_some(masks):
            yield Step.DONE
        _move_on(run, State.GROUPING, total=run.total)
    if run.state == State.GROUPING:
        yield from _group(run)


def _move_on(run: DuplicateRun, state: str, *, total: int) -> None:
    with transaction.atomic():
        hold(run)
        run.state, run.total = state, total
        if state == State.GROUPING:
            run.cursor = []
        run.save(update_fields=["state", "cursor", "total"])


class _Finder:
    """Walks the keys that leads share, in the order of the index."""

    def __init__(
        self, run: DuplicateRun, rules: Sequence[Rule], others: Sequence[Rule]
    ) -> None:
        self._run = run
        self._rules = rules
        self._others = others
        # A trial tells what is new: both leads have to be looked at.
        self._is_trial = run.tried_id is not None
        self._needs_leads = {
            mask: self._is_trial or any(r.fuzzy for r in rules if r.mask == mask)
            for mask in {rule.mask for rule in rules}
        }

    def find_some(self, masks: Sequence[int]) -> bool:
        """Compare the next blocks; False when every key was seen."""
        run = self._run
        mask, after = run.cursor or (masks[0], _FIRST_KEY)
        keys = _shared_keys(mask, after)
        blocks, too_big = _blocks(mask, keys)
        found = self._compare(mask, blocks)
        place = masks.index(mask)
        is_over = len(keys) < BLOCKS
        with transaction.atomic():
            hold(run)
            bulk.insert_missing(
                table="leads_duplicatepair",
                columns=_PAIR_COLUMNS,
                rows=[(run.pk, *pair, *said) for pair, said in sorted(found.items())],
            )
            run.too_big = [*run.too_big, *too_big][:_MOST_LISTED]
            run.too_big_count += len(too_big)
            if not is_over:
                run.cursor = [mask, keys[-1]]
                run.done = _SHARES * place + (keys[-1] - _FIRST_KEY) * _SHARES // 2**64
            elif place + 1 < len(masks):
                run.cursor = [masks[place + 1], _FIRST_KEY]
                run.done = _SHARES * (place + 1)
            run.save(update_fields=["cursor", "done", "too_big", "too_big_count"])
        return not is_over or place + 1 < len(masks)

    def _compare(self, mask: int, blocks: Sequence[Sequence[int]]) -> Found:
        leads = sorted({lead for block in blocks for lead in block})
        apart = similar.not_duplicates(leads)
        known: dict[int, Person] = {}
        if self._needs_leads[mask] or apart:
            known = duplicate_keys.persons(leads)
        found: Found = {}
        for block in blocks:
            for rule in self._rules:
                if rule.mask != mask:
                    continue
                for one, other, sure in similar.pairs_in(
                    block, rule, known, apart=apart
                ):
                    place = (*similar.pair_of(one, other), rule.number)
                    said = (sure, self._is_added(known, one, other))
                    found[place] = max(found.get(place, (0, False)), said)
        return found

    def _is_added(self, known: Mapping[int, Person], one: int, other: int) -> bool:
        """Of a trial: whether no rule of the search holds the two to be one."""
        if not self._is_trial or one not in known or other not in known:
            return False
        return match(known[one], known[other], self._others) is None


def _shared_keys(mask: int, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM leads_duplicatekey WHERE mask = %s AND key > %s "
            "GROUP BY key HAVING COUNT(*) > 1 ORDER BY key LIMIT %s",
            [mask, after, BLOCKS],
        )
        return [row[0] for row in cursor.fetchall()]


def _blocks(
    mask: int, keys: Sequence[int]
) -> tuple[list[list[int]], list[tuple[int, int, int]]]:
    """The leads of each key, cut where they are too many, and what was cut."""
    rows = DuplicateKey.objects.filter(mask=mask, key__in=keys).order_by(
        "key", "lead_id"
    )
    blocks, too_big = [], []
    pairs = rows.values_list("key", "lead_id").iterator(chunk_size=5_000)
    for _key, some in groupby(pairs, key=lambda row: row[0]):
        block, size = [], 0
        for _shared, lead in some:
            size += 1
            if size <= LARGEST_BLOCK:
                block.append(lead)
        if size > LARGEST_BLOCK:
            too_big.append((mask, size, block[0]))
        blocks.append(block)
    return blocks, too_big


def _group(run: DuplicateRun) -> Iterator[Step]:
    """Write the groups, surest first; what was written before a death is skipped."""
    groups, pairs, added = _Groups.of(run)
    written = run.cursor[0] if run.cursor else 0
    for start in range(written, len(groups), GROUPS):
        some = groups[start : start + GROUPS]
        with transaction.atomic():
            hold(run)
            DuplicateGroup.objects.bulk_create(
                DuplicateGroup(
                    run=run,
                    leads=leads,
                    size=len(leads),
                    certainty=certainty,
                    is_added=is_added,
                )
                for certainty, leads, is_added in some
            )
            run.cursor = [start + len(some)]
            run.save(update_fields=["cursor"])
        yield Step.DONE
    with transaction.atomic():
        hold(run)
        run.state = State.READY
        run.pairs, run.added, run.groups = pairs, added, len(groups)
        run.leads = sum(len(leads) for _certainty, leads, _added in groups)
        run.done, run.claimed_by, run.ended_at = run.total, "", clock.now()
        run.save()
        # What only this run needed is not kept any longer.
        duplicate_index.adjust_indexes()


class _Groups:
    """Pairs joined to groups, the surest first, none larger than a person can see."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._size: dict[int, int] = {}
        self._certainty: dict[int, int] = {}

    @classmethod
    def of(
        cls, run: DuplicateRun
    ) -> tuple[list[tuple[int, list[int], bool]], int, int]:
        """The groups by certainty and oldest lead; pairs, and those that are added."""
        by_certainty: dict[int, array[int]] = {}
        added: set[int] = set()
        pairs = new = 0
        rows = DuplicatePair.objects.filter(run_id=run.pk).order_by("low", "high")
        told = rows.values_list("low", "high", "certainty", "is_added")
        for (low, high), some in groupby(
            told.iterator(chunk_size=5_000), key=lambda row: row[:2]
        ):
            said = list(some)
            certainty = combined(row[2] for row in said)
            by_certainty.setdefault(certainty, array("q")).extend((low, high))
            pairs += 1
            if any(row[3] for row in said):
                new += 1
                added.add(low)
        made = cls()
        for certainty in sorted(by_certainty, reverse=True):
            flat = by_certainty[certainty]
            for place in range(0, len(flat), 2):
                made.join(flat[place], flat[place + 1], certainty)
        return made.listed(added), pairs, new

    def join(self, one: int, other: int, certainty: int) -> None:
        """Both are in one group, which is as sure as its weakest link."""
        first, second = self._root(one), self._root(other)
        if first == second:
            return
        size = self._size.get(first, 1) + self._size.get(second, 1)
        if size > LARGEST_GROUP:
            return
        first, second = min(first, second), max(first, second)
        self._parent[second] = first
        self._size[first] = size
        self._certainty[first] = certainty

    def _root(self, lead: int) -> int:
        parent = self._parent
        while (above := parent.setdefault(lead, lead)) != lead:
            parent[lead] = parent.setdefault(above, above)
            lead = parent[lead]
        return lead

    def listed(self, added: set[int]) -> list[tuple[int, list[int], bool]]:
        """Certainty, leads and whether a pair of them is added, of each group."""
        members: dict[int, list[int]] = {}
        for lead in self._parent:
            members.setdefault(self._root(lead), []).append(lead)
        found = [
            (self._certainty[root], sorted(leads), not added.isdisjoint(leads))
            for root, leads in members.items()
            if len(leads) > 1
        ]
        return sorted(found, key=lambda group: (-group[0], group[1][0]))
