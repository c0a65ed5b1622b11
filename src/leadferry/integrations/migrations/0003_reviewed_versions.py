from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery


def start_with_the_newest(apps, schema_editor):
    """What is there already has been seen."""
    form = apps.get_model("integrations", "LeadForm")
    version = apps.get_model("integrations", "LeadFormVersion")
    newest = version.objects.filter(form=OuterRef("pk")).values("form")
    newest = newest.annotate(newest=Max("version")).values("newest")
    form.objects.update(reviewed_version=Subquery(newest))


class Migration(migrations.Migration):

    dependencies = [
        ("integrations", "0002_sign_ins"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadform",
            name="reviewed_version",
            field=models.IntegerField(null=True),
        ),
        migrations.RunPython(start_with_the_newest, migrations.RunPython.noop),
    ]
