"""What the page of an integration holds: from the database, or as a person left it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from leadferry.integrations import queries
from leadferry.integrations.mappings import Draft, MappingChanged
from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.integrations.services import Changes
from leadferry.mapping.sources import ColumnMapping
from leadferry.web.social import editor

Rows = Sequence[ColumnMapping]


@dataclass(kw_only=True)
class PageState:
    """Name, switches and the two mappings; `is_changed` when not yet applied."""

    name: str
    on: bool
    forms_on: Mapping[int, bool]
    default_rows: Rows
    default_seen: int
    form: LeadForm | None = None
    custom_on: bool = False
    custom_rows: Rows = field(default_factory=list)
    custom_seen: int = 0
    is_changed: bool = False
    # False where the page did not tell of the default mapping.
    has_default: bool = True

    def changes(self) -> Changes:
        """What "Apply" makes of it."""
        custom = Draft(rows=self.custom_rows, based_on=self.custom_seen)
        return Changes(
            name=self.name,
            on=self.on,
            forms=self.forms_on,
            default=Draft(rows=self.default_rows, based_on=self.default_seen)
            if self.has_default
            else None,
            custom_form=self.form,
            custom=custom if self.custom_on else None,
        )

    def meet(self, conflict: MappingChanged) -> Rows:
        """From now on the other person's version is seen; returns its rows."""
        if conflict.form is None:
            self.default_seen = conflict.version.pk
        else:
            self.custom_seen = conflict.version.pk
        return queries.mapping_rows(conflict.version)


def as_stored(
    integration: Integration, *, form: LeadForm | None, back_to: MappingVersion | None
) -> PageState:
    """The page as it is opened; `back_to` is an earlier version to start from."""
    default = queries.default_mapping(integration)
    state = PageState(
        name=integration.name,
        on=integration.is_on,
        forms_on=queries.switches_of(integration),
        default_rows=queries.mapping_rows(default),
        default_seen=default.pk,
        form=form,
        is_changed=back_to is not None,
    )
    if form is not None and form.has_custom_mapping:
        held = queries.custom_mapping(form)
        state.custom_on = held is not None
        state.custom_rows = queries.mapping_rows(held) if held else []
        state.custom_seen = held.pk if held else 0
    if back_to is not None:
        _go_back(state, back_to)
    return state


def _go_back(state: PageState, version: MappingVersion) -> None:
    rows = queries.mapping_rows(version)
    if version.form_id is None:
        state.default_rows = rows
    elif state.form is not None:
        held = queries.custom_mapping(state.form)
        state.custom_on, state.custom_rows = True, rows
        state.custom_seen = held.pk if held else 0


def as_posted(integration: Integration, data: QueryDict) -> PageState:
    """The page as a person left it; raises BadRequest for what it never wrote."""
    on_now = set(data.getlist("form_on"))
    chosen = data.get("custom_form", "")
    forms = queries.forms_of(integration)
    form = forms.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    custom_on = form is not None and "custom" in data
    return PageState(
        name=data.get("name", "").strip()[:255] or integration.name,
        on="is_on" in data,
        forms_on={
            int(shown): shown in on_now
            for shown in data.getlist("form_shown")
            if shown.isdecimal()
        },
        default_rows=editor.read_rows(data, "default"),
        default_seen=editor.read_seen(data, "default"),
        has_default="default_seen" in data,
        form=form,
        custom_on=custom_on,
        custom_rows=editor.read_rows(data, "custom") if custom_on else [],
        custom_seen=editor.read_seen(data, "custom"),
        is_changed=True,
    )
