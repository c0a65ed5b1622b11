"""The search index: full text of the database in use."""

from django.db import migrations


def make_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE TABLE leads_words (lead_id bigint PRIMARY KEY, words tsvector NOT NULL)"
        )
        schema_editor.execute(
            "CREATE INDEX leads_words_gin ON leads_words USING gin (words)"
        )
    else:
        # Which rows hold a word, not where in them; short beginnings are indexed too.
        schema_editor.execute(
            "CREATE VIRTUAL TABLE leads_words USING fts5("
            "words, detail=none, columnsize=0, prefix='2 3', tokenize='unicode61')"
        )


def drop_index(apps, schema_editor):
    schema_editor.execute("DROP TABLE leads_words")


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunPython(make_index, drop_index)]
