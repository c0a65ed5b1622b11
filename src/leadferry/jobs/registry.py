"""Tasks, schedules and watches, known by name before any engine runs."""

from collections.abc import Callable
from dataclasses import dataclass

Argument = int | str
NEW_LEADS = "new-leads"
HOUSEKEEPING = "housekeeping"
# Hours of earlier leads.
SYNC = "sync"
# Stored submissions through another mapping: it never waits for a long sync.
REPLAY = "replay"
# A person looks at a page and waits.
WAITED_FOR = "waited-for"
# Leads to further systems, some of which answer slowly.
DELIVERIES = "deliveries"


@dataclass(frozen=True)
class Queue:
    """How many of its tasks one worker runs at once, and how often it looks for one.

    Each look costs: an idle worker that looked ten times a second at every queue was
    busy for a quarter of its time.
    """

    at_once: int
    look_seconds: float


QUEUES = {
    NEW_LEADS: Queue(at_once=4, look_seconds=0.1),
    WAITED_FOR: Queue(at_once=2, look_seconds=0.1),
    DELIVERIES: Queue(at_once=4, look_seconds=0.3),
    HOUSEKEEPING: Queue(at_once=2, look_seconds=0.5),
    SYNC: Queue(at_once=2, look_seconds=0.5),
    REPLAY: Queue(at_once=1, look_seconds=0.5),
}


@dataclass(frozen=True)
class Task:
    """A function that a worker runs; its arguments are ids and numbers only."""

    name: str
    queue: str
    function: Callable[..., None]

    def __call__(self, *arguments: Argument) -> None:
        self.function(*arguments)


@dataclass(frozen=True)
class Repetition:
    """A task that runs again and again."""

    task: Task
    seconds: int


TASKS: dict[str, Task] = {}
REPETITIONS: dict[str, Repetition] = {}
WATCHES: list[tuple[float, Callable[[], None]]] = []
RELEASES: list[Callable[[str], None]] = []


def task(*, queue: str) -> Callable[[Callable[..., None]], Task]:
    """Make a function a task of `queue`."""
    if queue not in QUEUES:
        raise ValueError(f"There is no queue named {queue}.")

    def register(function: Callable[..., None]) -> Task:
        name = f"{function.__module__}.{function.__name__}"
        made = Task(name=name, queue=queue, function=function)
        TASKS[name] = made
        return made

    return register


def every(*, seconds: int) -> Callable[[Task], Task]:
    """Run a task each `seconds` of the shared clock, once among all workers."""

    def register(repeated: Task) -> Task:
        REPETITIONS[repeated.name] = Repetition(repeated, seconds)
        return repeated

    return register


def watch(*, seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Call a function in each worker so often, at most every 0.1 s; it kicks."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        WATCHES.append((seconds, function))
        return function

    return register


def on_release(function: Callable[[str], None]) -> Callable[[str], None]:
    """Call a function with the name of a worker whose claims are void from now on."""
    RELEASES.append(function)
    return function
