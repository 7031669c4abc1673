from compression_middleware import br, zstd
from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig

LEVEL = 3


class ConfigConfig(AppConfig):
    """Compresses pages quickly, because somebody waits for each: a fifth of the time for 7 % more bytes."""

    name = "cairn.config"

    def ready(self) -> None:
        """The middleware has no setting for it."""
        br.DEFAULT_LEVEL = zstd.DEFAULT_LEVEL = LEVEL


class StaticFiles(StaticFilesConfig):
    """Gathers only what a page can ask for: no Redoc beside Swagger UI, no browsable API, no second HTMX."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "rest_framework", "django_htmx"]
