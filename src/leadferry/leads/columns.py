"""The Lead columns: Creatio's codes and types, and the table columns behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from leadferry.mapping.fields import Column, ColumnType

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True)
class CoreColumn:
    """One column of the catalogue that is a column of the lead table."""

    code: str
    field: str
    caption: StrOrPromise
    type: ColumnType
    length: int | None = None
    scale: int | None = None

    def for_mapping(self) -> Column:
        """What the mapping engine needs to know of it."""
        return Column(
            code=self.code, type=self.type, length=self.length, scale=self.scale
        )


def _text(
    code: str, field: str, caption: StrOrPromise, length: int | None = 250
) -> CoreColumn:
    return CoreColumn(
        code=code, field=field, caption=caption, type=ColumnType.TEXT, length=length
    )


def _flag(code: str, field: str, caption: StrOrPromise) -> CoreColumn:
    return CoreColumn(code=code, field=field, caption=caption, type=ColumnType.BOOLEAN)


CORE_COLUMNS: tuple[CoreColumn, ...] = (
    _text("Contact", "contact", _("Contact name")),
    _text("Account", "account", _("Account name")),
    _text("Email", "email", _("Email")),
    _text("MobilePhone", "mobile_phone", _("Mobile phone")),
    _text("BusinesPhone", "business_phone", _("Business phone")),
    _text("Fax", "fax", _("Fax")),
    _text("FullJobTitle", "full_job_title", _("Full job title")),
    _text("Dear", "dear", _("Recipient's name")),
    _text("CountryStr", "country_str", _("Country (string)")),
    _text("RegionStr", "region_str", _("State/province (string)")),
    _text("CityStr", "city_str", _("City (string)")),
    _text("Zip", "zip", _("ZIP/postal code"), 50),
    _text("Address", "address", _("Address"), None),
    _text("Website", "website", _("Web")),
    _text("Notes", "notes", _("Notes"), None),
    _text("Commentary", "commentary", _("Commentary"), None),
    _text("UtmCampaignStr", "utm_campaign", _("utm_campaign"), 500),
    _text("UtmSourceStr", "utm_source", _("utm_source"), 500),
    _text("UtmMediumStr", "utm_medium", _("utm_medium"), 500),
    _text("UtmContentStr", "utm_content", _("utm_content"), 500),
    _text("UtmTermStr", "utm_term", _("utm_term"), 500),
    CoreColumn(
        code="Budget",
        field="budget",
        caption=_("Budget"),
        type=ColumnType.DECIMAL,
        scale=2,
    ),
    CoreColumn(
        code="MeetingDate",
        field="meeting_date",
        caption=_("Meeting date"),
        type=ColumnType.DATETIME,
    ),
    CoreColumn(
        code="DecisionDate",
        field="decision_date",
        caption=_("Decision date"),
        type=ColumnType.DATE,
    ),
    _flag("DoNotUseEmail", "do_not_use_email", _("Do not use email")),
    _flag("DoNotUsePhone", "do_not_use_phone", _("Do not use phone")),
    _flag("DoNotUseSMS", "do_not_use_sms", _("Do not use SMS")),
    _flag("DoNotUseFax", "do_not_use_fax", _("Do not use fax")),
    _flag("DoNotUseMail", "do_not_use_mail", _("Do not use mail")),
)

BY_CODE = {column.code: column for column in CORE_COLUMNS}
MAPPING_COLUMNS = {column.code: column.for_mapping() for column in CORE_COLUMNS}
# What a column holds that no mapping filled.
EMPTY_VALUES: dict[ColumnType, object] = {
    ColumnType.TEXT: "",
    ColumnType.BOOLEAN: False,
}
EMPTY = {column.code: EMPTY_VALUES.get(column.type) for column in CORE_COLUMNS}
