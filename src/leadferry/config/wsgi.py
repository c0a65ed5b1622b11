"""The web process: the door first, everything else through Django."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from leadferry.kit.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadferry.config.settings")
if os.environ.get("LEADFERRY_SUPERVISED") == "1":
    die_with_parent()

from django.core.wsgi import get_wsgi_application

_pages = get_wsgi_application()

from leadferry.ingest import door  # noqa: E402 - Django must be ready


def application(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Notices to the door, pages to Django."""
    if environ["PATH_INFO"].startswith(door.PREFIX):
        return door.application(environ, start_response)
    return _pages(environ, start_response)
