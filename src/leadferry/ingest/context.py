"""What a page of responses needs around it: compiled mappings, windows, lookups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadferry.integrations import queries
from leadferry.integrations.form_versions import schema_of
from leadferry.integrations.models import (
    Integration,
    LeadFormVersion,
    MappingVersion,
)
from leadferry.integrations.windows import FROM_THE_START, Interval, fate_at
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError
from leadferry.leads import bulk
from leadferry.leads.columns import catalogue, mapping_columns
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import ADS, CAMPAIGNS, Fate, LookupValue
from leadferry.leads.value_tables import SettledValues
from leadferry.linkedin import wire
from leadferry.mapping.compile import CompiledMapping, compile_mapping
from leadferry.mapping.sources import ColumnMapping

_MOST_COMPILED = 500
_SINCE_EVER = Interval(FROM_THE_START, None)


@dataclass(frozen=True, slots=True)
class ReadyForm:
    """A form version with the mapping in force for it."""

    mapping: CompiledMapping
    mapping_version: int
    lookup_value: int


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """Everything that `import_page` looks up; read once per page."""

    integration: Integration
    windows: list[Interval]
    form_windows: dict[int, list[Interval]]
    forms: dict[tuple[int, int], ReadyForm | LeadferryError]
    campaigns: dict[str, LookupValue]
    creatives: dict[str, LookupValue]
    # As the driver takes it, the same for the whole page.
    received_at: object

    def fate_of(self, response: wire.LeadFormResponse) -> Fate:
        """By the switches at the time when it was submitted."""
        # A form that nobody has met yet was never switched off.
        form = self.form_windows.get(response.form_id) or [_SINCE_EVER]
        return fate_at(response.submitted_at, integration=self.windows, form=form)


# One for the process; what they hold is read anew when it changes.
_LOOKUPS = LookupValues()
_TABLES = SettledValues(_LOOKUPS)
_compiled: dict[tuple[int, int, int], CompiledMapping] = {}


def context_for(
    integration: Integration, responses: Iterable[wire.LeadFormResponse]
) -> PageContext:
    """Read what the responses need from the database."""
    listed = list(responses)
    pairs = {(response.form_id, response.form_version) for response in listed}
    versions = queries.versions_by_number(pairs)
    windows = queries.windows_of_forms({form_id for form_id, _version in pairs})
    lookups = refresh_values()
    return PageContext(
        integration=integration,
        received_at=bulk.adapt(clock.now()),
        windows=queries.windows_of_integration(integration),
        form_windows=windows,
        forms={
            pair: _ready_or_why_not(version, lookups)
            for pair, version in versions.items()
        },
        campaigns=_values(CAMPAIGNS, (row.campaign_id for row in listed)),
        creatives=_values(ADS, (row.creative_id for row in listed)),
    )


def refresh_values() -> int:
    """See what changed in lookups and value tables; a number for the lookups' state."""
    _TABLES.refresh()
    return _LOOKUPS.refresh()


def _ready_or_why_not(
    version: LeadFormVersion, lookups: int
) -> ReadyForm | LeadferryError:
    try:
        mapping = queries.effective_mapping(version.form)
        return ready_form(version, mapping, lookups=lookups)
    except LeadferryError as exc:
        return exc


def ready_form(
    version: LeadFormVersion, mapping: MappingVersion, *, lookups: int
) -> ReadyForm:
    """A form version with a mapping, compiled once; raises LeadferryError.

    `lookups` is what `refresh_values()` returned last.
    """
    # Constants are looked up when a mapping is compiled.
    key = (version.pk, mapping.pk, lookups)
    if key not in _compiled:
        _make_room()
        _compiled[key] = compile_for(version, queries.mapping_rows(mapping))
    return ReadyForm(
        mapping=_compiled[key],
        mapping_version=mapping.pk,
        lookup_value=version.form.lookup_value_id,
    )


def compile_for(
    version: LeadFormVersion, rows: Sequence[ColumnMapping]
) -> CompiledMapping:
    """The rows made ready for a form version; raises LeadferryError.

    Lookups and value tables are those of the last `refresh_values()`.
    """
    return compile_mapping(
        rows,
        form=schema_of(version),
        columns=mapping_columns(catalogue()),
        lookups=_LOOKUPS,
        tables=_TABLES,
    )


def _make_room() -> None:
    # The oldest goes; versions are immutable, so nothing held here can be stale.
    while len(_compiled) >= _MOST_COMPILED:
        del _compiled[next(iter(_compiled))]


def _values(code: str, ids: Iterable[int | None]) -> dict[str, LookupValue]:
    wanted = {str(number) for number in ids if number is not None}
    found = LookupValue.objects.filter(lookup__code=code, social_id__in=wanted)
    return {value.social_id: value for value in found}
