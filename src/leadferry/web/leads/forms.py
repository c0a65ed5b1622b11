"""What narrows the list of leads."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from leadferry.leads.models import CAMPAIGNS, LEAD_FORMS, LookupValue
from leadferry.web.fields import dress


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
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        for name, code in (("form", LEAD_FORMS), ("campaign", CAMPAIGNS)):
            field = cast("forms.ModelChoiceField[LookupValue]", self.fields[name])
            field.queryset = LookupValue.objects.filter(lookup__code=code).order_by(
                "name", "pk"
            )
        dress(self)
