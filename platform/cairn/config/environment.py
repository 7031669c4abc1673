"""Reading settings from the environment: typed, and loud when a value makes no sense."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """The variable, or ``default`` where it is absent or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """A yes or no: ``1``, ``true``, ``0`` or ``false``. Anything else stops the start."""
    value = text(name).lower()
    if value in ("", "1", "true", "0", "false"):
        return value in ("1", "true") if value else default
    raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")


def whole(name: str, default: int) -> int:
    """A whole number. Anything else stops the start."""
    value = text(name, str(default))
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def kept_secret(file: Path) -> str:
    """A random secret, made once and kept in ``file``, readable by its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text().strip()
