"""Leadferry connects the forms of LinkedIn lead generation campaigns to a CRM."""

__version__ = "0.1.0"
