"""The kinds of destinations; a new kind is one line here."""

import json

from leadferry.destinations.base import Connector, SetupProblem
from leadferry.destinations.creatio.kind import CREATIO
from leadferry.destinations.kinds import Kind, Setup
from leadferry.destinations.models import Destination
from leadferry.destinations.webhook.kind import WEBHOOK

KINDS: dict[str, Kind] = {kind.code: kind for kind in (CREATIO, WEBHOOK)}


def kind_of(destination: Destination) -> Kind:
    """The kind; raises SetupProblem where this version does not know it."""
    kind = KINDS.get(destination.kind)
    if kind is None:
        raise SetupProblem(
            f"This version of Leadferry knows no destination of kind "
            f"“{destination.kind}”: install the version that made it."
        )
    return kind


def connect(destination: Destination) -> Connector:
    """What speaks to it; raises SetupProblem."""
    setup = Setup(
        key=destination.pk,
        settings=destination.settings,
        secrets=secrets_of(destination),
    )
    return kind_of(destination).connect(setup)


def secrets_of(destination: Destination) -> dict[str, str]:
    """The secret fields of its set-up."""
    held: dict[str, str] = json.loads(destination.secrets or "{}")
    return held
