"""The mapping with which an integration starts."""

from leadferry.mapping.sources import (
    ColumnMapping,
    FieldRef,
    FormField,
    Join,
    Macro,
    predefined,
)


def _from(*refs: FieldRef, join: Join = Join.ALL) -> FormField:
    return FormField(refs=refs, join=join)


def starting_mapping() -> tuple[ColumnMapping, ...]:
    """Name, company, email, phone, job title; and everything in Notes."""
    name = _from(predefined("FIRST_NAME"), predefined("LAST_NAME"))
    email = _from(predefined("EMAIL"), predefined("WORK_EMAIL"), join=Join.FIRST)
    phone = _from(predefined("PHONE_NUMBER"))
    title = _from(predefined("JOB_TITLE"))
    return (
        ColumnMapping(column="Contact", source=name),
        ColumnMapping(column="Account", source=_from(predefined("COMPANY_NAME"))),
        ColumnMapping(column="Email", source=email),
        ColumnMapping(column="MobilePhone", source=phone),
        ColumnMapping(column="FullJobTitle", source=title),
        ColumnMapping(column="Notes", source=Macro()),
    )
