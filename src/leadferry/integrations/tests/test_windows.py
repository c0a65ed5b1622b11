import pytest

from leadferry.integrations.windows import Interval, fate_at
from leadferry.leads.models import Fate

ALWAYS = [Interval(0, None)]


@pytest.mark.req("R087", "R105", "R106")
@pytest.mark.parametrize(
    ("integration", "form", "fate"),
    [
        (ALWAYS, ALWAYS, Fate.REGISTERED),
        # The first moment of an interval is in it, the last one is not.
        ([Interval(100, None)], ALWAYS, Fate.REGISTERED),
        ([Interval(0, 100)], ALWAYS, Fate.SWITCHED_OFF),
        ([Interval(101, None)], ALWAYS, Fate.BEFORE_SETUP),
        ([], ALWAYS, Fate.BEFORE_SETUP),
        ([Interval(0, 50), Interval(150, None)], ALWAYS, Fate.SWITCHED_OFF),
        ([Interval(0, 50), Interval(80, 120)], ALWAYS, Fate.REGISTERED),
        (ALWAYS, [Interval(0, 100)], Fate.SWITCHED_OFF),
        (ALWAYS, [], Fate.SWITCHED_OFF),
        ([Interval(101, None)], [Interval(0, 50)], Fate.BEFORE_SETUP),
    ],
)
def test_what_was_on(
    integration: list[Interval], form: list[Interval], fate: Fate
) -> None:
    assert fate_at(100, integration=integration, form=form) is fate
