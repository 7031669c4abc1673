from django.db import migrations, models

# SQLite makes a table anew to alter a column, and with the old table its trigger would go.
DROP = "DROP TRIGGER catalog_searchentry_gone"
CREATE = """CREATE TRIGGER catalog_searchentry_gone AFTER DELETE ON catalog_searchentry
    BEGIN DELETE FROM catalog_searchwords WHERE rowid = old.id; END"""


def on_sqlite(statement):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(statement, params=None)

    return change


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_dataset_documents")]

    operations = [
        migrations.RunPython(on_sqlite(DROP), on_sqlite(CREATE)),
        migrations.AlterField(
            model_name="searchentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("topic", "Topic"),
                    ("exercise", "Exercise"),
                    ("quiz", "Quiz"),
                    ("project", "Project"),
                    ("milestone", "Milestone"),
                    ("path", "Path"),
                    ("assessment", "Assessment"),
                    ("map", "Skill map"),
                    ("activity", "Activity"),
                    ("dataset", "Data set"),
                    ("resource", "Resource"),
                    ("community", "Community"),
                    ("conference", "Conference"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(on_sqlite(CREATE), on_sqlite(DROP)),
    ]
