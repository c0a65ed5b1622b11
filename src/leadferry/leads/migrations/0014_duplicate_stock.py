"""The duplicate rules that come with the product, switched on."""

from django.db import migrations

from leadferry.leads.duplicate_stock import add_stock_rules


def fill(apps, schema_editor):
    add_stock_rules(
        apps.get_model("leads", "DuplicateRule"),
        apps.get_model("leads", "DuplicateIndex"),
        apps.get_model("leads", "SimilarSweep"),
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_duplicates")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
