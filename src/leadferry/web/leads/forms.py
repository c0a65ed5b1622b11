"""What narrows the list of leads."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from leadferry.leads import queries
from leadferry.leads.columns import CatalogueColumn
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
