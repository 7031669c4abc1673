from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ConfigConfig(AppConfig):
    name = "cairn.config"


class StaticFiles(StaticFilesConfig):
    """Gathers only what a page can ask for: no Redoc beside Swagger UI, no browsable API, no second HTMX."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "rest_framework", "django_htmx"]
