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
# How many tasks of a queue one worker runs at once.
QUEUES = {
    NEW_LEADS: 4, DELIVERIES: 4, WAITED_FOR: 2, HOUSEKEEPING: 2, SYNC: 2, REPLAY: 1,
}  # fmt: skip


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
WATCHES: list[Callable[[], None]] = []
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


def watch(function: Callable[[], None]) -> Callable[[], None]:
    """Call a function in each worker ten times a second; it looks, and kicks."""
    WATCHES.append(function)
    return function


def on_release(function: Callable[[str], None]) -> Callable[[str], None]:
    """Call a function with the name of a worker whose claims are void from now on."""
    RELEASES.append(function)
    return function
