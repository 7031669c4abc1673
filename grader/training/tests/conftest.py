"""The tests' own cache, and what needs a GPU."""

from pathlib import Path

import pytest

from grader.training import devices


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a GPU say so where there is none."""
    for item in items:
        if item.get_closest_marker("gpu") and not devices.found():
            item.add_marker(pytest.mark.skip(reason="there is no NVIDIA GPU here (nvidia-smi lists none)"))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The node's cache for the time of the tests."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("CAIRN_CACHE", str(folder))
    return folder
