import leadferry.leads.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """A row for each time a lead is to be looked at; what waits goes on waiting."""

    dependencies = [("leads", "0014_duplicate_stock")]
    operations = [
        migrations.RenameModel("SearchPending", "FormerPending"),
        migrations.CreateModel(
            name="SearchPending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("lead_id", leadferry.leads.fields.KeyField()),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO leads_searchpending (lead_id) "
            "SELECT lead_id FROM leads_formerpending ORDER BY lead_id",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel("FormerPending"),
    ]
