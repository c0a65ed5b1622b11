"""What can go wrong between a task and its engine."""

from leadferry.kit.errors import LeadferryError


class KickInTransaction(LeadferryError):
    """A kick inside a transaction would block the engine on SQLite for good."""


class Fenced(LeadferryError):
    """Another worker took this one's work over; nothing more may be written."""
