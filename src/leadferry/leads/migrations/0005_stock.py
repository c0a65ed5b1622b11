"""Names that can be compared, and the lookups that come with the product."""

from django.db import migrations

from leadferry.kit.text import comparable
from leadferry.leads.stock import add_stock


def fill(apps, schema_editor):
    values = apps.get_model("leads", "LookupValue")
    for value in values.objects.filter(name_key="").iterator():
        key = comparable(value.name)
        values.objects.filter(pk=value.pk).update(name_key=key)
    add_stock(apps.get_model("leads", "Lookup"), values, key_of=comparable)


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_columns_and_lookups")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
