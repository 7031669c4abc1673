"""Which static files are compressed."""

import pytest

from cairn.config.storage import is_asked_for


@pytest.mark.parametrize(
    ("name", "asked_for"),
    [
        ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.37aa30ada62e.js", True),
        ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js", False),
        ("admin/css/base.css", False),
        ("admin/css/base.0123456789ab.css", True),
        ("chunks/chunk-IK7A4FZE.js", True),
        ("cairn.css", True),
    ],
)
def test_what_others_made_is_compressed_under_its_hashed_name_only(name: str, asked_for: bool) -> None:
    assert is_asked_for(name) == asked_for
