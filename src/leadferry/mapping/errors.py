"""What can be wrong with a mapping itself."""

from leadferry.kit.errors import SetupError


class MappingError(SetupError):
    """A mapping that cannot be used, and why."""
