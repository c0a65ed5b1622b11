"""An error says what happens next.

LeadferryError
├── TemporaryError   try again by itself
├── SetupError       a person must act; pause until then
└── RejectedError    this one will never be accepted; park it
"""


class LeadferryError(Exception):
    """Anything Leadferry can name."""


class TemporaryError(LeadferryError):
    """Try again, after `retry_after` seconds when the remote names it."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SetupError(LeadferryError):
    """An operator must act; pause until then."""


class RejectedError(LeadferryError):
    """This record will never be accepted; park it."""
