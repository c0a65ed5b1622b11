"""What narrows the list of leads."""

from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leadferry.kit.text import comparable
from leadferry.leads import queries
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.models import CAMPAIGNS, LEAD_FORMS, LookupValue
from leadferry.mapping.fields import ColumnType
from leadferry.web.fields import dress

MOST_OFFERED = 500


class LeadFilterForm(forms.Form):
    """Search words, form and campaign."""

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
    form = forms.ModelChoiceField(
        label=_("Form"),
        required=False,
        queryset=LookupValue.objects.none(),
        empty_label=_("All forms"),
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"),
        required=False,
        queryset=LookupValue.objects.none(),
        empty_label=_("All campaigns"),
    )
    column = forms.ChoiceField(label=_("Another column"), required=False)
    value = forms.ChoiceField(label=_("Its value"), required=False)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        for name, code in (("form", LEAD_FORMS), ("campaign", CAMPAIGNS)):
            field = cast("forms.ModelChoiceField[LookupValue]", self.fields[name])
            field.queryset = LookupValue.objects.filter(lookup__code=code).order_by(
                "name", "pk"
            )
        columns = queries.columns_to_filter_by()
        column = cast("forms.ChoiceField", self.fields["column"])
        column.choices = [("", _("None")), *((c.code, c.caption) for c in columns)]
        chosen = {one.code: one for one in columns}.get(data.get("column", ""))
        value = cast("forms.ChoiceField", self.fields["value"])
        value.choices = [("", _("Any")), *_values(chosen)]
        self.chosen_column = chosen
        dress(self)


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
