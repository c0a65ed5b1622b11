"""The process dies at one moment: just before or just after something is committed."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class Died(BaseException):
    """Nothing after this moment was done; nothing may catch it."""


class Abort:
    """Dies at the commit with this number; `reached` names it, empty where it lived.

    A transaction's commit counts, and each statement that commits by itself.
    """

    def __init__(self, number: int, *, after: bool) -> None:
        self._left = number
        self._after = after
        self.reached = ""

    @contextlib.contextmanager
    def at(
        self, name: str, *, undo: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Around what commits; raises Died before or after it where it is the one."""
        self._left -= 1
        is_it = self._left == 0
        if is_it:
            self.reached = f"{'after' if self._after else 'before'} {name}"
        if is_it and not self._after:
            undo()
            raise Died
        yield
        if is_it:
            raise Died


def _name_of(sql: str) -> str:
    words = sql.replace('"', "").split()
    table = next((word for word in words if "_" in word and "(" not in word), "")
    return f"{words[0].lower()} {table}"


@contextlib.contextmanager
def dying_at(abort: Abort) -> Iterator[None]:
    """Whatever is done in the block ends at the abort's commit, if it comes so far."""
    wrapper: Any = BaseDatabaseWrapper  # the stubs leave `_commit` out
    real = wrapper._commit
    last = ["nothing"]

    def commit(self: Any) -> Any:
        with abort.at(f"the commit of {last[0]}", undo=self.connection.rollback):
            return real(self)

    def statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        database = context["connection"]
        if not str(sql).lstrip().startswith(_WRITES):
            return execute(sql, params, many, context)
        name = _name_of(str(sql))
        if database.in_atomic_block:
            last[0] = name
            return execute(sql, params, many, context)
        with abort.at(name):
            return execute(sql, params, many, context)

    wrapper._commit = commit
    try:
        with contextlib.ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(statement))
            yield
    except Died:
        # What a process leaves behind when it is gone: no connection.
        connections.close_all()
    finally:
        wrapper._commit = real
