"""The catalogue of Lead columns: Creatio's codes and types, and what was added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from leadferry.leads.models import LeadColumn
from leadferry.mapping.fields import Column, ColumnType

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True)
class CatalogueColumn:
    """One column of the catalogue; `field` is its place in the lead table.

    Without a field it was added by an administrator, and stands in `Lead.custom`.
    """

    code: str
    caption: StrOrPromise
    type: ColumnType
    field: str | None = None
    length: int | None = None
    scale: int | None = None
    lookup: str | None = None
    is_retired: bool = False

    @property
    def empty(self) -> object:
        """What it holds when nothing filled it."""
        return _EMPTY_VALUES.get(self.type)

    def for_mapping(self) -> Column:
        """What the mapping engine needs to know of it."""
        return Column(
            code=self.code,
            type=self.type,
            length=self.length,
            scale=self.scale,
            lookup=self.lookup,
            is_retired=self.is_retired,
        )


_EMPTY_VALUES: dict[ColumnType, object] = {
    ColumnType.TEXT: "",
    ColumnType.BOOLEAN: False,
}


def _text(
    code: str, field: str, caption: StrOrPromise, length: int | None = 250
) -> CatalogueColumn:
    return CatalogueColumn(
        code=code, field=field, caption=caption, type=ColumnType.TEXT, length=length
    )


def _flag(code: str, field: str, caption: StrOrPromise) -> CatalogueColumn:
    return CatalogueColumn(
        code=code, field=field, caption=caption, type=ColumnType.BOOLEAN
    )


def _lookup(
    code: str, field: str, caption: StrOrPromise, lookup: str
) -> CatalogueColumn:
    return CatalogueColumn(
        code=code,
        field=f"{field}_id",
        caption=caption,
        type=ColumnType.LOOKUP,
        lookup=lookup,
    )


CORE_COLUMNS: tuple[CatalogueColumn, ...] = (
    _text("Contact", "contact", _("Contact name")),
    _text("Account", "account", _("Account name")),
    _text("Email", "email", _("Email")),
    _text("MobilePhone", "mobile_phone", _("Mobile phone")),
    _text("BusinesPhone", "business_phone", _("Business phone")),
    _text("Fax", "fax", _("Fax")),
    _text("FullJobTitle", "full_job_title", _("Full job title")),
    _lookup("Job", "job", _("Job title"), "Job"),
    _lookup("Department", "department", _("Department"), "Department"),
    _lookup("DecisionRole", "decision_role", _("Role"), "ContactDecisionRole"),
    _lookup("Title", "title", _("Salutation"), "ContactSalutationType"),
    _lookup("Gender", "gender", _("Gender"), "Gender"),
    _text("Dear", "dear", _("Recipient's name")),
    _lookup("Country", "country", _("Country"), "Country"),
    _lookup("Region", "region", _("State/province"), "Region"),
    _lookup("City", "city", _("City"), "City"),
    _text("CountryStr", "country_str", _("Country (string)")),
    _text("RegionStr", "region_str", _("State/province (string)")),
    _text("CityStr", "city_str", _("City (string)")),
    _text("Zip", "zip", _("ZIP/postal code"), 50),
    _text("Address", "address", _("Address"), None),
    _text("Website", "website", _("Web")),
    _lookup("Industry", "industry", _("Industry"), "AccountIndustry"),
    _lookup(
        "EmployeesNumber",
        "employees_number",
        _("No. of employees"),
        "AccountEmployeesNumber",
    ),
    _lookup(
        "AnnualRevenue", "annual_revenue", _("Annual revenue"), "AccountAnnualRevenue"
    ),
    _lookup("LeadType", "lead_type", _("Customer need"), "LeadType"),
    _lookup("LeadTypeStatus", "lead_type_status", _("Need maturity"), "LeadTypeStatus"),
    _lookup("QualifyStatus", "qualify_status", _("Lead stage"), "QualifyStatus"),
    _lookup("Status", "status", _("Status"), "LeadStatus"),
    _lookup(
        "LeadDisqualifyReason",
        "disqualify_reason",
        _("Disqualification reason"),
        "LeadDisqualifyReason",
    ),
    _lookup(
        "RegisterMethod",
        "register_method",
        _("Registration method"),
        "LeadRegisterMethod",
    ),
    _lookup("LeadSource", "lead_source", _("Source"), "LeadSource"),
    _lookup("LeadMedium", "lead_medium", _("Channel"), "LeadMedium"),
    _lookup(
        "InformationSource",
        "information_source",
        _("Information source"),
        "InformationSource",
    ),
    _lookup("Campaign", "campaign", _("Campaign"), "Campaign"),
    _lookup("Event", "event", _("Event"), "Event"),
    _text("Notes", "notes", _("Notes"), None),
    _text("Commentary", "commentary", _("Commentary"), None),
    _text("UtmCampaignStr", "utm_campaign", _("utm_campaign"), 500),
    _text("UtmSourceStr", "utm_source", _("utm_source"), 500),
    _text("UtmMediumStr", "utm_medium", _("utm_medium"), 500),
    _text("UtmContentStr", "utm_content", _("utm_content"), 500),
    _text("UtmTermStr", "utm_term", _("utm_term"), 500),
    CatalogueColumn(
        code="Budget",
        field="budget",
        caption=_("Budget"),
        type=ColumnType.DECIMAL,
        scale=2,
    ),
    CatalogueColumn(
        code="MeetingDate",
        field="meeting_date",
        caption=_("Meeting date"),
        type=ColumnType.DATETIME,
    ),
    CatalogueColumn(
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

_CORE_BY_CODE = {column.code: column for column in CORE_COLUMNS}


def is_core(code: str) -> bool:
    """Whether the column came with the product."""
    return code in _CORE_BY_CODE


def catalogue() -> dict[str, CatalogueColumn]:
    """Every column by its code, retired ones too: core ones, then the added ones."""
    added = LeadColumn.objects.select_related("lookup").order_by("caption", "code")
    return _CORE_BY_CODE | {row.code: _from_row(row) for row in added}


def _from_row(row: LeadColumn) -> CatalogueColumn:
    return CatalogueColumn(
        code=row.code,
        caption=row.caption,
        type=ColumnType(row.type),
        length=row.length,
        scale=row.scale,
        lookup=row.lookup.code if row.lookup else None,
        is_retired=row.is_retired,
    )


def mapping_columns(columns: Mapping[str, CatalogueColumn]) -> dict[str, Column]:
    """The catalogue as the mapping engine takes it."""
    return {code: column.for_mapping() for code, column in columns.items()}
