"""What the local Creatio has answered is there after `kill -9`."""

import contextlib
import threading
from pathlib import Path

import httpx

from tests.contract.test_creatio_batch import new_id, pair, send
from tests.support.creatio import Creatio, running_creatio


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state"
    answered: list[str] = []
    with running_creatio("--state", str(path)) as creatio:
        access = creatio.token()
        enough = threading.Event()
        sending = threading.Thread(
            target=keep_sending, args=(creatio, answered, enough)
        )
        sending.start()
        enough.wait(timeout=30)
        creatio.process.kill()
        sending.join(timeout=30)
    with running_creatio("--state", str(path)) as creatio:
        kept = creatio.records()
        assert set(answered) <= {row["Contact"] for row in kept.values()}
        assert len(answered) >= 200
        # No lead without what belongs to it: a group is one line of the file.
        behind = {row["LeadGenExtendedLeadInfoId"] for row in kept.values()}
        assert behind == set(creatio.truth("LeadGenExtendedLeadInformation")["ids"])
        headers = {"Authorization": f"Bearer {access}"}
        answer = creatio.http.get(f"{creatio.odata}/Lead/$count", headers=headers)
        assert int(answer.text) == len(kept)


def keep_sending(
    creatio: Creatio, answered: list[str], enough: threading.Event
) -> None:
    with contextlib.suppress(httpx.HTTPError):
        while True:
            names = [new_id() for _number in range(50)]
            send(creatio, [part for name in names for part in pair(name)])
            answered += names
            if len(answered) >= 200:
                enough.set()
