"""What is known here of responses that LinkedIn lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadferry.ingest.identity import identity_of
from leadferry.ingest.models import HeldBack
from leadferry.integrations import queries
from leadferry.integrations.models import Integration
from leadferry.integrations.windows import FROM_THE_START, Interval, fate_at
from leadferry.leads import queries as leads
from leadferry.leads.decisions import Known
from leadferry.leads.models import Fate


@dataclass(frozen=True, slots=True)
class Listed:
    """One response as a list of LinkedIn names it; submitted at (ms)."""

    response_id: str
    submitted_at: int
    form_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of it, its fate by the switches, if it is held back."""

    listed: Listed
    known: Known | None
    switched: Fate
    is_held: bool


def standings(integration: Integration, listed: Sequence[Listed]) -> list[Standing]:
    """How each of them stands, in the order given."""
    keys = [identity_of(one.response_id)[0] for one in listed]
    known = leads.known_of(keys)
    ids = [one.response_id for one in listed]
    held = set(
        HeldBack.objects.filter(response_id__in=ids, discarded_at=None).values_list(
            "response_id", flat=True
        )
    )
    own = queries.windows_of_integration(integration)
    of_forms = queries.windows_of_forms({one.form_id for one in listed})
    since_ever = [Interval(FROM_THE_START, None)]
    return [
        Standing(
            listed=one,
            known=known.get(key),
            switched=fate_at(
                one.submitted_at,
                integration=own,
                # A form that nobody has met yet was never switched off.
                form=of_forms.get(one.form_id) or since_ever,
            ),
            is_held=one.response_id in held,
        )
        for key, one in zip(keys, listed, strict=True)
    ]
