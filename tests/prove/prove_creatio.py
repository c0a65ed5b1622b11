"""The local Creatio with clients that others wrote, and under load."""

import sys
import time
from pathlib import Path

import pytest

from tests.contract.test_creatio_batch import new_id, pair, send
from tests.prove.prove_sandbox import in_an_environment_of_its_own
from tests.support.creatio import Creatio

LEADS, PER_BATCH = 5_000, 50


def test_creatio_api_py_reads_and_writes(creatio: Creatio, tmp_path: Path) -> None:
    said = in_an_environment_of_its_own(
        tmp_path / "own", ["creatio-api-py==1.3.3"], "with_creatio_api.py",
        creatio.url, str(tmp_path),
    )  # fmt: skip
    # The second sign-in goes on with the cookies that the first one kept: one call.
    assert said.splitlines()[-1] == (
        "201 Ines O'Maro | Marketing qualified lead | Ines 7 | Ines | 0 | 1"
    )


@pytest.mark.parametrize(
    ("runtime", "version"), [("framework", "v4"), ("net", "v4core")]
)
def test_sl_creatio_connector_reads_and_writes(
    creatio: Creatio, tmp_path: Path, runtime: str, version: str
) -> None:
    creatio.switch(runtime=runtime)
    said = in_an_environment_of_its_own(
        tmp_path / "own", ["sl-creatio-connector==0.1.7", "requests"],
        "with_sl_creatio.py", creatio.url, version,
    )  # fmt: skip
    refusal = "You have entered an invalid user name or password."
    assert said.splitlines()[-1] == f"{refusal} | True | 204 | 0"


def test_leads_per_second(creatio: Creatio) -> None:
    batches = [
        [part for _number in range(PER_BATCH) for part in pair(new_id())]
        for _batch in range(LEADS // PER_BATCH)
    ]
    started = time.perf_counter()
    for parts in batches:
        assert send(creatio, parts).status_code == 200
    took = time.perf_counter() - started
    sys.stdout.write(f"{LEADS / took:.0f} leads/s, each with what is behind it\n")
    assert creatio.truth()["count"] == LEADS
    assert LEADS / took > 500
