"""The one importer of DBOS: start it, hand it kicks, take over what others left."""

import logging
import sqlite3
import threading
from pathlib import Path

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    error,
)
from django.conf import settings
from django.db import connections
from sqlalchemy.exc import DBAPIError

from leadferry.jobs.errors import Fenced
from leadferry.jobs.registry import QUEUES, TASKS, Argument

logger = logging.getLogger("leadferry.jobs")

_WORKFLOW = "leadferry-task"
_NAME = "leadferry"
# Work queued by one version of the program must be taken up by the next.
_APPLICATION_VERSION = "1"
_client_lock = threading.Lock()
_clients: list[DBOSClient] = []
_launched = threading.Event()


def _run(name: str, arguments: list[Argument]) -> None:
    try:
        TASKS[name](*arguments)
    except Fenced:
        logger.warning("task left to the worker that took over", extra={"task": name})
    except Exception:
        # The engine would store and print the message, which may quote a person.
        logger.exception("task failed", extra={"task": name})
    finally:
        connections.close_all()


def launch(*, executor: str) -> None:
    """Start the engine in this process as `executor`, a name never used before."""
    _prepare_sqlite()
    config: DBOSConfig = {
        "name": _NAME,
        "system_database_url": settings.JOBS_DATABASE_URL,
        "executor_id": executor,
        "application_version": _APPLICATION_VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "use_listen_notify": False,
    }
    DBOS(config=config)
    DBOS.workflow(name=_WORKFLOW)(_run)
    DBOS.launch()
    for name, queue in QUEUES.items():
        DBOS.register_queue(
            name,
            worker_concurrency=queue.at_once,
            polling_interval_sec=queue.look_seconds,
            on_conflict="always_update",
        )
    _launched.set()


def _prepare_sqlite() -> None:
    # The engine opens its file in rollback mode; the mode is kept in the file.
    url = settings.JOBS_DATABASE_URL
    if url.startswith("sqlite:///"):
        with sqlite3.connect(Path(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


def stop(*, seconds: int) -> None:
    """Stop the engine, waiting up to `seconds` for what is running."""
    _launched.clear()
    DBOS.destroy(workflow_completion_timeout_sec=seconds)


def _store() -> DBOSClient:
    with _client_lock:
        if not _clients:
            made = DBOSClient(
                system_database_url=settings.JOBS_DATABASE_URL,
                serializer=DBOSPortableJSONSerializer(),
                application_name=_NAME,
                retry_connection_errors=False,
            )
            _clients.append(made)
        return _clients[0]


def enqueue(*, task: str, arguments: list[Argument], key: str | None) -> bool:
    """Queue a task; false where one with the same key waits or runs already."""
    options: EnqueueOptions = {
        "workflow_name": _WORKFLOW,
        "queue_name": TASKS[task].queue,
        "app_version": _APPLICATION_VERSION,
    }
    if key is not None:
        options["deduplication_id"] = key
    try:
        if _launched.is_set():
            DBOS.enqueue_workflow_with_options(options, task, arguments)
        else:
            _store().enqueue(options, task, arguments)
    except error.DBOSQueueDeduplicatedError:
        return False
    except DBAPIError:
        # The wish is lost, the row that it was about is not: a sweep finds it.
        logger.warning("not kicked: no job store", extra={"task": task})
        return False
    return True


def take_over_orphans(*, living: list[str]) -> int:
    """Queue again what executors that live no more had running; returns how many."""
    running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    orphans = [run for run in running if run.executor_id not in living]
    for orphan in orphans:
        DBOS.resume_workflow(orphan.workflow_id, queue_name=orphan.queue_name)
    return len(orphans)


def forget_finished(*, before: str) -> int:
    """Delete some finished runs that ended before an ISO time; returns how many."""
    # From outside: within a run the engine would store the list as a result of it.
    store = _store()
    done = store.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        completed_before=before,
        limit=2000,
        load_input=False,
        load_output=False,
    )
    store.delete_workflows([workflow.workflow_id for workflow in done])
    return len(done)
