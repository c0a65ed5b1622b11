"""The lookups of lead forms, campaigns, campaign groups and ads."""

from django.db import migrations

LOOKUPS = {
    "LeadGenLeadForms": "Lead forms",
    "LeadGenCampaigns": "Campaigns",
    "LeadGenCampaignGroups": "Campaign groups",
    "LeadGenAds": "Ads",
}


def add(apps, schema_editor):
    lookup = apps.get_model("leads", "Lookup")
    for code, name in LOOKUPS.items():
        lookup.objects.get_or_create(code=code, defaults={"name": name})


def remove(apps, schema_editor):
    apps.get_model("leads", "Lookup").objects.filter(code__in=LOOKUPS).delete()


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_words")]
    operations = [migrations.RunPython(add, remove)]
