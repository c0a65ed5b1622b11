"""What monitoring reads: from the tables, so that every web process says the same."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from leadferry.destinations import queries as deliveries
from leadferry.destinations.models import Delivery, Destination
from leadferry.ingest import counting, inbox, latency_queries
from leadferry.ingest import queries as ingest
from leadferry.ingest.stages import Stage
from leadferry.integrations import calls
from leadferry.integrations.models import LinkedInUser
from leadferry.jobs.models import Worker
from leadferry.kit import clock
from leadferry.kit.histogram import Histogram
from leadferry.sync import queries as sync
from leadferry.web.access import public

_DAY_SECONDS = 86_400
# Seconds; each is the end of a step of the histograms, so that counts are exact.
_LIMITS = (
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 600.0, 1_800.0, 7_200.0,
    20_000.0, 86_000.0,
)  # fmt: skip


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Metrics for Prometheus; there is no such page unless a token is set."""
    token = settings.METRICS_TOKEN
    if not token:
        raise Http404
    shown = request.headers.get("Authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return HttpResponse(
            "Show the token of LEADFERRY_METRICS_TOKEN: Authorization: Bearer …\n",
            content_type="text/plain; charset=utf-8",
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry()
    registry.register(_Tables())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4
    )


class _Tables(Collector):
    """Each family is read when it is asked for."""

    def describe(self) -> list[Metric]:
        """Nothing: to register is not yet to read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families; no personal data in any label."""
        yield _stages()
        yield from _notices()
        yield _gauge("held_back", "Responses that wait for a person.", _held_back)
        yield _gauge("sync_runs_open", "Sync runs not over yet.", sync.count_open_runs)
        yield _door()
        yield _workers()
        yield from _destinations()
        yield from _calls()
        yield from _tokens()


def _gauge(name: str, text: str, read: Callable[[], float]) -> Metric:
    return GaugeMetricFamily(f"leadferry_{name}", text, value=read())


def _held_back() -> int:
    return ingest.held_back_count()


def _stages() -> Metric:
    family = HistogramMetricFamily(
        "leadferry_stage_seconds",
        "How long new leads took from stage to stage, since the beginning.",
        labels=["form", "stage"],
    )
    for form_id, stages in latency_queries.totals().items():
        for stage, histogram in stages.items():
            family.add_metric(
                [str(form_id), Stage(stage).name.lower()],
                buckets=_buckets(histogram),
                sum_value=histogram.total_ms / 1000,
            )
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    told: list[tuple[str, float]] = [
        (str(limit), histogram.within(round(limit * 1000))) for limit in _LIMITS
    ]
    return [*told, ("+Inf", histogram.count)]


def _notices() -> Iterator[Metric]:
    count, since = inbox.waiting()
    age = max(clock.now_ms() - since, 0) / 1000 if since is not None else 0
    yield GaugeMetricFamily(
        "leadferry_notices_waiting", "Notices not worked off.", value=count
    )
    yield GaugeMetricFamily(
        "leadferry_notice_oldest_seconds",
        "Age of the oldest notice that waits; 0 where none does.",
        value=age,
    )


def _door() -> Metric:
    family = GaugeMetricFamily(
        "leadferry_door_answers_last_hour",
        "Challenges answered and requests refused at the door within about an hour.",
        labels=["kind"],
    )
    for kind in counting.KINDS:
        family.add_metric([kind], counting.within_an_hour(kind))
    return family


def _workers() -> Metric:
    family = GaugeMetricFamily(
        "leadferry_worker_heartbeat_age_seconds",
        "Since the last sign of life of a worker that did not say good-bye.",
        labels=["worker"],
    )
    now = clock.now()
    for worker in Worker.objects.filter(left=False):
        if worker.beat_at is None:
            continue
        age = max((now - worker.beat_at).total_seconds(), 0)
        family.add_metric([worker.slot], age)
    return family


def _destinations() -> Iterator[Metric]:
    leads = GaugeMetricFamily(
        "leadferry_deliveries",
        "Leads that wait for a destination, and those that it did not take.",
        labels=["destination", "state"],
    )
    delivered = CounterMetricFamily(
        "leadferry_delivered",
        "How often a lead was delivered to a destination.",
        labels=["destination"],
    )
    is_on = GaugeMetricFamily(
        "leadferry_destination_on",
        "1 while a destination takes leads, 0 while it is stopped or is to be mended.",
        labels=["destination"],
    )
    for one in deliveries.destinations():
        name = str(one.pk)
        for state in (Delivery.State.WAITING, Delivery.State.PARKED):
            count = deliveries.count_exactly(one, state)
            leads.add_metric([name, state.name.lower()], count)
        delivered.add_metric([name], one.delivered)
        is_on.add_metric([name], one.state == Destination.State.ON)
    yield from (leads, delivered, is_on)


def _calls() -> Iterator[Metric]:
    made = GaugeMetricFamily(
        "leadferry_linkedin_calls_today",
        "Calls to LinkedIn on this UTC day.",
        labels=["endpoint"],
    )
    for endpoint, number in calls.made_today().items():
        made.add_metric([endpoint], number)
    yield made
    limit = calls.limit_of_responses()
    if limit is not None:
        yield GaugeMetricFamily(
            "leadferry_linkedin_calls_limit",
            "Calls for lead form responses a day, where a limit is known.",
            value=limit,
        )


def _tokens() -> Iterator[Metric]:
    access = GaugeMetricFamily(
        "leadferry_linkedin_token_days_left",
        "Until the access of a LinkedIn user ends; 0 where it has.",
        labels=["user"],
    )
    refresh = GaugeMetricFamily(
        "leadferry_linkedin_refresh_token_days_left",
        "Until the user has to sign in anew, where LinkedIn renews the access.",
        labels=["user"],
    )
    now = clock.now()
    for user in LinkedInUser.objects.order_by("pk"):
        is_active = user.state == LinkedInUser.State.ACTIVE
        for family, end in (
            (access, user.expires_at),
            (refresh, user.refresh_expires_at),
        ):
            if end is not None:
                days = (end - now).total_seconds() / _DAY_SECONDS
                family.add_metric([str(user.pk)], max(days, 0) if is_active else 0)
    yield access
    yield refresh
