"""What a node knows of its accelerators, from what the driver's program says: here, one that only says it."""

from pathlib import Path

import pytest

from grader.training import devices

SMI = """#!/bin/sh
case "$*" in
    *memory.total*) echo "0, GPU-aa, NVIDIA H200, 143771"; echo "1, GPU-bb, NVIDIA H200, 143771" ;;
    *utilization*) echo "50, 2048" ;;
    *memory.used*) echo "MEGABYTES" ;;
esac
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def says(megabytes: int) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(SMI.replace("MEGABYTES", str(megabytes)))
        program.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    devices.found.cache_clear()
    says(400)
    yield says
    devices.found.cache_clear()


def test_count_name_and_memory_are_reported(driver) -> None:
    assert devices.described() == {"gpu": "2 of NVIDIA H200, 140 GB"}
    assert [device.uuid for device in devices.found()] == ["GPU-aa", "GPU-bb"]
    assert devices.utilisation(devices.found()[0]) == (0.5, 2048 * 2**20)


def test_a_device_that_stays_full_after_a_job_is_noticed(driver) -> None:
    device = devices.found()[0]
    before = {device.uuid: devices.used_bytes(device)}
    driver(600)
    devices.check_free([device], before)  # the driver's own
    driver(9000)
    with pytest.raises(devices.NotFree, match="9000 MB"):
        devices.check_free([device], before)


def test_without_a_driver_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    devices.found.cache_clear()
    assert devices.found() == ()
    assert devices.described() == {}
    devices.found.cache_clear()
