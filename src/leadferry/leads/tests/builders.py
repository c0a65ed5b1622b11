"""Mapped responses with plain defaults."""

from collections.abc import Mapping
from itertools import count

from leadferry.leads.duplicate_models import (
    DuplicateIndex,
    DuplicateRule,
    SimilarSweep,
)
from leadferry.leads.duplicate_stock import add_stock_rules
from leadferry.leads.models import LEAD_FORMS, Fate, Lookup, LookupValue
from leadferry.leads.register import MappedResponse, Origin

_numbers = count(1)


def make_form_value(name: str = "Webinar") -> int:
    """A value of lookup "Lead forms"."""
    # A test with real commits leaves empty tables behind, without the migrations' rows.
    lookup, _made = Lookup.objects.get_or_create(code=LEAD_FORMS)
    value, _made = LookupValue.objects.get_or_create(
        lookup=lookup, social_id=name, defaults={"name": name}
    )
    return value.pk


def keep_stock_rules() -> None:
    """The duplicate rules of the migrations: real commits leave empty tables behind."""
    if not DuplicateRule.objects.exists():
        add_stock_rules(DuplicateRule, DuplicateIndex, SimilarSweep)


def make_response(
    key: int | None = None,
    *,
    submitted_at: int = 1_793_000_000_000,
    digest: int = 1,
    fate: int = Fate.REGISTERED,
    values: Mapping[str, object] | None = None,
    form: int | None = None,
) -> MappedResponse:
    """One response; its key is a new one unless told."""
    number = key if key is not None else next(_numbers)
    shown = values if values is not None else {"Contact": "Ada", "Notes": "n"}
    return MappedResponse(
        key=number,
        check_key=-number,
        fate=fate,
        submitted_at=submitted_at,
        digest=digest,
        values=shown,
        is_test=False,
        origin=Origin(
            linkedin_lead_id=f"lead-{number}",
            ad_account=512345678,
            form=form if form is not None else make_form_value(),
            form_version=3,
            mapping_version=1,
        ),
    )
