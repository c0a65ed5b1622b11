"""What a person can do about a response that is held back."""

from leadferry.ingest import inbox
from leadferry.ingest.models import HeldBack


def try_again(*, held_id: int) -> bool:
    """Ask LinkedIn for the response anew; false where nothing is held back there."""
    held = HeldBack.objects.filter(pk=held_id).first()
    if held is None:
        return False
    inbox.reopen(
        response_id=held.response_id,
        ad_account=held.ad_account,
        form_id=held.form_id,
        form_version=held.form_version,
    )
    return True
