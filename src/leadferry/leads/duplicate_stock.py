"""The duplicate rules that come with the product."""

from typing import Any

from leadferry.leads.matching.rules import Condition, Kind, Rule

# Name -> conditions, certainty of 100.
STOCK: dict[str, tuple[tuple[tuple[str, str], ...], int]] = {
    "Same email": ((("email", "same"),), 95),
    "Same name and company": ((("name", "same"), ("company", "same")), 90),
    "Same phone and similar name": ((("phone", "same"), ("name", "alike")), 92),
    "Same phone": ((("phone", "same"),), 70),
    "Same company domain and similar name": (
        (("domain", "same"), ("name", "alike")),
        85,
    ),
}


def rule_of(number: int, conditions: Any, certainty: int) -> Rule:
    """A rule as it is matched by; `conditions` as they are stored."""
    return Rule(
        number=number,
        conditions=tuple(
            Condition(Kind(kind), is_fuzzy=how == "alike") for kind, how in conditions
        ),
        certainty=certainty,
    )


def add_stock_rules(rules: Any, indexes: Any, sweeps: Any) -> None:
    """Add them in a migration, ready and on; leads that are there follow."""
    for name, (conditions, certainty) in STOCK.items():
        rules.objects.create(
            name=name,
            conditions=[list(pair) for pair in conditions],
            certainty=certainty,
            for_new=True,
            for_search=True,
            is_stock=True,
        )
        indexes.objects.get_or_create(mask=rule_of(0, conditions, certainty).mask)
    sweeps.objects.update_or_create(pk=1, defaults={"is_due": True, "done_to": 0})
