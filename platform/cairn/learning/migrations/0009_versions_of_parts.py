from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("learning", "0008_resource_marks")]

    operations = [
        migrations.AddField("workversion", "code", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("workversion", "quizzes", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("workversion", "cards", models.PositiveBigIntegerField(default=0)),
    ]
