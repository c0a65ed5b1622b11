"""Whether this instance answers."""

from django.http import HttpRequest, HttpResponse

from leadferry.web.access import public


@public
def ping(request: HttpRequest) -> HttpResponse:
    """A word, without touching the database."""
    del request
    return HttpResponse("leadferry", content_type="text/plain")
