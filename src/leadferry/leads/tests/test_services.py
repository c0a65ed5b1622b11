import pytest

from leadferry.leads.models import CAMPAIGN_GROUPS, CAMPAIGNS, LookupValue
from leadferry.leads.services import ensure_lookup_values

pytestmark = pytest.mark.django_db


@pytest.mark.req("R099")
def test_a_name_that_is_there_stays() -> None:
    first = ensure_lookup_values(CAMPAIGNS, {"1": "Spring"})
    assert ensure_lookup_values(CAMPAIGNS, {"1": "Renamed"}) == first
    assert LookupValue.objects.get(social_id="1").name == "Spring"


def test_a_name_that_could_not_be_read_is_filled_in_later() -> None:
    group = ensure_lookup_values(CAMPAIGN_GROUPS, {"9": "Group"})["9"]
    ensure_lookup_values(CAMPAIGNS, {"1": ""})
    assert LookupValue.objects.get(social_id="1").name == "1"
    ensure_lookup_values(CAMPAIGNS, {"1": "Spring"}, parents={"1": group})
    value = LookupValue.objects.get(social_id="1")
    assert (value.name, value.parent_id) == ("Spring", group)
