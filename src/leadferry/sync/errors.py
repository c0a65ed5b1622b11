"""What ends the work on a run before its time."""

from leadferry.kit.errors import TemporaryError


class BudgetSpent(TemporaryError):
    """The calls that earlier leads may have today are used up, until midnight, UTC."""

    def __init__(self) -> None:
        super().__init__(
            "Today's calls for earlier leads are used up; the rest is kept for new "
            "leads."
        )
