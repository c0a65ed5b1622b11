"""What every process of Leadferry does about its parent: never outlive it."""

import contextlib
import ctypes
import os
import signal
import sys
import threading

from leadferry.kit import clock

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 1.0


def die_with_parent() -> None:
    """End this process, at once and for certain, when its parent is gone.

    A web worker or a job worker that lives on would hold its port and its slot
    against the next start. Linux tells it by a signal; elsewhere a thread looks.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        clock.sleep(_LOOK_SECONDS)
    os._exit(1)
