from django.db import migrations, models

# Words are stored folded and split already (catalog.search_words), so neither side stems or strips accents.
FORWARD = {
    "sqlite": [
        "CREATE VIRTUAL TABLE catalog_searchwords USING fts5 (title, summary, text, prefix = '1 2 3')",
        """CREATE TRIGGER catalog_searchentry_gone AFTER DELETE ON catalog_searchentry
           BEGIN DELETE FROM catalog_searchwords WHERE rowid = old.id; END""",
    ],
    "postgresql": [
        "ALTER TABLE catalog_searchentry ADD COLUMN vector tsvector",
        "CREATE INDEX catalog_searchentry_vector ON catalog_searchentry USING gin (vector)",
    ],
}
BACKWARD = {
    "sqlite": ["DROP TRIGGER catalog_searchentry_gone", "DROP TABLE catalog_searchwords"],
    "postgresql": ["ALTER TABLE catalog_searchentry DROP COLUMN vector"],
}


def run(statements):
    def change(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    return change


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("topic", "Topic"),
                            ("exercise", "Exercise"),
                            ("quiz", "Quiz"),
                            ("project", "Project"),
                            ("milestone", "Milestone"),
                            ("path", "Path"),
                        ],
                        max_length=9,
                    ),
                ),
                ("slug", models.SlugField(max_length=80)),
                ("path", models.SlugField(blank=True, default="", max_length=80)),
                ("title", models.TextField()),
                ("context", models.TextField(default="")),
                ("summary", models.TextField(default="")),
                ("text", models.TextField(default="")),
                ("written", models.BooleanField(default=True)),
                ("made_from", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "path", "slug"), name="one_search_entry_per_thing"
                    )
                ],
            },
        ),
        migrations.RunPython(run(FORWARD), run(BACKWARD)),
    ]
