"""What ends the work on a run before its time."""

from leadferry.kit.errors import TemporaryError


class BudgetSpent(TemporaryError):
    """The calls that earlier leads may have today are used up."""
