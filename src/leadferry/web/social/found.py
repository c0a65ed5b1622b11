"""What an address names, or "not found"."""

from django.http import Http404

from leadferry.integrations.models import Integration
from leadferry.integrations.services import find_integration


def integration_or_404(integration_id: int) -> Integration:
    """The integration with its ad account; raises Http404."""
    integration = find_integration(integration_id)
    if integration is None:
        raise Http404
    return integration
