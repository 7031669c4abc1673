"""Texts that strangers wrote: addressed by digest, made fit for every database."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def inert_text(text: str) -> str:
    """A text with the replacement sign for NUL, which PostgreSQL does not take, and for lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def inert(message: BaseModel) -> Any:
    """A message as JSON data. NaN becomes null and NUL the replacement sign: PostgreSQL takes neither."""
    text = message.model_dump_json()
    return json.loads(text) if "\\u0000" not in text else _without_nul(json.loads(text))


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
