from django.db import migrations, models

_FILL = {
    "sqlite": (
        "UPDATE leads_extendedleadinformation SET (submitted_at, is_test) = ("
        "SELECT CAST(ROUND((julianday(lead.submitted_at) - 2440587.5) * 86400000) "
        "AS INTEGER), lead.is_test FROM leads_lead lead "
        "WHERE lead.id = leads_extendedleadinformation.lead_id)"
    ),
    "postgresql": (
        "UPDATE leads_extendedleadinformation SET is_test = lead.is_test, "
        "submitted_at = (EXTRACT(EPOCH FROM lead.submitted_at) * 1000)::bigint "
        "FROM leads_lead lead "
        "WHERE lead.id = leads_extendedleadinformation.lead_id"
    ),
}


def fill(_apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_FILL[schema_editor.connection.vendor])


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0009_came_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="extendedleadinformation",
            name="is_test",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name="extendedleadinformation",
            name="submitted_at",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
