"""Who changed which part of the configuration, and when."""

from leadferry.accounts.models import AuditRow, User


def record(
    verb: str,
    *,
    subject: str,
    by: User | None,
    details: dict[str, object] | None = None,
) -> AuditRow:
    """One audit row in the caller's transaction; `by` none means the command line."""
    return AuditRow.objects.create(
        verb=verb, subject=subject, actor=by, details=details or {}
    )
