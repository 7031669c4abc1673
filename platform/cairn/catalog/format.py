"""What every content format is made of: the base class and the names that may stand in a file."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Slug = Annotated[str, Field(pattern=SLUG, max_length=80)]
RowId = Annotated[str, Field(pattern=r"^[1-5]\.\d{3}$")]
Markdown = Annotated[str, Field(min_length=1)]


def is_slug(name: str) -> bool:
    """Whether a folder of that name can be an address."""
    return len(name) <= 80 and re.match(SLUG, name) is not None


class Content(BaseModel):
    """Base of all content: immutable and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def unset(value: object) -> bool:
    """Whether a field that came later is left alone: then it is not written, and older hashes stay."""
    return not value
