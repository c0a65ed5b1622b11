"""Stored form versions in the words of the mapping engine."""

import msgspec

from leadferry.integrations.models import LeadFormVersion
from leadferry.integrations.schema import form_schema
from leadferry.linkedin import wire
from leadferry.mapping.fields import FormSchema


def schema_of(stored: LeadFormVersion) -> FormSchema:
    """The questions, consents and hidden fields of a stored version."""
    return form_schema(msgspec.convert(stored.content, wire.LeadForm))
