"""What people decide about duplicates: rules, and which leads are not one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_index, duplicate_keys
from leadferry.leads.duplicate_models import DuplicateRule, NotDuplicate
from leadferry.leads.matching.rules import FUZZY, Kind
from leadferry.leads.models import Lead
from leadferry.leads.similar import pair_of

Conditions = Sequence[Sequence[str]]


class RuleRefused(RejectedError):
    """A rule that could not work, with what to change."""


def check_conditions(conditions: Conditions) -> None:
    """Raise RuleRefused where a rule of these could not work."""
    if not conditions:
        raise RuleRefused(_("Choose at least one column."))
    kinds = [kind for kind, _how in conditions]
    if not set(kinds) <= set(Kind):
        raise RuleRefused(_("There is no column of this name."))
    if len(set(kinds)) < len(kinds):
        raise RuleRefused(_("A column stands there twice."))
    alike = {kind for kind, how in conditions if how == "alike"}
    if not alike <= FUZZY:
        raise RuleRefused(_("Only names and companies can be similar."))
    if len(alike) == len(kinds):
        raise RuleRefused(
            _(
                "At least one column has to be the same in both leads: the similar "
                "ones are looked for among those that share it."
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a rule is to be."""

    name: str
    conditions: Conditions
    certainty: int
    for_new: bool
    for_search: bool


def _write(rule: DuplicateRule, draft: Draft) -> None:
    check_conditions(draft.conditions)
    if not draft.name:
        raise RuleRefused(_("The rule needs a name."))
    if not 1 <= draft.certainty <= 99:
        raise RuleRefused(_("The certainty lies between 1 and 99 %."))
    rule.name, rule.certainty = draft.name, draft.certainty
    rule.conditions = [list(one) for one in draft.conditions]
    rule.for_new, rule.for_search = draft.for_new, draft.for_search
    rule.save()


@transaction.atomic
def add_rule(draft: Draft, *, by: User | None) -> DuplicateRule:
    """A rule of one's own; the leads that are there follow. Raises RuleRefused."""
    rule = DuplicateRule()
    _write(rule, draft)
    _settle(rule, touches_marks=rule.for_new, verb="added", by=by)
    return rule


@transaction.atomic
def change_rule(rule: DuplicateRule, draft: Draft, *, by: User | None) -> DuplicateRule:
    """What it compares, how sure it is, when it counts. Raises RuleRefused."""
    held = DuplicateRule.objects.select_for_update().get(pk=rule.pk)
    before = (held.conditions, held.for_new)
    held.revision += 1
    _write(held, draft)
    touches = (held.for_new or before[1]) and before != (held.conditions, held.for_new)
    _settle(held, touches_marks=touches, verb="changed", by=by)
    return held


@transaction.atomic
def delete_rule(rule: DuplicateRule, *, by: User | None) -> None:
    """A rule of one's own goes; raises RuleRefused for a stock rule."""
    if rule.is_stock:
        raise RuleRefused(_("It came with the product: switch it off instead."))
    number, touches = rule.pk, rule.for_new
    rule.delete()
    rule.pk = number
    _settle(rule, touches_marks=touches, verb="deleted", by=by)


def _settle(
    rule: DuplicateRule, *, touches_marks: bool, verb: str, by: User | None
) -> None:
    duplicate_index.adjust_indexes()
    if touches_marks:
        duplicate_index.begin_sweep()
    audit.record(f"duplicate rule {verb}", subject=str(rule.pk), by=by)


@transaction.atomic
def say_not_duplicate(one: int, other: int, *, by: User | None) -> None:
    """Two leads are not one: no rule shows or finds them as such again."""
    low, high = pair_of(one, other)
    # Whichever of the two went meanwhile, nothing is left to remember.
    leads = Lead.objects.select_for_update().filter(pk__in=[low, high]).order_by("pk")
    if low == high or len(leads) < 2:
        return
    NotDuplicate.objects.get_or_create(low_id=low, high_id=high, defaults={"by": by})
    duplicate_keys.look_at([low, high])


@transaction.atomic
def take_not_duplicate_back(one: int, other: int, *, by: User | None) -> None:
    """The rules count for the two again."""
    low, high = pair_of(one, other)
    if NotDuplicate.objects.filter(low=low, high=high).delete()[0]:
        audit.record("not a duplicate taken back", subject=f"{low} {high}", by=by)
    duplicate_keys.look_at([low, high])
