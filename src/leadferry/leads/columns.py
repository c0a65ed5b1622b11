"""The Lead columns: Creatio's codes and types, and the table columns behind them."""

from dataclasses import dataclass

from leadferry.mapping.fields import Column, ColumnType


@dataclass(frozen=True, kw_only=True)
class CoreColumn:
    """One column of the catalogue that is a column of the lead table."""

    code: str
    field: str
    caption: str
    type: ColumnType
    length: int | None = None
    scale: int | None = None

    def for_mapping(self) -> Column:
        """What the mapping engine needs to know of it."""
        return Column(
            code=self.code, type=self.type, length=self.length, scale=self.scale
        )


def _text(code: str, field: str, caption: str, length: int | None = 250) -> CoreColumn:
    return CoreColumn(
        code=code, field=field, caption=caption, type=ColumnType.TEXT, length=length
    )


def _flag(code: str, field: str, caption: str) -> CoreColumn:
    return CoreColumn(code=code, field=field, caption=caption, type=ColumnType.BOOLEAN)


CORE_COLUMNS: tuple[CoreColumn, ...] = (
    _text("Contact", "contact", "Contact name"),
    _text("Account", "account", "Account name"),
    _text("Email", "email", "Email"),
    _text("MobilePhone", "mobile_phone", "Mobile phone"),
    _text("BusinesPhone", "business_phone", "Business phone"),
    _text("Fax", "fax", "Fax"),
    _text("FullJobTitle", "full_job_title", "Full job title"),
    _text("Dear", "dear", "Recipient's name"),
    _text("CountryStr", "country_str", "Country (string)"),
    _text("RegionStr", "region_str", "State/province (string)"),
    _text("CityStr", "city_str", "City (string)"),
    _text("Zip", "zip", "ZIP/postal code", 50),
    _text("Address", "address", "Address", None),
    _text("Website", "website", "Web"),
    _text("Notes", "notes", "Notes", None),
    _text("Commentary", "commentary", "Commentary", None),
    _text("UtmCampaignStr", "utm_campaign", "utm_campaign", 500),
    _text("UtmSourceStr", "utm_source", "utm_source", 500),
    _text("UtmMediumStr", "utm_medium", "utm_medium", 500),
    _text("UtmContentStr", "utm_content", "utm_content", 500),
    _text("UtmTermStr", "utm_term", "utm_term", 500),
    CoreColumn(
        code="Budget",
        field="budget",
        caption="Budget",
        type=ColumnType.DECIMAL,
        scale=2,
    ),
    CoreColumn(
        code="MeetingDate",
        field="meeting_date",
        caption="Meeting date",
        type=ColumnType.DATETIME,
    ),
    CoreColumn(
        code="DecisionDate",
        field="decision_date",
        caption="Decision date",
        type=ColumnType.DATE,
    ),
    _flag("DoNotUseEmail", "do_not_use_email", "Do not use email"),
    _flag("DoNotUsePhone", "do_not_use_phone", "Do not use phone"),
    _flag("DoNotUseSMS", "do_not_use_sms", "Do not use SMS"),
    _flag("DoNotUseFax", "do_not_use_fax", "Do not use fax"),
    _flag("DoNotUseMail", "do_not_use_mail", "Do not use mail"),
)

BY_CODE = {column.code: column for column in CORE_COLUMNS}
MAPPING_COLUMNS = {column.code: column.for_mapping() for column in CORE_COLUMNS}
# What a column holds that no mapping filled.
EMPTY_VALUES: dict[ColumnType, object] = {
    ColumnType.TEXT: "",
    ColumnType.BOOLEAN: False,
}
EMPTY = {column.code: EMPTY_VALUES.get(column.type) for column in CORE_COLUMNS}
