"""What narrows the list of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leadferry.kit.text import comparable
from leadferry.leads import queries
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.models import ADS, CAMPAIGNS, LEAD_FORMS, LookupValue
from leadferry.mapping.fields import ColumnType
from leadferry.web.fields import dress

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_OFFERED = 500
NONE = "none"


class _Named(forms.ChoiceField):
    """A value of a lookup by its id; for some also the lack of one."""

    def __init__(self, *, label: StrOrPromise, every: StrOrPromise) -> None:
        super().__init__(label=label, required=False)
        self.every = every

    def offer(self, code: str, *, none: StrOrPromise = "") -> None:
        """The values of the lookup, by name."""
        rows = LookupValue.objects.filter(lookup__code=code).order_by("name", "pk")
        lack = [(NONE, none)] if none else []
        named = [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
        self.choices = [("", self.every), *lack, *named]


def _day(label: StrOrPromise) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget)


class LeadFilterForm(forms.Form):
    """Search words, where leads came from, when, and what a column holds."""

    search = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Name, company, email or phone"),
                "autocomplete": "off",
            }
        ),
    )
    form = _Named(label=_("Form"), every=_("All forms"))
    campaign = _Named(label=_("Campaign"), every=_("All campaigns"))
    column = forms.ChoiceField(label=_("Another column"), required=False)
    value = forms.ChoiceField(label=_("Its value"), required=False)
    ad = _Named(label=_("Ad banner"), every=_("All ad banners"))
    first = _day(_("Submitted from"))
    last = _day(_("Submitted until"))
    test = forms.ChoiceField(
        label=_("Test leads"),
        required=False,
        choices=[("", _("With test leads")), ("0", _("Without")), ("1", _("Only"))],
    )
    similar = forms.ChoiceField(
        label=_("Similar leads"),
        required=False,
        choices=[("", _("With or without")), ("1", _("Has similar leads"))],
    )
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        cast("_Named", self.fields["form"]).offer(LEAD_FORMS)
        campaign = cast("_Named", self.fields["campaign"])
        campaign.offer(CAMPAIGNS, none=_("No campaign"))
        ad = cast("_Named", self.fields["ad"])
        ad.offer(ADS, none=_("No ad banner"))
        columns = queries.columns_to_filter_by()
        column = cast("forms.ChoiceField", self.fields["column"])
        column.choices = [("", _("None")), *((c.code, c.caption) for c in columns)]
        chosen = {one.code: one for one in columns}.get(data.get("column", ""))
        value = cast("forms.ChoiceField", self.fields["value"])
        value.choices = [("", _("Any")), *_values(chosen)]
        self.chosen_column = chosen
        dress(self)

    @property
    def has_more(self) -> bool:
        """Whether something is chosen that only the further filters show."""
        names = ("column", "ad", "first", "last", "test", "similar")
        return any(self.cleaned_data.get(name) for name in names)


def _values(column: CatalogueColumn | None) -> list[tuple[str, object]]:
    if column is None:
        return []
    if column.type is ColumnType.BOOLEAN:
        return [("1", _("Yes")), ("0", _("No"))]
    values = queries.values_of_lookup(column.lookup, most=MOST_OFFERED)
    return [(str(value.pk), value.name) for value in values]


def _columns_by_caption(codes: set[str] | None = None) -> list[tuple[str, str]]:
    offered = [
        (code, str(column.caption))
        for code, column in catalogue().items()
        if (code in codes if codes is not None else _takes_answers(column))
    ]
    return sorted(offered, key=lambda pair: comparable(pair[1]))


def _takes_answers(column: CatalogueColumn) -> bool:
    """Whether an answer can be none of its values."""
    is_any_text = column.type is ColumnType.TEXT and column.length is None
    return not column.is_retired and not is_any_text


class AnswerFilterForm(forms.Form):
    """One column's answers."""

    column = forms.ChoiceField(label=_("Column"), required=False)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        column = cast("forms.ChoiceField", self.fields["column"])
        offered = _columns_by_caption(queries.columns_with_answers())
        column.choices = [("", _("All columns")), *offered]
        dress(self)


class NewAnswerForm(forms.Form):
    """An answer that people are going to give."""

    column = forms.ChoiceField(label=_("Column"))
    text = forms.CharField(
        label=_("Answer"),
        max_length=500,
        help_text=_("As people will write it; capitals and accents do not matter."),
    )

    def __init__(
        self, data: QueryDict | None, *, initial: dict[str, str] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        column = cast("forms.ChoiceField", self.fields["column"])
        column.choices = [("", _("Choose a column")), *_columns_by_caption()]
        dress(self)
