from django.db import migrations, models


def _by(name):
    return models.Index(
        fields=[name, "-lead", "submitted_at", "is_test"],
        name=f"leads_extended_{name}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_submitted_and_test"),
    ]

    operations = [
        migrations.RemoveIndex("extendedleadinformation", "leads_extended_form"),
        migrations.RemoveIndex("extendedleadinformation", "leads_extended_campaign"),
        *(
            migrations.AddIndex("extendedleadinformation", _by(name))
            for name in ("form", "campaign", "creative")
        ),
        migrations.AddIndex(
            "extendedleadinformation",
            models.Index(
                fields=[
                    "submitted_at", "is_test", "form", "campaign", "creative", "lead",
                ],
                name="leads_extended_day",
            ),
        ),
    ]
